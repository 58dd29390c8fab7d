"""What a job needs of the models folder: it is pinned, and looked for before it is run."""

import pytest
from twins import CALLER, SHELF, Crash, Slot, World, model

from orchestrator.errors import InvalidCharacter, InvalidField, Unavailable, WeightsGone
from orchestrator.models import Character, Job, Lora, LoraUse, Request, Role, WeightFacts
from orchestrator.pipeline import accept, fulfil

CHECKPOINT, LORA = "checkpoints/a.safetensors", "loras/m.safetensors"
LEARNED = model(
    "learned", "sampled", checkpoint="a.safetensors", family="sdxl", weights=(CHECKPOINT,)
)
PLAIN = Request(prompt="red coat", model="learned", seed=1)


@pytest.fixture
def world() -> World:
    """A model of the family sdxl, a character with a LoRA of it, and one that others draw."""
    world = World()
    world.shelf_now = SHELF.evolve(
        models={"learned": LEARNED},
        characters={
            "mila": Character(name="mila", lora="m.safetensors", families=("sdxl",)),
            "theo": Character(name="theo", families=("flux",)),
        },
        loras={
            "m.safetensors": Lora(file="m.safetensors", label="Mila", family="sdxl"),
            "f.safetensors": Lora(file="f.safetensors", label="Fog", family="flux"),
        },
        weights={
            CHECKPOINT: WeightFacts(role=Role.CHECKPOINT, family="sdxl"),
            LORA: WeightFacts(role=Role.LORA, family="sdxl"),
        },
    )
    return world


async def accepted(world: World, request: Request) -> Job:
    return await accept(request, CALLER, "v2", world.ports)


async def brought_to_its_end(world: World, job: Job) -> Job:
    return await fulfil(job, Slot(world), world.ports, report=lambda _: None)


def lies_there(world: World, **facts: WeightFacts) -> None:
    world.shelf_now = world.shelf_now.evolve(weights=facts)


async def test_a_plan_names_the_files_that_it_needs(world: World) -> None:
    job = await accepted(world, PLAIN.evolve(prompt="@mila red coat"))
    assert job.plan.weights == (CHECKPOINT, LORA)


async def test_a_job_whose_files_are_gone_is_not_run(world: World) -> None:
    job = await accepted(world, PLAIN.evolve(prompt="@mila red coat"))
    del world.diary[:]
    lies_there(world, **{CHECKPOINT: WeightFacts()})
    with pytest.raises(WeightsGone, match=LORA):
        await brought_to_its_end(world, job)
    assert world.diary == []


async def test_a_job_waits_while_its_checkpoint_is_being_replaced(world: World) -> None:
    job = await accepted(world, PLAIN)
    lies_there(world, **{CHECKPOINT: WeightFacts(fault="is still being written", pending=True)})
    with pytest.raises(Unavailable, match="still being written"):
        await brought_to_its_end(world, job)


async def test_a_picture_that_is_there_needs_no_weights(world: World) -> None:
    job = await accepted(world, PLAIN)
    world.crash_at = "review"
    with pytest.raises(Crash):
        await brought_to_its_end(world, job)
    lies_there(world)
    assert (await brought_to_its_end(world, world.jobs[job.id])).assets


async def test_a_character_that_the_model_can_t_draw_is_refused(world: World) -> None:
    with pytest.raises(InvalidCharacter):
        await accepted(world, PLAIN.evolve(prompt="@theo red coat"))


@pytest.mark.parametrize("file", ["f.safetensors", "nothing.safetensors", "../x"])
async def test_a_lora_that_does_not_fit_the_model_is_refused(world: World, file: str) -> None:
    with pytest.raises(InvalidField, match="loras"):
        await accepted(world, PLAIN.evolve(loras=(LoraUse(file=file),)))


async def test_a_lora_that_fits_is_drawn_with(world: World) -> None:
    job = await accepted(world, PLAIN.evolve(loras=(LoraUse(file="m.safetensors"),)))
    assert job.plan.weights == (CHECKPOINT, LORA)
