"""Jobs and graphs that need no weights."""

from datetime import UTC, datetime
from itertools import count
from uuid import UUID, uuid4

from samples import PLAN

from orchestrator.models import Graph, Job, Request

_seeds = count(1)


def painting(**inputs: object) -> Graph:
    """An obedient painter and the finishing node; never the same twice, so never cached."""
    painter = {"steps": 3, "pause": 0.0, "fail": "", "deaf": False, "seed": next(_seeds)}
    return {
        "1": {
            "class_type": "ObedientPainter",
            "inputs": painter | inputs,
            "_meta": {"title": "Paint the street"},
        },
        "2": {
            "class_type": "ImgenFinish",
            "inputs": {
                "image": ["1", 0],
                "delivery": "",
                "payload": "00112233445566778899aabb",
                "mark": "",
                "position": "bottom-right",
                "scale": 5,
                "opacity": 100,
                "rotation": 0,
                "padding_x": 10,
                "padding_y": 10,
                "format": "png",
                "quality": 95,
                "lossless": False,
            },
            "_meta": {"title": "Finish"},
        },
    }


def job(graph: Graph, *, attempt: int = 1, job_id: UUID | None = None) -> Job:
    return Job(
        id=job_id or uuid4(),
        key_id="key",
        dialect="v2",
        request=Request(prompt=PLAN.raw, seed=1),
        created=datetime.now(UTC),
        plan=PLAN.evolve(checkpoint="", graph=graph),
        attempt=attempt,
    )
