"""What the cache's floor of similarity means: how near prompts are that mean the same, and that
don't. Reads `cache_pairs.csv`, prints a table and draws `cache_floor.png`."""

import csv
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from orchestrator.cache import load_sentence_model

HERE = Path(__file__).parent
PLOT = HERE / "cache_floor.png"
FLOORS = (0.80, 0.85, 0.90, 0.93, 0.95, 0.97, 0.99)
COLOURS = {"same": "#1b7837", "different": "#b2182b"}
WIDTH, ROW, MARGIN = 760, 90, 40  # pixels
LOWEST = 0.3  # similarity at the left edge


def main() -> None:
    similarities = measure()
    print(f"{'floor':>7}" + "".join(f"{kind:>12}" for kind in similarities))
    for floor in FLOORS:
        shares = (np.mean(np.array(found) > floor) for found in similarities.values())
        print(f"{floor:7.2f}" + "".join(f"{share:12.0%}" for share in shares))
    draw(similarities).save(PLOT, optimize=True)
    print(PLOT)


def measure() -> dict[str, list[float]]:
    """Cosines of the pairs, by what the pair means."""
    embed = load_sentence_model()
    found: dict[str, list[float]] = {kind: [] for kind in COLOURS}
    with (HERE / "cache_pairs.csv").open(newline="") as file:
        for pair in csv.DictReader(file):
            found[pair["meaning"]].append(float(embed(pair["one"]) @ embed(pair["other"])))
    return found


def draw(similarities: dict[str, list[float]]) -> Image.Image:
    """A strip for each kind, a tick for each pair, and the floor."""
    height = ROW * len(similarities) + 2 * MARGIN
    image = Image.new("RGB", (WIDTH, height), "white")
    pen = ImageDraw.Draw(image)
    for number, (kind, found) in enumerate(similarities.items()):
        top = MARGIN + number * ROW
        pen.text((MARGIN, top), f"{kind} meaning, {len(found)} pairs", fill=COLOURS[kind])
        for similarity in found:
            x = across(similarity)
            pen.line((x, top + 20, x, top + ROW - 20), fill=COLOURS[kind])
    floor = across(0.95)
    pen.line((floor, MARGIN // 2, floor, height - MARGIN), fill="black", width=2)
    pen.text((floor - 58, MARGIN // 2 - 8), "floor 0.95", fill="black")
    for tenth in range(round(LOWEST * 10), 11):
        pen.text((across(tenth / 10) - 8, height - MARGIN + 8), f"{tenth / 10:.1f}", fill="black")
    return image


def across(similarity: float) -> int:
    return round(MARGIN + (max(similarity, LOWEST) - LOWEST) / (1 - LOWEST) * (WIDTH - 2 * MARGIN))


if __name__ == "__main__":
    main()
