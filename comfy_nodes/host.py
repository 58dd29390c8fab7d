"""All that the pack takes from inside ComfyUI.

These names are the same in the official ComfyUI and in the packaged one, which puts its own
modules under the official names before it loads custom nodes.
"""

from pathlib import Path

import comfy.model_management
import comfy.utils
import folder_paths
from aiohttp import web
from server import PromptServer


def routes() -> web.RouteTableDef:
    """The server's table; ComfyUI serves it once all custom nodes are loaded."""
    return PromptServer.instance.routes


class Progress:
    """Steps of the node that runs, shown in the page; ends the run if somebody interrupted it."""

    def __init__(self, steps: int) -> None:
        self._bar = comfy.utils.ProgressBar(steps)

    def step(self) -> None:
        self._bar.update(1)
        comfy.model_management.throw_exception_if_processing_interrupted()


def output_folder() -> Path:
    return Path(folder_paths.get_output_directory())


def temporary_folder() -> Path:
    return Path(folder_paths.get_temp_directory())


def file_series(folder: Path, prefix: str, width: int, height: int) -> tuple[Path, str, int, str]:
    """Where the next files of a prefix go: folder, stem, first free number, subfolder.

    ComfyUI fills in placeholders such as %date% and refuses a prefix that leaves the folder.
    """
    path, stem, number, subfolder, _ = folder_paths.get_save_image_path(
        prefix, str(folder), width, height
    )
    return Path(path), stem, number, subfolder
