"""Drives ComfyUI: instances that are started here or found elsewhere, and the runs on them."""

from orchestrator.comfy.client import Client
from orchestrator.comfy.endpoint import Endpoint
from orchestrator.comfy.limits import Limits
from orchestrator.comfy.members import External
from orchestrator.comfy.pool import Pool
from orchestrator.comfy.process import Managed

__all__ = ["Client", "Endpoint", "External", "Limits", "Managed", "Pool"]
