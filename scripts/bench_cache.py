"""The semantic cache: look-ups with and without embedding, entering, memory and disk.

`--entries 100000` is the full measurement (some minutes); the default is a quick one. Runs on one
core. Half the entries are on the same terms, the others on 2,000 different ones.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import numpy as np
import psutil

from orchestrator.cache import ChromaIndex, load_sentence_model
from orchestrator.cache.connect import pictures
from orchestrator.cache.terms import place

BASELINE = "budget, ms: look-up p50 25, p99 80 (with embedding, 100,000 entries); entering 15"
WORDS = [
    "red",
    "blue",
    "green",
    "coat",
    "boat",
    "hill",
    "snowy",
    "calm",
    "street",
    "lake",
    "forest",
    "morning",
    "light",
    "bridge",
    "village",
    "winter",
    "portrait",
    "old",
    "young",
    "sailor",
]
LOOKS = 500
TERMS = 2_000


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--entries", type=int, default=5_000)
    entries = arguments.parse_args().entries
    if sys.platform == "linux":
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    before, began = memory(), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        index, embed = ChromaIndex(Path(folder)), load_sentence_model()
        index.open()
        embed("warm")
        print(f"open: {time.perf_counter() - began:.1f} s, {memory() - before:.0f} MB")

        rng = np.random.default_rng(0)
        texts = made_up(rng, entries, embed)
        terms = [f"{n % 2 * (1 + n % TERMS):064x}" for n in range(entries)]
        fill(pictures(index._client), texts, terms)
        print(f"{entries} entries: {memory() - before:.0f} MB, {size(folder):.0f} MB on disk")

        prompts = [prompt() for _ in range(LOOKS)]
        show("embedding", prompts, embed)
        places = [place(embed(text), terms[0]) for text in prompts]
        show("look-up without embedding", places, lambda at: index.nearest(at, 10))
        show(
            "look-up with embedding",
            prompts,
            lambda text: index.nearest(place(embed(text), terms[0]), 10),
        )
        numbers = iter(range(10**6, 10**7))
        show(
            "entering, embedding included",
            prompts,
            lambda text: index.add(UUID(int=next(numbers)), place(embed(text), terms[0]), terms[0]),
        )
        index.close()
    print(BASELINE)


def prompt() -> str:
    return ", ".join(" ".join(random.sample(WORDS, 3)) for _ in range(4))


def made_up(rng: np.random.Generator, count: int, embed: Callable[[str], np.ndarray]) -> np.ndarray:
    """Texts near those of real prompts: embedding each would take too long."""
    real = np.stack([embed(prompt()) for _ in range(200)])
    noise = rng.standard_normal((count, real.shape[1]), dtype=np.float32) * 0.02
    near = real[rng.integers(0, len(real), count)] + noise
    return near / np.linalg.norm(near, axis=1, keepdims=True)


def fill(collection: object, texts: np.ndarray, terms: list[str], batch: int = 1000) -> None:
    for start in range(0, len(texts), batch):
        part = range(start, min(start + batch, len(texts)))
        collection.add(
            ids=[str(UUID(int=n)) for n in part],
            embeddings=[place(texts[n], terms[n]) for n in part],
            metadatas=[{"terms": terms[n]} for n in part],
        )


def show(name: str, inputs: list, work: Callable) -> None:
    taken = []
    for each in inputs:
        began = time.perf_counter()
        work(each)
        taken.append((time.perf_counter() - began) * 1000)
    p50, p99 = np.quantile(taken, [0.5, 0.99])
    print(f"{name:30} p50 {p50:6.1f} ms   p99 {p99:6.1f} ms")


def memory() -> float:
    """MB."""
    return psutil.Process().memory_info().rss / 1e6


def size(folder: str) -> float:
    """MB."""
    return sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file()) / 1e6


if __name__ == "__main__":
    main()
