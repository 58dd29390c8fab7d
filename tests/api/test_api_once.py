"""What a caller is told when a named request is refused and that can't even be noted."""

from typing import Any

import pytest
from twins import CALLER, World

from orchestrator.api.fields import Fields
from orchestrator.api.once import once
from orchestrator.edge_ports import Reservation
from orchestrator.errors import PromptRequired, Unavailable
from orchestrator.models import Job


class Forgetful:
    """Reserves, and has no database any more when it is to give up."""

    async def reserve(self, key_id: str, name: str, *, body: str) -> Reservation:
        return Reservation("token")

    async def give_up(self, token: str) -> None:
        raise Unavailable


class House:
    ports = World().ports
    repetitions = Forgetful()


async def refuse(_: str) -> Job:
    raise PromptRequired


async def test_why_a_request_was_refused_is_not_hidden() -> None:
    house: Any = House()
    with pytest.raises(PromptRequired):
        await once("name", Fields({}), CALLER, house, refuse)
