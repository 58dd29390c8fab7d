"""What signs the webhooks of a key: made when first needed, changed when its owner wants."""

import base64
import secrets

from orchestrator.errors import NotFound
from orchestrator.jobs import statements
from orchestrator.jobs.database import Database

BYTES = 32


class JobWebhookSecrets:
    """The port WebhookSecrets, and what the command line does. The secrets lie in the database as
    they are, because they have to be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, key_id: str) -> tuple[str, ...]:
        """See `edge_ports.WebhookSecrets`."""
        return await self._read(id=key_id, name="")

    async def show(self, name: str) -> str:
        """That of the key of this name. Raises NotFound."""
        found = await self._read(id="", name=name)
        if not found:
            raise NotFound(f"There is no key of the name {name}")
        return found[0]

    async def rotate(self, name: str) -> str:
        """A new one; the former signs beside it until the next change. Raises NotFound."""
        await self.show(name)  # there is one that can become the former
        await self._database.write(statements.NEXT_WHSEC, {"name": name, "secret": _new_secret()})
        return await self.show(name)

    async def _read(self, **key: str) -> tuple[str, ...]:
        rows = await self._database.read(statements.WHSECS, key)
        if rows and not rows[0]["webhook_secret"]:
            first = {**key, "secret": _new_secret()}
            await self._database.write(statements.FIRST_WHSEC, first)
            rows = await self._database.read(statements.WHSECS, key)
        return tuple(secret for secret in rows[0].values() if secret) if rows else ()


def _new_secret() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(BYTES)).decode()}"
