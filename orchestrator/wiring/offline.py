"""What commands ask of the installation while no service runs."""

from orchestrator.cache import NoCache
from orchestrator.credentials import (
    CredentialReader,
)
from orchestrator.models import Shelf
from orchestrator.pipeline import offered
from orchestrator.settings import Settings
from orchestrator.storage import Examination, S3Storage, examine
from orchestrator.verify import Report, inspect
from orchestrator.wiring.adapters import (
    make_catalog,
    make_ledger,
    make_marks,
    make_ports,
    make_storage,
    open_database,
    signing_chain,
)
from orchestrator.wiring.audit import LiveAudit


async def inspect_picture(picture: bytes, settings: Settings) -> Report:
    """What a picture says of its origin. Raises BodyTooLarge."""
    reader = CredentialReader(signing_chain(settings), anchors=settings.credentials.anchors)
    return await inspect(picture, read_credentials=reader.read, marks=make_marks(settings))


async def examine_storage(settings: Settings) -> Examination | None:
    """None without S3. Raises ConfigurationError, StorageUnavailable, StorageFull."""
    storage = make_storage(settings, url="")
    return await examine(storage) if isinstance(storage, S3Storage) else None


def read_offer(settings: Settings) -> Shelf:
    """What the service would offer with the files as they are."""
    catalog = make_catalog(settings)
    catalog.read()
    url = f"http://{settings.host}:{settings.port}"
    return offered(
        make_ports(
            settings,
            catalog=catalog,
            audit=LiveAudit(),
            ledger=make_ledger(open_database(settings), settings),
            storage=make_storage(settings, url),
            cache=NoCache(),
        )
    )
