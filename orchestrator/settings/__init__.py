"""All settings, read once from the environment (`IMGEN_…`) and `imgen.toml`."""

from orchestrator.settings.groups import ComplianceSettings
from orchestrator.settings.read import describe, read_settings
from orchestrator.settings.settings import ADMIN_KEY_FILE, HOME, Settings

__all__ = ["ADMIN_KEY_FILE", "HOME", "ComplianceSettings", "Settings", "describe", "read_settings"]
