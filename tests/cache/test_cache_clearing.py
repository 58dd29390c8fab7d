"""What an operator has cleared is not handed out, whoever enters it afterwards."""

import pytest
from cache_studio import Studio

from orchestrator.errors import CacheMiss


async def test_a_picture_that_is_entered_after_the_clearing_is_not_handed_out(
    studio: Studio,
) -> None:
    made = await studio.made()
    await studio.cache.clear()
    await studio.cache.remember(made)  # as a comparison does that was under way
    await studio.holds(1)
    with pytest.raises(CacheMiss):
        await studio.ask()
