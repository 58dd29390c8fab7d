"""`imgen comfyui …`: the ComfyUI that the service starts."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import click

from orchestrator.comfy.process import child_environment, launch_command
from orchestrator.errors import ConfigurationError
from orchestrator.settings import HOME, read_settings
from orchestrator.wiring.adapters import managed_comfyui

RELEASE = "0.3.64"
OFFICIAL = HOME / "comfyui" / "official"
TORCH = "torch==2.13.0"
PACK_NEEDS = ("numpy", "pillow>=12", "pdqhash==0.2.8")  # of our node pack


@click.group()
def comfyui() -> None:
    """Install an official ComfyUI, or start the configured one."""


@comfyui.command()
@click.option("--release", default=RELEASE, show_default=True, help="Version of ComfyUI.")
@click.option("--url", help="A git repository instead of the official one.")
def install(*, release: str, url: str | None) -> None:
    """Install an official ComfyUI release beside the packaged one, with comfy-cli.

    Needs git and the network. It gets an environment of its own in comfyui/official; nothing else
    is changed until you set the two variables that are printed in the end.
    """
    if shutil.which("git") is None:
        raise ConfigurationError("git is needed to install ComfyUI")
    environment, checkout = OFFICIAL / ".venv", OFFICIAL / "ComfyUI"
    python = environment / "bin" / "python"
    click.echo(f"Environment  {environment}", err=True)
    venv.create(environment, with_pip=True)
    _run(python, "-m", "pip", "install", *_torch_index(), TORCH)
    _run(python, "-m", "pip", "install", "comfy-cli", *PACK_NEEDS)
    source = ["--url", url] if url else ["--version", release]
    _run(
        *(environment / "bin" / "comfy", "--skip-prompt", "--workspace", checkout, "install"),
        *source,
        *("--skip-manager", "--skip-torch-or-directml", _accelerator()),
        environment={"VIRTUAL_ENV": str(environment)},
    )
    click.echo(f"IMGEN_COMFYUI_PATH={checkout}\nIMGEN_COMFYUI_PYTHON={python}")


@comfyui.command(context_settings={"ignore_unknown_options": True})
@click.argument("flags", nargs=-1)
def start(flags: tuple[str, ...]) -> None:
    """Run the configured ComfyUI in the foreground, with our nodes. FLAGS go to ComfyUI.

    For a GPU host that a service elsewhere uses through IMGEN_COMFYUI_URLS, and for artists:

    \b
    imgen comfyui start -- --listen 10.0.0.5

    ComfyUI has no authentication: never let it listen on a public address.
    """
    spec = managed_comfyui(read_settings())
    spec.directory.mkdir(parents=True, exist_ok=True)
    program = [part for part in launch_command(spec, spec.port or 8188) if part != "--with-parent"]
    os.execve(program[0], [*program, *flags], child_environment())  # noqa: S606  takes our place: signals reach it


def _torch_index() -> list[str]:
    index = os.environ.get("IMGEN_TORCH_INDEX")
    return ["--index-url", index] if index else []


def _accelerator() -> str:
    if sys.platform == "darwin":
        return "--m-series"
    return "--nvidia" if shutil.which("nvidia-smi") else "--cpu"


def _run(*program: str | Path, environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(  # noqa: S603  our own arguments
        [str(part) for part in program], env={**os.environ, **(environment or {})}, check=False
    )
    if done.returncode:
        raise ConfigurationError(f"{Path(program[0]).name} failed; its last lines say why")
