"""Drafts of a template as it is on the page."""

from typing import Any

import pytest
from door import Client, opened, origin, writing
from twins import World

from orchestrator.models import Finding


async def tried(client: Client, **fields: Any) -> Any:
    """The answer to a draft of the template as it is in the folder."""
    text = (await opened(client))["text"]
    return await client.post(
        "/comfy/imgen/templates/demo/draft",
        json={"text": text, "model": "demo", "prompt": "red coat"} | fields,
        headers=await writing(client),
    )


async def test_a_draft_is_filled_as_a_request_would_fill_it(artist: Client) -> None:
    answer = await tried(artist, character="aya", style="plain")
    graph = (await answer.json())["graph"]
    [painter] = [n["inputs"] for n in graph.values() if n["class_type"] == "ImgenDemoPainter"]
    assert painter["positive"] == "aya person, red coat, sharp"
    assert painter["width"] == 1344


async def test_a_draft_ends_before_the_marks(artist: Client) -> None:
    graph = (await (await tried(artist)).json())["graph"]
    assert {n["class_type"] for n in graph.values()} == {"ImgenDemoPainter", "ImgenOutput"}


async def test_a_draft_is_of_the_graph_on_the_page(artist: Client) -> None:
    text = (await opened(artist))["text"].replace('"{{ steps }}"', "3")
    graph = (await (await tried(artist, text=text)).json())["graph"]
    assert graph["1"]["inputs"]["steps"] == 3


async def test_a_draft_of_a_faulty_template_tells_the_node(artist: Client) -> None:
    text = (await opened(artist))["text"].replace("{{ steps }}", "{{ stepz }}")
    answer = await tried(artist, text=text)
    [fault] = (await answer.json())["faults"]
    assert (answer.status, fault["node"], fault["input"]) == (422, "1", "steps")


async def test_a_draft_passes_the_rules_for_prompts(artist: Client, world: World) -> None:
    world.unsafe["screen"] = (Finding(rule="r", category="c", reviewer="twin"),)
    assert (await tried(artist)).status == 400


@pytest.mark.parametrize("field", ["model", "style", "character"])
async def test_a_draft_names_what_there_is(artist: Client, field: str) -> None:
    answer = await tried(artist, **{field: "nobody"})
    assert (answer.status, await answer.json()) == (400, {"error": f"Invalid field: {field}"})


async def test_a_draft_needs_the_token_of_the_session(artist: Client) -> None:
    answer = await artist.post(
        "/comfy/imgen/templates/demo/draft", json={"text": "{}"}, headers=origin(artist)
    )
    assert answer.status == 403


async def test_choices_are_of_the_models_that_use_the_template(artist: Client) -> None:
    answer = await artist.get("/comfy/imgen/templates/sampled/choices")
    offered = await answer.json()
    assert [model["key"] for model in offered["models"]] == ["learned"]
    assert offered["characters"] == [{"name": "aya", "unfit": []}]
