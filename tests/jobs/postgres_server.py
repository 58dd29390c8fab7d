"""A PostgreSQL of our own for the tests, in a folder of its own, reached by a socket only."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

INSTALLED = Path("/usr/lib/postgresql")  # where Debian has its programs, by version
LIMIT = 60  # seconds for one command


def programs() -> Path | None:
    """The folder of `initdb` and `pg_ctl`."""
    newest_first = sorted(INSTALLED.glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    folders = [*newest_first, *([Path(on_path).resolve().parent] if on_path else [])]
    return next((folder for folder in folders if (folder / "pg_ctl").exists()), None)


@dataclass(frozen=True)
class Server:
    programs: Path
    folder: Path

    def url(self, name: str) -> str:
        return f"postgresql://imgen@/{name}?host={self.folder}"

    def new_database(self) -> str:
        name = f"t{uuid4().hex}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def start(self) -> None:
        settings = f"-c listen_addresses='' -k {self.folder} -c fsync=off -c max_connections=200"
        self.run("pg_ctl", "-D", "data", "-l", "log", "-w", "-o", settings, "start")

    def stop(self) -> None:
        """As a crash would: nobody is told."""
        self.run("pg_ctl", "-D", "data", "-w", "-m", "immediate", "stop")

    def run(self, program: str, *arguments: str) -> None:
        """PostgreSQL refuses to run as root, so root becomes its usual user."""
        user = "postgres" if os.getuid() == 0 else None
        subprocess.run(
            [self.programs / program, *arguments],
            cwd=self.folder,
            user=user,
            check=True,
            timeout=LIMIT,
            stdout=subprocess.DEVNULL,
        )


@contextmanager
def running(programs: Path) -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="imgen-pg-") as name:  # a socket's path is short
        folder = Path(name)
        if os.getuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        server = Server(programs, folder)
        server.run("initdb", "-D", "data", "-U", "imgen", "-A", "trust", "-N", "-E", "UTF8")
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def running_or_skipped() -> Iterator[Server]:
    """For a test, which is skipped where there is no PostgreSQL."""
    found = programs()
    if found is None:
        pytest.skip("no PostgreSQL here (Debian: apt install postgresql)")
    with running(found) as server:
        yield server
