"""All settings, read once from the environment (`IMGEN_…`) and `imgen.toml`."""

from orchestrator.settings.groups import ComplianceSettings
from orchestrator.settings.read import describe, read_settings
from orchestrator.settings.settings import HOME, Settings

__all__ = ["HOME", "ComplianceSettings", "Settings", "describe", "read_settings"]
