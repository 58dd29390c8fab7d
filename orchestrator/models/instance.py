"""One ComfyUI server."""

from orchestrator.models.value import Value


class InstanceStatus(Value):
    """One ComfyUI, as operators see it."""

    name: str
    url: str
    usable: bool
    state: str  # "starting", "ready", or what is wrong
    device: str = ""  # "cpu", "cuda:0 NVIDIA …"
    running: int = 0  # runs of ours under way there
