"""What commands ask of the installation while no service runs."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from orchestrator.catalog import Catalog
from orchestrator.catalog.folders import Folders
from orchestrator.compliance import Reviewers
from orchestrator.compliance.rulesets import Rulesets
from orchestrator.credentials import (
    CredentialReader,
)
from orchestrator.models import Shelf
from orchestrator.pipeline import offered
from orchestrator.prompts.texts import check as check_text
from orchestrator.settings import Settings
from orchestrator.storage import Examination, S3Options, S3Storage, examine
from orchestrator.verify import Report, inspect
from orchestrator.wiring.adapters import (
    make_catalog,
    make_compliance,
    make_marks,
    signing_chain,
)
from orchestrator.wiring.audit import LiveAudit, make_audit
from orchestrator.workflows import fit

NO_WEIGHTS = Path("/nonexistent")


async def inspect_picture(picture: bytes, settings: Settings) -> Report:
    """What a picture says of its origin. Raises BodyTooLarge."""
    if any((settings.data_dir / name).exists() for name in ("secrets", "credentials")):
        return await _inspected(picture, settings)
    with TemporaryDirectory(prefix="imgen-verify-") as folder:  # looking makes no lasting secrets
        return await _inspected(picture, settings.model_copy(update={"data_dir": Path(folder)}))


async def _inspected(picture: bytes, settings: Settings) -> Report:
    reader = CredentialReader(signing_chain(settings), anchors=settings.credentials.anchors)
    return await inspect(picture, read_credentials=reader.read, marks=make_marks(settings))


async def examine_storage(settings: Settings) -> Examination:
    """That of S3. Raises ConfigurationError, StorageUnavailable, StorageFull."""
    return await examine(S3Storage(S3Options(**settings.s3.revealed())))


def check_workflows(folder: Path) -> list[str]:
    """Every fault of an operator's files, as `file: line N: field: reason`. Blocks."""
    cards = Folders(folder, NO_WEIGHTS, check_text=check_text)
    shelf = cards.read()
    rulesets = Rulesets(folder / "rulesets")
    rulesets.look()
    audited = (
        f"{folder.name}/templates/{template.name}.json: {fault}"
        for template in shelf.templates.values()
        for fault in fit(template).faults
    )
    return [*shelf.faults, *cards.misfits(), *rulesets.faults, *audited]


@dataclass(frozen=True)
class _Offering:
    """The port Offering, without what a service needs besides."""

    catalog: Catalog
    audit: LiveAudit
    compliance: Reviewers


def read_offer(settings: Settings) -> Shelf:
    """What the service would offer with the files as they are. Makes no secrets."""
    catalog = make_catalog(settings)
    catalog.read_all()
    return offered(_Offering(catalog, make_audit(settings), make_compliance(settings)))
