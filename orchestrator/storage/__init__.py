"""Where pictures are kept, and the links that lead to them."""

from orchestrator.storage.examine import Examination, examine
from orchestrator.storage.links import Links, content_type
from orchestrator.storage.local import LocalStorage, Served
from orchestrator.storage.s3 import S3Options, S3Storage

__all__ = [
    "Examination",
    "Links",
    "LocalStorage",
    "S3Options",
    "S3Storage",
    "Served",
    "content_type",
    "examine",
]
