"""An artist's whole way, in a real Chromium on the real page of ComfyUI: of the packaged one, or of
the checkout that IMGEN_COMFYUI_PATH and IMGEN_COMFYUI_PYTHON name."""

import json
import os
import re
import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from browser import Artist, chromium
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from orchestrator.workflows import packaged_schemas

HOME = Path(__file__).parent.parent.parent
sys.path.append(str(HOME / "tests" / "acceptance"))

from service import Service  # noqa: E402

pytestmark = pytest.mark.comfyui

# The packaged page paints them on a canvas; newer ones can make them of HTML too.
KINDS_OF_NODES = ["painted", "html"] if "IMGEN_COMFYUI_PATH" in os.environ else ["painted"]
TEMPLATES = sorted(t.stem for t in (HOME / "workflows" / "templates").glob("*.json"))


@pytest.fixture(scope="module")
def workflows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("artists") / "workflows"
    shutil.copytree(HOME / "workflows", folder)
    return folder


@pytest.fixture(scope="module")
def service(workflows: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    data = tmp_path_factory.mktemp("artists-service")
    running = Service(data, {"IMGEN_WORKFLOWS_DIR": str(workflows)}).start()
    yield running
    running.stop()


@pytest.fixture(scope="module", params=KINDS_OF_NODES)
def artist(service: Service, request: pytest.FixtureRequest) -> Iterator[Artist]:
    with chromium() as page:
        artist = Artist(page, service.url)
        artist.log_in(service.key)
        if not artist.show_nodes(request.param):
            pytest.skip(f"this page has no {request.param} nodes")
        yield artist


@pytest.fixture(autouse=True)
def _fresh(workflows: Path, artist: Artist) -> None:
    for template in (HOME / "workflows" / "templates").glob("*.json"):
        (workflows / "templates" / template.name).write_bytes(template.read_bytes())


def published(workflows: Path, name: str) -> dict[str, Any]:
    graph: dict[str, Any] = json.loads((workflows / "templates" / f"{name}.json").read_text())
    return graph


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_that_is_opened_in_the_page_comes_back_as_it_was(
    artist: Artist, workflows: Path, name: str
) -> None:
    graph = published(workflows, name)
    if missing := artist.missing(graph):
        assert missing.isdisjoint(packaged_schemas()), "every ComfyUI has these"
        artist.choose(name)
        assert missing <= set(re.findall(r"\w+", artist.told()))
    else:
        artist.open(name)
        assert artist.text() == (workflows / "templates" / f"{name}.json").read_text()


def test_changes_in_the_page_are_published(artist: Artist, workflows: Path) -> None:
    former = published(workflows, "sdxl")
    artist.open("sdxl")
    artist.node("Checkpoint", "node.title = 'Weights'")
    artist.move("Weights")
    artist.bind("Sampler", "steps", "Unbind")
    artist.node("Sampler", "widget('steps').value = 31")
    artist.bind("LoRA", "strength_clip", "cfg")
    artist.clause("LoRA", "each", "lora in loras[:2]")
    assert "is published" in artist.publish()
    now = published(workflows, "sdxl")
    moved = [a + 40 for a in former["1"]["_meta"]["position"]]
    assert now["1"]["_meta"]["title"] == "Weights"
    assert now["1"]["_meta"]["position"] == pytest.approx(moved, abs=10)
    assert now["2"]["inputs"]["strength_clip"] == "{{ cfg }}"
    assert now["2"]["_meta"]["each"] == "lora in loras[:2]"
    assert now["6"]["inputs"]["steps"] == 31
    for changed in ("1", "2", "6"):
        del now[changed], former[changed]
    assert now == former


def test_the_next_job_runs_what_was_published(
    artist: Artist, service: Service, workflows: Path
) -> None:
    accepted = service.call("generate", prompt="red coat", model="demo", width=256)["id"]
    before = painted_steps(service, accepted)
    artist.open("demo")
    artist.node("Painter", "delete node.properties.imgen.bindings.steps; widget('steps').value = 7")
    assert "is published" in artist.publish()
    assert published(workflows, "demo")["1"]["inputs"]["steps"] == 7
    assert painted_steps(service, accepted) == before  # of the job that was accepted before
    assert 7 in jobs_until_seven(service)


def jobs_until_seven(service: Service) -> list[int]:
    """The steps of one job after another; published files are served within 5 s."""
    steps: list[int] = []
    deadline = time.monotonic() + 5
    while 7 not in steps and time.monotonic() < deadline:
        job_id = service.call("generate", prompt="red coat", model="demo", width=256)["id"]
        service.wait(job_id)
        steps.append(painted_steps(service, job_id))
    return steps


def painted_steps(service: Service, job_id: str) -> int:
    """Of the graph in the job's record."""
    record = str(UUID(job_id.removeprefix("run_")))
    with sqlite3.connect(f"file:{service.data_dir / 'imgen.db'}?mode=ro", uri=True) as database:
        [plan] = database.execute("SELECT plan FROM jobs WHERE id = ?", (record,)).fetchone()
    database.close()
    nodes = json.loads(plan)["graph"].values()
    return next(n["inputs"]["steps"] for n in nodes if n["class_type"] == "ImgenDemoPainter")


def test_a_draft_shows_the_graph_of_the_page_as_a_request_would_draw_it(artist: Artist) -> None:
    artist.open("demo")
    artist.node("Painter", "delete node.properties.imgen.bindings.steps; widget('steps').value = 3")
    drawn = {
        n["class_type"]: n["inputs"] for n in artist.draft("red coat", character="aya").values()
    }
    assert drawn.keys() == {"ImgenDemoPainter", "ImgenOutput"}
    assert drawn["ImgenDemoPainter"]["steps"] == 3
    assert "aya" in drawn["ImgenDemoPainter"]["positive"]


def test_a_template_whose_nodes_are_missing_says_where_they_come_from(artist: Artist) -> None:
    artist.open("demo")
    artist.choose("sdxl_ip_adapter")
    assert "IPAdapter: it comes with the node pack" in artist.told()
    assert artist.chosen() == "demo"


def test_what_another_has_published_is_shown_before_it_is_replaced(
    artist: Artist, workflows: Path
) -> None:
    artist.open("demo")
    file = workflows / "templates" / "demo.json"
    file.write_text(file.read_text().replace("Painter", "Theirs"))
    assert "Theirs" in artist.publish()
    assert "Theirs" in file.read_text()


def test_a_broken_graph_is_refused_at_its_node(artist: Artist, workflows: Path) -> None:
    former = published(workflows, "demo")
    artist.open("demo")
    artist.node("Painter", "node.properties.imgen.bindings.steps = '{{ stepz }}'")
    said = artist.publish()
    assert "was not published" in said
    assert "Painter: steps" in said
    assert published(workflows, "demo") == former


def test_the_page_knows_its_template_again_when_it_is_loaded_anew(artist: Artist) -> None:
    artist.open("demo")
    artist.clause("Output", "when", "seed % 77")
    former = artist.text()
    artist.load_anew("demo", once_remembered="seed % 77")
    assert artist.text() == former
    artist.bind("Painter", "steps", "seed")
    assert '"steps": "{{ seed }}"' in artist.text()


def test_a_picture_that_is_dropped_on_the_page_brings_its_template(artist: Artist) -> None:
    artist.open("demo")
    artist.node("Painter", "node.title = 'Brush'")
    former = artist.text()
    picture = with_workflow(artist.workflow())
    artist.open("sd15")
    artist.drop(picture)
    artist.page.wait_for_function("app.graph._nodes.some(n => n.title === 'Brush')")
    assert artist.text() == former


def with_workflow(workflow: str) -> bytes:
    """A picture as ComfyUI saves it."""
    chunks, written = PngInfo(), BytesIO()
    chunks.add_text("workflow", workflow)
    Image.new("RGB", (8, 8)).save(written, "PNG", pnginfo=chunks)
    return written.getvalue()


def test_a_graph_is_saved_as_a_new_template(artist: Artist, workflows: Path) -> None:
    artist.open("demo")
    name = f"fresh_{uuid4().hex}"
    assert "is published" in artist.save_as(name)
    assert published(workflows, name) == published(workflows, "demo")


def test_a_former_version_is_compared(artist: Artist) -> None:
    artist.open("sd2")
    artist.node("Checkpoint", "node.title = 'Weights'")
    artist.publish()
    differences = artist.differences(1)
    assert '"Checkpoint"' in differences["del"]
    assert '"Weights"' in differences["ins"]


def test_a_former_version_is_restored(artist: Artist, workflows: Path) -> None:
    former = (workflows / "templates" / "sd15.json").read_text()
    artist.open("sd15")
    artist.node("Checkpoint", "node.title = 'Weights'")
    artist.publish()
    assert (workflows / "templates" / "sd15.json").read_text() != former
    artist.restore(1)
    assert (workflows / "templates" / "sd15.json").read_text() == former


def test_an_artist_can_leave(artist: Artist) -> None:
    artist.page.click(".imgen-bar button:text('Log out')")
    artist.page.wait_for_selector("input[name=key]")
    assert artist.page.request.get(f"{artist.url}/comfy/prompt").status == 401
