"""One ComfyUI server."""

from pydantic import ConfigDict

from orchestrator.models.value import Value


class InstanceStatus(Value):
    """One ComfyUI, as operators see it. What a newer worker reports besides is left out."""

    model_config = ConfigDict(extra="ignore")

    name: str
    url: str
    usable: bool
    state: str  # "starting", "ready", or what is wrong
    device: str = ""  # "cpu", "cuda:0 NVIDIA …"
    version: str = ""  # of ComfyUI; older ones don't tell
    checkpoint: str = ""  # that it holds, or will have by the time of the next run
    running: int = 0  # runs of ours under way there
    jobs: tuple[str, ...] = ()  # ids of theirs
    runs: int = 0  # that were begun since it started, or was found
    failed: int = 0  # of those
    misses: int = 0  # failed checks in a row
