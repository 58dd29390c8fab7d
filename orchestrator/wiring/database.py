"""The database of this installation, for commands that need nothing else."""

import os

from orchestrator.errors import ConfigurationError
from orchestrator.jobs.database import Database
from orchestrator.jobs.sqlite import SqliteDatabase
from orchestrator.settings import Settings


def make_data_dir(settings: Settings) -> None:
    os.umask(0o077)  # whatever we write is for our owner's eyes
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"IMGEN_DATA_DIR: {settings.data_dir} can't be made: {error.strerror}"
        ) from None


def open_database(settings: Settings) -> Database:
    if settings.database_url is not None:
        from orchestrator.jobs.postgres import PostgresDatabase  # noqa: PLC0415  slow to import

        return PostgresDatabase(settings.database_url.get_secret_value())
    make_data_dir(settings)
    return SqliteDatabase(settings.data_dir / "imgen.db")
