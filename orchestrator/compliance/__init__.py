"""What may be asked for and shown: the floor, rulesets, and reviewers of texts and pictures."""

from orchestrator.compliance.pictures import PictureReviewer, Sight
from orchestrator.compliance.review import Reviewers

__all__ = ["PictureReviewer", "Reviewers", "Sight"]
