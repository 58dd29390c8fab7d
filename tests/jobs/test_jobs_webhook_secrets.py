"""What every database of keys must hold to: each key signs with a secret of its own."""

import pytest

from orchestrator.errors import NotFound
from orchestrator.jobs.database import Database
from orchestrator.jobs.keys import ApiKeys
from orchestrator.jobs.webhook_secrets import JobWebhookSecrets


@pytest.fixture
async def key_id(database: Database) -> str:
    keys = ApiKeys(database)
    await keys.create("aya")
    await keys.create("ben")
    return next(key.id for key in await keys.list() if key.name == "aya")


@pytest.fixture
def secrets(database: Database, key_id: str) -> JobWebhookSecrets:
    return JobWebhookSecrets(database)


async def test_a_secret_is_made_when_first_needed_and_stays(
    secrets: JobWebhookSecrets, key_id: str
) -> None:
    assert await secrets.of(key_id) == (await secrets.show("aya"),)
    assert await secrets.show("aya") == await secrets.show("aya")


async def test_each_key_has_its_own(secrets: JobWebhookSecrets) -> None:
    assert await secrets.show("aya") != await secrets.show("ben")


async def test_the_former_secret_signs_beside_the_new(
    secrets: JobWebhookSecrets, key_id: str
) -> None:
    old = [await secrets.show("aya"), await secrets.rotate("aya")]
    new = await secrets.rotate("aya")
    assert new not in old
    assert await secrets.of(key_id) == (new, old[1])


async def test_a_deleted_key_signs_nothing(
    database: Database, secrets: JobWebhookSecrets, key_id: str
) -> None:
    await secrets.show("aya")
    await ApiKeys(database).delete("aya")
    assert await secrets.of(key_id) == ()


@pytest.mark.parametrize("ask", [JobWebhookSecrets.show, JobWebhookSecrets.rotate])
async def test_an_unknown_key_has_none(secrets: JobWebhookSecrets, ask: object) -> None:
    with pytest.raises(NotFound, match="nobody"):
        await ask(secrets, "nobody")  # type: ignore[operator]


async def test_a_list_of_keys_shows_no_secret(
    database: Database, secrets: JobWebhookSecrets
) -> None:
    secret = await secrets.show("aya")
    assert secret not in repr(await ApiKeys(database).list())
