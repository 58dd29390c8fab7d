"""What the admin page is told."""

from orchestrator.api.admin import Admin, Bounds
from orchestrator.jobs.keys import ApiKeys, Tier
from orchestrator.jobs.overview import Overviews
from orchestrator.settings import Settings
from orchestrator.wiring.engine import Front


def make_admin(settings: Settings, front: Front, keys: ApiKeys) -> Admin:
    limits = settings.limits
    return Admin(
        jobs=Overviews(front.database),
        keys=keys,
        bounds={
            Tier.FREE: Bounds(limits.free_rate, limits.free_at_once),
            Tier.PRO: Bounds(limits.pro_rate, limits.pro_at_once),
        },
        storage=_storage(settings),
        rooms=lambda: front.space.rooms,
    )


def _storage(settings: Settings) -> str:
    if settings.s3.bucket:
        return f"S3, bucket {settings.s3.bucket} at {settings.s3.endpoint or 'AWS'}"
    return f"the folder {(settings.assets_dir or settings.data_dir).absolute()}"
