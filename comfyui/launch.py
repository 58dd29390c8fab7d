"""Starts a ComfyUI, the packaged one or a checkout, with our nodes and models in place.

Run by ComfyUI's own interpreter (3.10 or newer), with the standard library alone.
"""

import argparse
import contextlib
import ctypes
import importlib
import importlib.metadata
import importlib.util
import io
import json
import os
import re
import runpy
import signal
import subprocess
import sys
import threading
from pathlib import Path

from stand_in import stand_in_for

OPTIONAL_PACKAGES = ("torchvision", "torchaudio")
FOLDERS = ("custom_nodes", "input", "output", "temp", "user")
PR_SET_PDEATHSIG = 1  # Linux, <sys/prctl.h>

# Asked in a process of its own: ComfyUI has to be the first to import torch.
PROBE = """
import json, torch

def importable(name):
    try:
        __import__(name)
    except Exception:
        return False
    return True

devices = (torch.cuda, getattr(torch, "xpu", None), torch.backends.mps)
print(json.dumps({
    "accelerator": any(device is not None and device.is_available() for device in devices),
    "broken": [name for name in %r if not importable(name)],
}))
"""


def main() -> None:
    options = parse_arguments()
    if options.with_parent:
        die_with_parent()
    prepare(options.directory, models=options.models, pack=options.pack)
    os.chdir(options.directory)  # ComfyUI reads configuration files from where it stands
    accelerator, broken = probe_torch()
    stand_in_for(broken)
    sys.path[0:1] = [str(options.checkout)] if options.checkout else []
    flags = start_flags(
        known_flags(),
        directory=options.directory,
        port=options.port,
        checkout=options.checkout,
        accelerator=accelerator,
    )
    run(options.checkout, [*flags, *options.more])


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--directory", type=_absolute, required=True, help="working directory")
    parser.add_argument("--models", type=_absolute, required=True, help="weights")
    parser.add_argument("--pack", type=_absolute, required=True, help="our custom nodes")
    parser.add_argument("--port", type=int, default=8188, help="port on the loopback address")
    parser.add_argument("--checkout", type=_absolute, help="ComfyUI (default: the packaged one)")
    parser.add_argument("--with-parent", action="store_true", help="end when stdin is closed")
    parser.add_argument("more", nargs="*", metavar="-- FLAG", help="more flags for ComfyUI")
    return parser.parse_args()


def _absolute(path: str) -> Path:
    return Path(path).expanduser().absolute()


def die_with_parent() -> None:
    """End this process as soon as the one that started it is gone, however it went."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    threading.Thread(target=_exit_at_end_of_input, daemon=True).start()


def _exit_at_end_of_input() -> None:
    while os.read(0, 1024):
        pass
    os._exit(1)


def prepare(directory: Path, *, models: Path, pack: Path) -> None:
    """Lay out the working directory; nothing is copied."""
    models.mkdir(parents=True, exist_ok=True)
    for name in FOLDERS:
        (directory / name).mkdir(parents=True, exist_ok=True)
    _link(directory / "models", models)
    _link(directory / "custom_nodes" / "imgen", pack)


def _link(link: Path, target: Path) -> None:
    if link.is_symlink():
        if link.readlink() == target:
            return
        link.unlink()
    link.symlink_to(target, target_is_directory=True)


def probe_torch() -> tuple[bool, list[str]]:
    """Whether torch finds an accelerator, and which optional packages can't be imported."""
    missing = [name for name in OPTIONAL_PACKAGES if importlib.util.find_spec(name) is None]
    present = [name for name in OPTIONAL_PACKAGES if name not in missing]
    if not present and importlib.metadata.version("torch").endswith("+cpu"):
        return False, missing
    answer = subprocess.run(  # noqa: S603 - our own interpreter and text
        [sys.executable, "-c", PROBE % present], check=True, stdout=subprocess.PIPE
    )
    facts = json.loads(answer.stdout.splitlines()[-1])
    return facts["accelerator"], missing + facts["broken"]


def known_flags() -> frozenset[str]:
    """The long options that this ComfyUI understands, from its own help."""
    importlib.import_module("comfy.options").enable_args_parsing()
    help_text = io.StringIO()
    sys.argv[1:] = ["--help"]
    with contextlib.redirect_stdout(help_text), contextlib.suppress(SystemExit):
        importlib.import_module("comfy.cli_args")
    return frozenset(re.findall(r"--[a-z][a-z0-9-]+", help_text.getvalue()))


def start_flags(
    known: frozenset[str],
    *,
    directory: Path,
    port: int,
    checkout: Path | None,
    accelerator: bool,
) -> list[str]:
    """How to start a ComfyUI that understands the flags `known`."""
    base = next((flag for flag in ("--base-directory", "--cwd") if flag in known), None)
    if base is None:
        sys.exit("This ComfyUI is too old: it has neither --base-directory nor --cwd.")
    flags = [base, str(directory), "--listen", "127.0.0.1", "--port", str(port)]
    flags += ["--disable-auto-launch", "--preview-method", "none"]
    # Nothing is downloaded, and no prompt leaves the machine.
    flags += [flag for flag in ("--disable-known-models", "--disable-api-nodes") if flag in known]
    if "--database-url" in known:  # else all instances of one checkout share a file in it
        flags += ["--database-url", f"sqlite:///{directory}/user/comfyui.db"]
    if not accelerator:
        flags.append("--cpu")
    if checkout:
        flags += ["--extra-model-paths-config", str(own_nodes_of(checkout, directory))]
    return flags


def own_nodes_of(checkout: Path, directory: Path) -> Path:
    """A configuration file that adds the checkout's own custom nodes to ours."""
    path = directory / "extra_paths.yaml"
    paths = {"checkout": {"custom_nodes": str(checkout / "custom_nodes")}}
    path.write_text(json.dumps(paths), encoding="utf-8")  # JSON is YAML
    return path


def run(checkout: Path | None, flags: list[str]) -> None:
    """Become ComfyUI."""
    sys.argv[1:] = flags
    if checkout is None:
        importlib.import_module("comfy.cmd.main").entrypoint()
        return
    sys.argv[0] = str(checkout / "main.py")
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
