"""A graph that somebody made in ComfyUI, as a template: what a request is likely to decide is
bound, and it ends in Imgen Output."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from orchestrator.models import Graph
from orchestrator.workflows.build import OUTPUT_CLASS
from orchestrator.workflows.faults import title
from orchestrator.workflows.links import link_of, links, upstream

BOUND = {  # by class: inputs with the expressions that fit them
    "KSampler": {
        "seed": "{{ seed }}",
        "steps": "{{ steps }}",
        "cfg": "{{ cfg }}",
        "sampler_name": "{{ sampler }}",
        "scheduler": "{{ scheduler }}",
    },
    "KSamplerAdvanced": {
        "noise_seed": "{{ seed }}",
        "steps": "{{ steps }}",
        "cfg": "{{ cfg }}",
        "sampler_name": "{{ sampler }}",
        "scheduler": "{{ scheduler }}",
    },
    "CheckpointLoaderSimple": {"ckpt_name": "{{ checkpoint }}"},
    "UNETLoader": {"unet_name": "{{ checkpoint }}"},
}
CANVAS = {"width": "{{ width }}", "height": "{{ height }}", "batch_size": "{{ batch }}"}
TEXT_CLASS = "CLIPTextEncode"
SAVERS = ("SaveImage", "PreviewImage")


def propose(graph: Graph) -> tuple[Graph, list[str]]:
    """A template, and what was done to the graph, a line each."""
    proposed = deepcopy(graph)
    done = [*_bind_inputs(proposed), *_bind_texts(proposed), *_end_in_output(proposed)]
    return proposed, done


def _bind_inputs(graph: Graph) -> Iterator[str]:
    for node_id, node in graph.items():
        is_canvas = node["class_type"].startswith("Empty") and "Latent" in node["class_type"]
        wanted = CANVAS if is_canvas else BOUND.get(node["class_type"], {})
        for name, expression in wanted.items():
            yield from _bind(graph, node_id, name, expression)


def _bind_texts(graph: Graph) -> Iterator[str]:
    """Texts by what they feed; one that feeds both is the positive."""
    taken: set[str] = set()
    for side in ("positive", "negative"):
        found = [text for node in graph.values() for text in _texts_behind(graph, node, side)]
        for node_id in sorted(set(found) - taken):
            taken.add(node_id)
            yield from _bind(graph, node_id, "text", f"{{{{ {side} }}}}")


def _texts_behind(graph: Graph, node: dict[str, Any], side: str) -> list[str]:
    link = link_of(node["inputs"].get(side))
    behind = upstream(graph, link[0]) if link else set()
    return [node_id for node_id in behind if graph[node_id]["class_type"] == TEXT_CLASS]


def _bind(graph: Graph, node_id: str, name: str, expression: str) -> Iterator[str]:
    inputs = graph[node_id]["inputs"]
    if name in inputs and link_of(inputs[name]) is None:
        yield f"{title(node_id, graph[node_id])}: {name} is {expression} (was {inputs[name]!r})"
        inputs[name] = expression


def _end_in_output(graph: Graph) -> Iterator[str]:
    """The first that saves becomes the output, and others are dropped: nothing hangs on them."""
    if any(node["class_type"] == OUTPUT_CLASS for node in graph.values()):
        return
    savers = [n for n, node in graph.items() if node["class_type"] in SAVERS]
    for number, node_id in enumerate(savers):
        label = title(node_id, graph[node_id])
        image = links(graph[node_id]).get("images")
        if number or image is None:
            del graph[node_id]
            yield f"{label}: dropped; a template has one output"
            continue
        meta = graph[node_id].get("_meta", {}) | {"title": "Output"}
        inputs = {"image": list(image)}
        graph[node_id] = {"class_type": OUTPUT_CLASS, "inputs": inputs, "_meta": meta}
        yield f"{label}: is the Imgen Output"
