"""Measures the catalog with as many files as a large operator has: start, memory, a new file.

The files are headers followed by holes: they have the names, shapes and sizes of real ones.
"""

import asyncio
import json
import os
import resource
import statistics
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from orchestrator.api.door import House
from orchestrator.api.fields import Fields
from orchestrator.api.v2.actions import ACTIONS
from orchestrator.cache import NoCache
from orchestrator.catalog import Catalog, Memory, Weights
from orchestrator.models import Caller
from orchestrator.settings import HOME, ComplianceSettings, Settings
from orchestrator.wiring.adapters import make_ledger, make_ports, make_storage
from orchestrator.wiring.audit import LiveAudit
from orchestrator.wiring.database import open_database

RUNS = 15
CHECKPOINTS, LORAS, CHARACTERS = 500, 5000, 2000
MODEL = "model.diffusion_model."
CHECKPOINT = {
    f"{MODEL}input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight": [640, 2048],
    f"{MODEL}middle_block.1.transformer_blocks.0.attn2.to_k.weight": [1280, 2048],
    f"{MODEL}label_emb.0.0.weight": [1280, 2816],
    "conditioner.embedders.1.model.ln_final.bias": [1280],
    "first_stage_model.decoder.conv_in.weight": [512, 4, 3, 3],
    **{
        f"{MODEL}input_blocks.8.1.transformer_blocks.{n}.ff.{m}": [8]
        for n in range(10)
        for m in range(200)
    },
}
LORA = {
    f"lora_unet_input_blocks_{b}_1_transformer_blocks_{n}_{layer}.{part}.weight": shape
    for b in (4, 5, 7, 8)
    for n in range(10)
    for layer in (
        "attn1_to_q",
        "attn1_to_k",
        "attn1_to_v",
        "attn2_to_q",
        "attn2_to_k",
        "attn2_to_v",
    )
    for part, shape in (("lora_down", [16, 2048]), ("lora_up", [640, 16]))
}


def drop(file: Path, shapes: dict[str, list[int]], number: int) -> None:
    """A file of a size that no other has, and that was there yesterday."""
    header: dict[str, object] = {"__metadata__": {"modelspec.title": f"File {number}"}}
    end = 0
    for name, shape in shapes.items():
        header[name] = {"dtype": "U8", "shape": shape, "data_offsets": [end, end := end + 1]}
    size = 1_000_000 + number
    header["padding"] = {"dtype": "U8", "shape": [size], "data_offsets": [end, end + size]}
    text = json.dumps(header).encode()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(len(text).to_bytes(8, "little") + text)
    os.truncate(file, 8 + len(text) + end + size)


def age(file: Path) -> None:
    os.utime(file, (time.time() - 86400,) * 2)


def fill(models: Path, workflows: Path) -> None:
    for number in range(CHECKPOINTS):
        file = models / "checkpoints" / f"model {number}.safetensors"
        drop(file, CHECKPOINT, number)
        age(file)
    for number in range(LORAS):
        file = models / "loras" / str(number % 20) / f"lora {number}.safetensors"
        drop(file, LORA, CHECKPOINTS + number)
        age(file)
    for folder in ("templates", "families", "styles", "prompts", "models"):
        (workflows / folder).symlink_to(HOME / "workflows" / folder)
    (workflows / "characters").mkdir(parents=True)
    for number in range(CHARACTERS):
        lora = f"{number % 20}/lora {number}.safetensors"
        card = f"trigger: person {number}\npositive: adult, 30 years old\nlora: {lora}\n"
        (workflows / "characters" / f"person{number}.yaml").write_text(card)


def memory() -> float:
    """Of this process at most so far, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def measure(root: Path) -> None:
    models, workflows, known = root / "models", root / "workflows", root / "weights.json"
    workflows.mkdir()
    fill(models, workflows)

    def catalog() -> Catalog:
        weights = Weights(models, memory=Memory(known))
        return Catalog(workflows, models, weights=weights)

    before = memory()
    start = time.perf_counter()
    cold = catalog()
    while any(facts.pending for facts in cold.read().weights.values()):
        pass
    print(f"{'cold: every header is read':36}{time.perf_counter() - start:8.2f} s")
    del cold
    start = time.perf_counter()
    warm = catalog()
    async with warm:
        print(f"{'warm start (at most 3 s)':36}{time.perf_counter() - start:8.2f} s")
        shelf = warm.shelf()
        print(
            f"    {len(shelf.models)} models, {len(shelf.loras)} LoRAs, "
            f"{len(shelf.characters)} characters"
        )
        start = time.perf_counter()
        await asyncio.to_thread(warm.read)
        print(f"{'a look that finds nothing new':36}{(time.perf_counter() - start) * 1000:8.1f} ms")
        await models_action(warm, root)
        await new_file(warm, models)
    print(f"{'memory (at most 150 MiB more)':36}{memory() - before:8.0f} MiB")


async def models_action(catalog: Catalog, root: Path) -> None:
    """The answer of the API, from the shelf to its JSON, without the network."""
    settings = Settings(
        data_dir=root / "data", compliance=ComplianceSettings(accept_unreviewed=True)
    )
    ports = make_ports(
        settings,
        catalog=catalog,
        audit=LiveAudit(),
        ledger=make_ledger(open_database(settings), settings),
        storage=make_storage(settings, "http://localhost"),
        cache=NoCache(),
    )
    house = cast("House", SimpleNamespace(ports=ports))
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        json.dumps(await ACTIONS["models"](Fields({}), Caller(key_id="bench"), house))
        times.append(time.perf_counter() - start)
    print(f"{'the models action (at most 20 ms)':36}{statistics.median(times) * 1000:8.1f} ms")


async def new_file(catalog: Catalog, models: Path) -> None:
    drop(models / "checkpoints" / "new.safetensors", CHECKPOINT, 999_999)
    start = time.perf_counter()
    while "new" not in catalog.shelf().models:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.02)
    print(f"{'a new checkpoint (at most 5 s)':36}{time.perf_counter() - start:8.2f} s")


def main() -> None:
    print(f"{CHECKPOINTS} checkpoints, {LORAS} LoRAs, {CHARACTERS} characters")
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder)))


if __name__ == "__main__":
    main()
