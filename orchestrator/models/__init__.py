"""The values that travel through the service. All are frozen; a change makes a new one."""

from orchestrator.models.backlog import Backlog
from orchestrator.models.delivery import Delivery, DeliveryState
from orchestrator.models.instance import InstanceStatus
from orchestrator.models.job import (
    Artifact,
    Asset,
    AssetKind,
    Facts,
    Job,
    Kept,
    Plan,
    Progress,
    Prompt,
    Status,
)
from orchestrator.models.offer import Character, Lora, Model, Shelf, Style, Template, Words
from orchestrator.models.overview import Judged, Lane, Overview, Room, Ruling
from orchestrator.models.provenance import Claims, Credentials
from orchestrator.models.published import Version
from orchestrator.models.request import (
    Brand,
    Caller,
    Credits,
    Format,
    LoraUse,
    Output,
    PictureName,
    Position,
    Request,
    Reuse,
    Texts,
)
from orchestrator.models.review import Finding, Verdict
from orchestrator.models.value import Graph, Value
from orchestrator.models.weights import Role, WeightFacts

__all__ = [
    "Artifact",
    "Asset",
    "AssetKind",
    "Backlog",
    "Brand",
    "Caller",
    "Character",
    "Claims",
    "Credentials",
    "Credits",
    "Delivery",
    "DeliveryState",
    "Facts",
    "Finding",
    "Format",
    "Graph",
    "InstanceStatus",
    "Job",
    "Judged",
    "Kept",
    "Lane",
    "Lora",
    "LoraUse",
    "Model",
    "Output",
    "Overview",
    "PictureName",
    "Plan",
    "Position",
    "Progress",
    "Prompt",
    "Request",
    "Reuse",
    "Role",
    "Room",
    "Ruling",
    "Shelf",
    "Status",
    "Style",
    "Template",
    "Texts",
    "Value",
    "Verdict",
    "Version",
    "WeightFacts",
    "Words",
]
