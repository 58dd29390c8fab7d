"""Pictures that come with a request: kept with the job, judged first, gone with its end."""

from dataclasses import replace

import pytest
from twins import CALLER, REQUEST, SHELF, Crash, Slot, World, model

from orchestrator.errors import InvalidField
from orchestrator.models import Finding, Job, PictureName, Status, Template
from orchestrator.pipeline import accept, fulfil

INIT = PictureName.INIT
PICTURES = {INIT: b"a photograph"}
ASKED = REQUEST.evolve(model="redrawn", pictures={INIT: "5a" * 32}, strength=0.4)
UNSAFE = (Finding(rule="gore", category="Graphic violence", reviewer="twin@1"),)
GRAPH = {
    "1": {
        "class_type": "ImgenInputImage",
        "inputs": {"source": "{{ init_image }}", "width": 8, "height": 8, "batch_size": 1},
        "_meta": {"when": "init_image"},
    },
    "2": {
        "class_type": "ImgenDemoPainter",
        "inputs": {"positive": "{{ strength }}", "start": ["1", 0]},
    },
    "3": {"class_type": "ImgenOutput", "inputs": {"image": ["2", 0]}},
}


@pytest.fixture
def world() -> World:
    world = World()
    world.shelf_now = SHELF.evolve(
        models={**SHELF.models, "redrawn": model("redrawn", "redrawing")},
        templates={
            **SHELF.templates,
            "redrawing": Template(name="redrawing", graph=GRAPH, digest="d3"),
        },
    )
    return world


async def accepted(world: World) -> Job:
    return await accept(ASKED, CALLER, "v2", world.ports, pictures=PICTURES)


async def fulfilled(world: World, job: Job, slot: Slot | None = None) -> Job:
    return await fulfil(job, slot or Slot(world), world.ports, report=lambda _: None)


async def test_they_are_in_storage_before_the_job_is_accepted(world: World) -> None:
    job = await accepted(world)
    assert world.diary == ["screen", "put spool", "accept"]
    assert world.files == {f"spool/{job.id}/init_image": b"a photograph"}


async def test_the_graph_draws_from_them_with_the_strength_that_was_asked_for(world: World) -> None:
    graph = (await accepted(world)).plan.graph
    assert graph["1"]["inputs"]["source"] == "init_image"
    assert graph["2"]["inputs"]["positive"] == 0.4


async def test_a_model_that_can_t_draw_from_them_refuses_them(world: World) -> None:
    request = ASKED.evolve(model="demo")
    with pytest.raises(InvalidField, match="init_image"):
        await accept(request, CALLER, "v2", world.ports, pictures=PICTURES)
    assert not world.files


async def test_a_job_that_is_not_accepted_leaves_none_behind(world: World) -> None:
    world.crash_at = "accept"
    with pytest.raises(Crash):
        await accepted(world)
    assert not world.files


async def test_a_job_whose_acceptance_was_not_heard_keeps_them(world: World) -> None:
    class Mumbling:
        async def accept(self, job: Job, *, reservation: str = "") -> None:
            await world.ports.ledger.accept(job, reservation=reservation)
            raise Crash

        def __getattr__(self, name: str) -> object:
            return getattr(world.ports.ledger, name)

    ports = replace(world.ports, ledger=Mumbling())
    with pytest.raises(Crash):
        await accept(ASKED, CALLER, "v2", ports, pictures=PICTURES)
    assert world.files


async def test_of_a_blocked_prompt_none_is_kept(world: World) -> None:
    world.unsafe["screen"] = UNSAFE
    await accepted(world)
    assert not world.files


async def test_they_are_judged_before_the_run_and_what_is_drawn_after_it(world: World) -> None:
    job = await accepted(world)
    world.diary.clear()
    slot = Slot(world)
    await fulfilled(world, job, slot)
    assert [entry for entry in world.diary if entry in ("review", "run")] == [
        *("review", "run", "review")
    ]
    assert slot.pictures == PICTURES


async def test_from_an_unsafe_picture_nothing_is_drawn(world: World) -> None:
    job = await accepted(world)
    world.unsafe["review"] = UNSAFE
    ended = await fulfilled(world, job)
    assert "run" not in world.diary
    assert ended.verdict is not None
    assert not ended.verdict.safe
    assert not ended.assets
    assert not world.files


async def test_a_refused_job_whose_pictures_are_gone_already_still_ends(world: World) -> None:
    job = await accepted(world)
    world.unsafe["review"] = UNSAFE
    ended = await fulfilled(world, job)
    cut_short = ended.evolve(status=Status.IN_PROGRESS, finished=None)  # its end went unrecorded
    world.jobs[job.id] = cut_short
    again = await fulfilled(world, cut_short)
    assert (again.status, again.verdict) == (Status.COMPLETED, ended.verdict)


async def test_nothing_of_them_is_left_when_the_job_has_ended(world: World) -> None:
    job = await accepted(world)
    await fulfilled(world, job)
    assert not [name for name in world.files if name.startswith("spool/")]


@pytest.mark.parametrize("step", ["review", "run", "save", "sign", "delete spool"])
async def test_another_host_goes_on_wherever_the_first_died(world: World, step: str) -> None:
    job = await accepted(world)
    world.crash_at = step
    with pytest.raises(Crash):
        await fulfilled(world, job)
    ended = await fulfilled(world, world.jobs[job.id])
    assert ended.assets
    assert world.diary.count("run") <= 2
