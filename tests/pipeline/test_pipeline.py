"""One request from top to bottom, over twins of all ports."""

import pytest
from twins import CALLER, REQUEST, Crash, Slot, World

from orchestrator.errors import CacheMiss, Fenced, InvalidCharacter, Unavailable
from orchestrator.models import AssetKind, Finding, Job, Request, Reuse, Shelf, Status
from orchestrator.pipeline import accept, fulfil, offered
from orchestrator.reuse import handed_out

WANTED = Reuse(wanted=True)
UNSAFE = (Finding(rule="gore", category="Graphic violence", reviewer="twin@1"),)


@pytest.fixture
def world() -> World:
    return World()


async def accepted(world: World, request: Request = REQUEST) -> Job:
    return await accept(request, CALLER, "v2", world.ports)


async def brought_to_its_end(world: World, job: Job) -> Job:
    return await fulfil(job, Slot(world), world.ports, report=lambda _: None)


async def test_an_accepted_job_is_in_the_ledger(world: World) -> None:
    job = await accepted(world)
    assert world.jobs[job.id] == job
    assert job.status is Status.IN_QUEUE


async def test_a_plan_holds_the_composed_texts(world: World) -> None:
    job = await accepted(world)
    assert job.plan.texts.positive == "aya person, red coat, snowy street, sharp"
    assert job.plan.texts.negative == "umbrella"


async def test_what_is_wrong_is_not_accepted(world: World) -> None:
    with pytest.raises(InvalidCharacter):
        await accepted(world, REQUEST.evolve(prompt="@nobody red coat"))
    assert not world.jobs


async def test_every_string_of_the_caller_is_screened(world: World) -> None:
    request = Request.model_validate(
        {**REQUEST.model_dump(), "negative": "hat", "credits": {"author": "Ada"}}
    )
    job = await accepted(world, request)
    assert {job.plan.raw, job.plan.texts.positive, job.plan.texts.negative, "hat", "Ada"} <= set(
        world.screened.values()
    )


async def test_a_blocked_prompt_is_a_finished_job(world: World) -> None:
    world.unsafe["screen"] = UNSAFE
    job = await accepted(world)
    assert world.jobs[job.id].status is Status.COMPLETED
    assert not job.assets


async def test_callers_do_not_choose_their_policy(world: World) -> None:
    job = await accepted(world, REQUEST.evolve(ruleset="lax"))
    assert job.request.ruleset == "default"


async def test_a_miss_where_only_a_hit_will_do_is_not_accepted(world: World) -> None:
    with pytest.raises(CacheMiss):
        await accepted(world, REQUEST.evolve(reuse=Reuse(wanted=True, only=True)))
    assert not world.jobs


async def test_a_hit_is_handed_out_instead_of_a_job(world: World) -> None:
    world.cached = await brought_to_its_end(world, await accepted(world))
    world.diary.clear()
    request = REQUEST.evolve(prompt="@aya crimson coat", optimize=True, reuse=WANTED)
    hit = await accepted(world, request)
    assert world.diary == ["screen", "find", "hand out"]
    assert hit.source == world.cached.id
    assert hit.assets == world.cached.assets


async def test_a_hit_says_what_its_own_caller_asked(world: World) -> None:
    world.cached = await brought_to_its_end(
        world, await accepted(world, REQUEST.evolve(precompliance="theirs", negative="theirs"))
    )
    hit = await accepted(world, Request(prompt="mine", seed=2, reuse=WANTED))
    assert "theirs" not in hit.model_dump_json()
    assert (hit.plan.raw, hit.plan.texts.positive) == ("mine", "mine, sharp")


@pytest.mark.parametrize("spoiled", [{"assets": ()}, {"verdict": None}])
async def test_a_hit_is_not_shown_when_its_picture_is_gone_or_blocked(
    world: World, spoiled: dict[str, object]
) -> None:
    world.cached = await brought_to_its_end(world, await accepted(world))
    hit = await accepted(world, REQUEST.evolve(reuse=WANTED))
    assert await handed_out(hit.id, world.ports) == hit
    world.jobs[world.cached.id] = world.cached.evolve(**spoiled)
    assert await handed_out(hit.id, world.ports) is None


async def test_a_miss_is_generated(world: World) -> None:
    job = await accepted(world, REQUEST.evolve(reuse=WANTED))
    assert world.diary == ["screen", "find", "accept"]
    assert job.source is None


async def test_an_enhanced_job_keeps_what_was_asked(world: World) -> None:
    job = await accepted(world, REQUEST.evolve(optimize=True))
    assert job.plan.asked == "red coat, snowy street"


async def test_an_enhanced_prompt_is_screened_again(world: World) -> None:
    job = await accepted(world, REQUEST.evolve(optimize=True))
    assert world.diary == ["screen", "enhance", "screen", "accept"]
    assert job.plan.optimized
    assert job.plan.raw == "@aya richer red coat, -umbrella"


async def test_nothing_is_asked_of_others_for_a_blocked_prompt(world: World) -> None:
    world.unsafe["screen"] = UNSAFE
    await accepted(world, REQUEST.evolve(optimize=True, reuse=Reuse(wanted=True)))
    assert world.diary == ["screen", "accept"]


async def test_with_nothing_to_serve_nothing_is_accepted(world: World) -> None:
    world.shelf_now = Shelf()
    with pytest.raises(Unavailable):
        await accepted(world)


async def test_without_eyes_learned_models_are_not_offered(world: World) -> None:
    world.eyes = False
    assert list(offered(world.ports).models) == ["demo"]
    assert "no reviewer" in offered(world.ports).withheld["learned"]


async def test_a_model_whose_workflow_can_not_run_is_not_offered(world: World) -> None:
    world.missing_nodes["sampled"] = "node KSampler is missing"
    assert offered(world.ports).withheld["learned"] == "node KSampler is missing"


async def test_a_fulfilled_job_has_a_signed_picture_and_thumbnail(world: World) -> None:
    job = await brought_to_its_end(world, await accepted(world))
    assert job.status is Status.COMPLETED
    assert [a.kind.value for a in job.assets] == ["signed", "thumbnail"]
    assert all(world.files[a.key].startswith(b"signed ") for a in job.assets)


async def test_the_spool_is_empty_in_the_end(world: World) -> None:
    await brought_to_its_end(world, await accepted(world))
    assert {key.partition("/")[0] for key in world.files} == {"assets"}


async def test_nothing_unsigned_or_unreviewed_reaches_a_public_key(world: World) -> None:
    await brought_to_its_end(world, await accepted(world))
    steps = world.diary
    assert steps.index("review") < steps.index("sign") < steps.index("put assets")
    assert steps.index("put spool") < steps.index("forget the run")


async def test_a_blocked_picture_goes_to_the_private_prefix(world: World) -> None:
    world.unsafe["review"] = UNSAFE
    job = await brought_to_its_end(world, await accepted(world))
    assert {key.partition("/")[0] for key in world.files} == {"blocked"}
    assert job.verdict
    assert not job.verdict.safe
    assert "remember" not in world.diary


async def test_of_a_picture_below_the_floor_nothing_stays(world: World) -> None:
    job = await accepted(world)
    world.unsafe["review"], world.floor = UNSAFE, True
    job = await brought_to_its_end(world, job)
    assert world.files == {}
    assert not job.assets
    assert job.verdict
    assert job.verdict.floor


async def test_no_mark_is_claimed_that_is_not_there(world: World) -> None:
    world.markable = False
    await brought_to_its_end(world, await accepted(world))
    assert world.claims.watermark_id == ""


async def test_a_mark_that_was_read_back_is_claimed(world: World) -> None:
    job = await brought_to_its_end(world, await accepted(world))
    assert world.claims.watermark_id == job.plan.watermark_id


async def test_the_slot_is_free_in_the_end(world: World) -> None:
    slot = Slot(world)
    await fulfil(await accepted(world), slot, world.ports, report=lambda _: None)
    assert slot.freed


async def test_a_job_that_was_cancelled_is_not_finished(world: World) -> None:
    job = await accepted(world)
    await world.cancel(job.id)
    with pytest.raises(Fenced):
        await brought_to_its_end(world, job)


STEPS = [
    "run",
    "put spool",
    "forget the run",
    "save",
    "review",
    "sign",
    "put assets",
    "delete spool",
    "remember",
]


@pytest.mark.parametrize("step", STEPS)
async def test_a_crash_at_any_step_leaves_one_picture_in_the_end(world: World, step: str) -> None:
    job = await accepted(world)
    world.crash_at = step
    with pytest.raises(Crash):
        await brought_to_its_end(world, job)
    recorded = world.jobs[job.id]
    if not recorded.status.final:
        await brought_to_its_end(world, recorded.evolve(attempt=recorded.attempt + 1))
    assert world.jobs[job.id].status is Status.COMPLETED
    assert sorted(world.files) == sorted(a.key for a in world.jobs[job.id].assets)


async def test_a_thumbnail_names_the_stored_picture_as_its_parent(world: World) -> None:
    job = await accepted(world)
    world.crash_at = "delete spool"
    with pytest.raises(Crash):
        await brought_to_its_end(world, job)
    thumbnail = next(key for key in world.files if key.endswith("_thumb.jpg"))
    del world.files[thumbnail]
    await brought_to_its_end(world, world.jobs[job.id].evolve(assets=()))
    picture = next(a for a in world.jobs[job.id].assets if a.kind is AssetKind.SIGNED)
    assert world.parents[-1] == world.files[picture.key]


async def test_a_picture_that_exists_is_never_made_again(world: World) -> None:
    job = await accepted(world)
    world.crash_at = "review"
    with pytest.raises(Crash):
        await brought_to_its_end(world, job)
    await brought_to_its_end(world, world.jobs[job.id])
    assert world.diary.count("run") == 1
