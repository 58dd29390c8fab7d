"""The demo painter: a procedural picture from the words of a prompt, painted in real steps.

It is no learned model and pretends to be none. No torch, no ComfyUI.
"""

from collections.abc import Iterator

import numpy as np

from ..marks import Picture
from .brush import Canvas
from .figure import stand
from .places import PLACES
from .sketch import Sketch
from .sky import rainfall, snowfall
from .words import Scene, random_for, read

FALLING = {"snow": snowfall, "rain": rainfall}


def paint(
    prompt: str, negative: str, seed: int, *, width: int, height: int, steps: int
) -> Iterator[Picture]:
    """The painting after each step; the last one is finished. The same words, seed, size and
    steps give the same pixels."""
    rng = random_for(prompt, negative, seed)
    scene = read(prompt, negative, rng)
    canvas = Canvas(_sketched(scene, width, height, rng).image, width, height, rng)
    for step in range(steps):
        canvas.lay(step, steps)
        if step == steps - 1 and scene.weather in FALLING:
            FALLING[scene.weather](canvas.image, rng)
        yield np.asarray(canvas.finished())


def _sketched(scene: Scene, width: int, height: int, rng: np.random.Generator) -> Sketch:
    sketch = Sketch(width, height, rng)
    ground = PLACES[scene.place](sketch, scene)
    if scene.person:
        x = sketch.width * rng.choice([0.36, 0.44, 0.56, 0.64])
        stand(sketch, scene, scene.person, x=float(x), ground=ground)
    return sketch
