"""Jobs and graphs that need no weights."""

from datetime import UTC, datetime
from itertools import count
from uuid import UUID, uuid4

from orchestrator.models import Graph, Job, Plan, Prompt, Request, Texts

PROMPT = "@aya red coat, snowy street, warm lighting, -umbrella"
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
    plan = Plan(
        prompt=Prompt(positive="red coat"),
        raw=PROMPT,
        texts=Texts(positive="red coat", negative="umbrella"),
        model="demo",
        model_label="Demo",
        style="plain",
        checkpoint="",
        template="demo",
        template_digest="0" * 64,
        card_digest="0" * 64,
        seed=1,
        steps=3,
        cfg=7.0,
        sampler="euler",
        scheduler="normal",
        gen_id="a" * 20,
        watermark_id="0" * 16,
        graph=graph,
    )
    return Job(
        id=job_id or uuid4(),
        key_id="key",
        dialect="v2",
        request=Request(prompt=PROMPT, seed=1),
        created=datetime.now(UTC),
        plan=plan,
        attempt=attempt,
    )
