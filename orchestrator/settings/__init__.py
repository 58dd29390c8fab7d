"""All settings, read once from the environment (`IMGEN_…`) and `imgen.toml`."""

from orchestrator.settings.read import describe, read_settings
from orchestrator.settings.settings import HOME, Settings

__all__ = ["HOME", "Settings", "describe", "read_settings"]
