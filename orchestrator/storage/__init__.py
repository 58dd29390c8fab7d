"""Where pictures are kept, and the links that lead to them."""

from orchestrator.storage.links import Links, content_type
from orchestrator.storage.local import LocalStorage, Served
from orchestrator.storage.s3 import S3Options, S3Storage
from orchestrator.storage.upload import Uploads

__all__ = [
    "Links",
    "LocalStorage",
    "S3Options",
    "S3Storage",
    "Served",
    "Uploads",
    "content_type",
]
