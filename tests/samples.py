"""A plan that any test may change to its needs."""

from orchestrator.models import Plan, Prompt, Texts

PLAN = Plan(
    prompt=Prompt(character="aya", positive="red coat, snowy street", negatives=("umbrella",)),
    raw="@aya red coat, snowy street, -umbrella",
    texts=Texts(positive="aya, red coat, snowy street", negative="umbrella, blurry"),
    model="lantern",
    model_label="Lantern",
    style="natural",
    checkpoint="lantern.safetensors",
    template="sd15",
    template_digest="a" * 64,
    card_digest="b" * 64,
    seed=7,
    steps=20,
    cfg=7.5,
    sampler="euler",
    scheduler="normal",
    gen_id="0123456789abcdefghij",
    watermark_id="0123456789abcdef",
    graph={"3": {"class_type": "KSampler", "inputs": {"seed": 7, "model": ["1", 0]}}},
)
