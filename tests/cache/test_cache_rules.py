"""The contract's seven caching rules, and what is equal before anything is handed out."""

import pytest
from cache_studio import HIT_ONLY, Studio
from twins import CALLER, SHELF, STYLE, model

from orchestrator.errors import CacheMiss
from orchestrator.models import (
    Brand,
    Caller,
    Credits,
    Finding,
    Format,
    Job,
    Output,
    Reuse,
    Status,
)

FORCED = HIT_ONLY.evolve(force=True)
OTHER_CALLER = Caller(key_id="other")


async def missed(studio: Studio, prompt: str = "red coat, snowy street", **wishes: object) -> bool:
    try:
        await studio.ask(prompt, **wishes)
    except CacheMiss:
        return True
    return False


# 1. search by the parsed positive prompt


async def test_the_same_prompt_is_a_hit(studio: Studio) -> None:
    made = await studio.made()
    assert (await studio.ask()).source == made.id


async def test_a_prompt_that_means_the_same_is_a_hit(studio: Studio) -> None:
    made = await studio.made("red coat, snowy street")
    assert (await studio.ask("a red coat, snowy street")).source == made.id


async def test_only_the_positive_text_is_compared(studio: Studio) -> None:
    made = await studio.made("@aya red coat, snowy street, -umbrella")
    assert (await studio.ask("-hat, @aya red coat, snowy street")).source == made.id


async def test_an_enhanced_picture_is_found_by_what_was_asked(studio: Studio) -> None:
    studio.world.enhanced = "red coat, snowy street, an abundance of lanterns, a distant train"
    made = await studio.made("red coat, snowy street", optimize=True)
    assert made.plan.optimized
    assert (await studio.ask("red coat, snowy street")).source == made.id


async def test_of_two_long_prompts_the_ends_count_too(studio: Studio) -> None:
    beginning = "red coat, snowy street, " * 60
    await studio.made(beginning + "at night, " * 60)
    assert await missed(studio, beginning + "a harbour full of boats in summer, " * 30)


# 2. strict equality


async def test_another_character_is_a_miss(studio: Studio) -> None:
    await studio.made("@aya red coat, snowy street")
    assert await missed(studio, "red coat, snowy street")


async def test_another_model_is_a_miss(studio: Studio) -> None:
    await studio.made(model="demo")
    assert await missed(studio, model="learned")


@pytest.mark.parametrize(
    "different",
    [
        {"output": Output(width=768, height=1344)},
        {"output": Output(format=Format.PNG)},
        {"output": Output(quality=80)},
        {"output": Output(format=Format.WEBP, lossless=True)},
        {"brand": Brand(image="aGVsbG8=")},
        {"credits": Credits(author="Ada")},
        {"steps": 5},
        {"cfg": 3.0},
    ],
    ids=str,
)
async def test_a_picture_made_on_other_terms_is_a_miss(
    studio: Studio, different: dict[str, object]
) -> None:
    await studio.made()
    assert await missed(studio, reuse=FORCED, **different)
    own = await studio.made(**different)
    assert (await studio.ask(**different)).source == own.id


@pytest.mark.parametrize(
    "changed",
    [
        {"digest": "another card"},
        {"default_style": "bold", "styles": {"bold": STYLE.evolve(key="bold")}},
    ],
    ids=["card", "style"],
)
async def test_a_picture_of_a_changed_model_is_a_miss(
    studio: Studio, changed: dict[str, object]
) -> None:
    await studio.made()
    studio.world.shelf_now = SHELF.evolve(models={"demo": model("demo", **changed)})
    assert await missed(studio, reuse=FORCED)


async def test_a_changed_template_is_a_miss(studio: Studio) -> None:
    await studio.made()
    template = SHELF.templates["painted"].evolve(digest="changed")
    studio.world.shelf_now = SHELF.evolve(templates={**SHELF.templates, "painted": template})
    assert await missed(studio)


async def test_a_changed_character_is_a_miss(studio: Studio) -> None:
    await studio.made("@aya red coat")
    aya = SHELF.characters["aya"].evolve(digest="changed")
    studio.world.shelf_now = SHELF.evolve(characters={"aya": aya})
    assert await missed(studio, "@aya red coat")


async def test_another_ruleset_is_a_miss(studio: Studio) -> None:
    caller = CALLER.evolve(rulesets=frozenset({"default", "strict"}))
    await studio.made(caller=caller)
    assert await missed(studio, caller=caller, ruleset="strict")


async def test_a_changed_ruleset_is_a_miss(studio: Studio) -> None:
    await studio.made()
    studio.world.ruleset_digest = "changed"
    assert await missed(studio)


async def test_another_key_is_a_miss(studio: Studio) -> None:
    await studio.made()
    assert await missed(studio, caller=OTHER_CALLER)


async def test_another_tier_is_a_miss(studio: Studio) -> None:
    await studio.made()
    assert await missed(studio, caller=CALLER.evolve(tier="pro"))


async def test_keys_share_pictures_where_the_operator_says_so(closed: Studio) -> None:
    async with closed.open(shared=True) as studio:
        made = await studio.made()
        assert (await studio.ask(caller=OTHER_CALLER)).source == made.id


# 3. the floor of similarity


async def test_a_prompt_below_the_floor_is_a_miss(studio: Studio) -> None:
    await studio.made("red coat, snowy street")
    assert await missed(studio, "blue boat, calm lake")


async def test_the_floor_can_be_ignored(studio: Studio) -> None:
    made = await studio.made("red coat, snowy street")
    assert (await studio.ask("blue boat, calm lake", reuse=FORCED)).source == made.id


async def test_the_floor_is_a_setting(closed: Studio) -> None:
    async with closed.open(floor=0.5) as studio:
        made = await studio.made("red coat, snowy street")
        assert (await studio.ask("a green coat on a snowy street")).source == made.id


# 4. a random pick among the nearest


async def test_any_of_the_nearest_is_picked(studio: Studio) -> None:
    made = {(await studio.made()).id for _ in range(3)}
    picked = {(await studio.ask()).source for _ in range(40)}
    assert picked == made


async def test_only_so_many_are_picked_from(studio: Studio) -> None:
    nearest = await studio.made("red coat, snowy street")
    await studio.made("a red coat, snowy street")
    nearest_only = HIT_ONLY.evolve(pick=1)
    assert {(await studio.ask(reuse=nearest_only)).source for _ in range(10)} == {nearest.id}


# 5. hits bypass enhancing and review, but not the screening of the prompt


async def test_a_hit_is_neither_enhanced_nor_reviewed(studio: Studio) -> None:
    await studio.made()
    studio.world.diary.clear()
    await studio.ask(optimize=True)
    assert studio.world.diary == ["screen"]


async def test_a_prompt_that_is_blocked_gets_no_hit(studio: Studio) -> None:
    await studio.made()
    studio.world.unsafe["screen"] = (Finding(rule="r", category="c", reviewer="twin"),)
    job = await studio.ask()
    assert job.source is None
    assert not job.assets


# 6. and 7. misses


async def test_a_miss_is_generated_unless_only_a_hit_will_do(studio: Studio) -> None:
    job = await studio.ask(reuse=Reuse(wanted=True))
    assert (job.source, job.status) == (None, Status.IN_QUEUE)
    with pytest.raises(CacheMiss):
        await studio.ask()


# what may be handed out


async def spoil(studio: Studio, job: Job, **changes: object) -> None:
    """As a release that is taken back, or the sweep of old pictures, would."""
    row = job.evolve(**changes)
    await studio.ledger.database.write(
        "UPDATE jobs SET verdict = :verdict, assets = :assets WHERE id = :id RETURNING id",
        {
            "id": str(job.id),
            "verdict": row.verdict.model_dump_json(),
            "assets": "[" + ",".join(asset.model_dump_json() for asset in row.assets) + "]",
        },
    )


async def test_a_blocked_picture_does_not_enter(studio: Studio) -> None:
    studio.world.unsafe["review"] = (Finding(rule="r", category="c", reviewer="twin"),)
    await studio.make()
    studio.world.unsafe.clear()
    await studio.made("blue boat, calm lake")
    assert (await studio.cache.stats()).entries == 1


async def test_a_picture_that_was_blocked_later_is_dropped(studio: Studio) -> None:
    made = await studio.made()
    await spoil(studio, made, verdict=made.verdict.evolve(safe=False))
    assert await missed(studio)
    assert (await studio.cache.stats()).entries == 0


async def test_a_picture_that_was_deleted_is_dropped(studio: Studio) -> None:
    made = await studio.made()
    await spoil(studio, made, assets=())
    assert await missed(studio)
    assert (await studio.cache.stats()).entries == 0


async def test_a_picture_that_is_not_in_storage_is_dropped(studio: Studio) -> None:
    made = await studio.made()
    del studio.world.files[made.assets[0].key]
    assert await missed(studio)
    assert (await studio.cache.stats()).entries == 0


async def test_a_picture_that_nobody_has_looked_at_is_for_operators_who_accept_that(
    closed: Studio,
) -> None:
    closed.world.unreviewed = True
    async with closed.open(unreviewed=True) as studio:
        made = await studio.made()
        assert (await studio.ask()).source == made.id
    async with closed.open() as studio:
        await studio.usable()
        assert await missed(studio)
