"""What runs of a fake ComfyUI deliver: the same few bytes, or a small picture with every mark."""

from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np

from comfy_nodes.marks.encode import Encoding
from comfy_nodes.marks.finish import Facts, Finished, Order, finish

Paint = Callable[[dict[str, Any]], Finished]  # from a graph

PICTURE, THUMBNAIL = b"a picture", b"a thumbnail"
FACTS = Facts(width=96, height=64, format="png", fingerprint="0" * 64, fingerprint_quality=100)
SIZE = (96, 128)  # rows and columns, of a painted picture


def paint_nothing(_: dict[str, Any]) -> Finished:
    return Finished(PICTURE, THUMBNAIL, FACTS)


def paint(graph: dict[str, Any]) -> Finished:
    """No two are alike: a colour drawn from the graph, marked as its finishing node says."""
    wanted = next(n["inputs"] for n in graph.values() if n["class_type"] == "ImgenFinish")
    colour = Random(repr(graph)).choices(range(64, 192), k=3)
    rows, columns = np.mgrid[0 : SIZE[0], 0 : SIZE[1]]
    waves = 40 * np.sin(rows / 9) * np.cos(columns / 7)
    rgb = (waves[..., None] + colour).astype(np.uint8)
    encoding = Encoding(wanted["format"], wanted["quality"], lossless=wanted["lossless"])
    return finish(rgb, Order(wanted["payload"], encoding))
