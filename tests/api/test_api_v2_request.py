"""What `generate` reads can be stored, whatever the fields hold."""

from typing import Any

import pytest

from orchestrator.api.fields import Fields
from orchestrator.api.pictures import Pictures, read_pictures
from orchestrator.api.v2.request import read_request
from orchestrator.errors import Rejected
from orchestrator.models import Request
from orchestrator.outbound import Guard

HALF_A_PAIR = "https://receiver.example/\ud800"  # of surrogates: no encoding has it
SOUND: dict[str, Any] = {"prompt": "red coat"}


class Noting(dict[str, Any]):
    """Knows which fields were looked at."""

    def __init__(self, **values: Any) -> None:
        super().__init__(values)
        self.asked: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, default)


async def read(values: dict[str, Any]) -> Request:
    fields = Fields(values)
    await read_pictures(fields)
    return await read_request(fields, Pictures({}), longest_prompt=100, guard=Guard())


async def test_no_field_lets_half_a_surrogate_pair_through() -> None:
    sound = Noting(**SOUND)
    await read(sound)
    assert sound.asked > {"prompt", "negative", "model", "cs_title", "webhook_url", "init_image"}
    for name in sorted(sound.asked):
        try:
            request = await read({**SOUND, name: HALF_A_PAIR})
        except Rejected:
            continue
        assert request.model_dump_json().encode(), name


def test_half_a_surrogate_pair_can_not_be_stored() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        Request(prompt=HALF_A_PAIR, seed=1).model_dump_json().encode()
