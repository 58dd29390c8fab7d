"""Was this picture made here?"""

from orchestrator.verify.inspect import Report, inspect
from orchestrator.verify.watermark import KeyedMarks

__all__ = ["KeyedMarks", "Report", "inspect"]
