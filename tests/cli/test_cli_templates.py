"""`imgen templates` says where each template runs, and what it lacks elsewhere."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from aiohttp import web
from click.testing import CliRunner, Result

from orchestrator.cli import imgen
from orchestrator.workflows import official_schemas, packaged_schemas
from orchestrator.workflows.snapshots import origin

HOME = Path(__file__).parents[2]
SNAPSHOT = HOME / "orchestrator" / "workflows" / "object_info.json"


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Result]:
    folder = tmp_path / "templates"
    folder.mkdir()
    for name in ("demo", "flux", "sdxl_ip_adapter", "z_image"):
        source = HOME / "workflows" / "templates" / f"{name}.json"
        (folder / source.name).write_bytes(source.read_bytes())
    monkeypatch.setenv("IMGEN_WORKFLOWS_DIR", str(tmp_path))
    monkeypatch.setenv("IMGEN_MODELS_DIR", str(tmp_path / "models"))
    return lambda *words: CliRunner().invoke(imgen, ["templates", *words])


@pytest.fixture
async def comfyui() -> AsyncIterator[str]:
    """The address of one that declares what the packaged one does."""

    async def object_info(_: web.Request) -> web.Response:
        return web.json_response(json.loads(SNAPSHOT.read_text()))

    app = web.Application()

    async def system_stats(_: web.Request) -> web.Response:
        return web.json_response({"system": {"comfyui_version": "0.3.64"}, "devices": []})

    app.add_routes([web.get("/object_info", object_info), web.get("/system_stats", system_stats)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


def test_check_names_where_each_runs(command: Callable[..., Result]) -> None:
    done = command("check")
    assert done.exit_code == 0
    assert "demo runs on the packaged ComfyUI" in done.stderr
    assert "flux runs on ComfyUI 0.3.64" in done.stderr
    assert "sdxl_ip_adapter runs on ComfyUI 0.3.64 with ComfyUI_IPAdapter_plus" in done.stderr


def test_check_tells_of_a_template_that_runs_nowhere(
    command: Callable[..., Result], tmp_path: Path
) -> None:
    graph = {"1": {"class_type": "NoSuchNode", "inputs": {}}}
    (tmp_path / "templates" / "odd.json").write_text(json.dumps(graph))
    done = command("check")
    assert done.exit_code == 1
    assert "class NoSuchNode is not installed" in done.stdout


async def test_against_a_live_comfyui_what_is_missing_is_named_with_its_source(
    command: Callable[..., Result], comfyui: str
) -> None:
    done = await asyncio.to_thread(command, "check", "--url", comfyui)
    assert done.exit_code == 1
    assert f"demo runs on {comfyui}" in done.stderr
    assert 'node "Guidance": class FluxGuidance is not installed: it needs a newer' in done.stdout
    assert "it needs the node pack ComfyUI_IPAdapter_plus (https://" in done.stdout
    assert 'z_image, node "Diffusion model": needs ComfyUI 0.3.75 or newer' in done.stdout


def test_list_names_where_each_runs(command: Callable[..., Result]) -> None:
    done = command("list")
    assert done.exit_code == 0
    assert "packaged" in done.stdout


def test_where_a_class_comes_from() -> None:
    assert "ComfyUI-GGUF" in origin("UnetLoaderGGUF")
    assert "newer ComfyUI" in origin("FluxGuidance")
    assert origin("NoSuchNode") == ""


def test_the_snapshots_know_our_nodes_alike() -> None:
    packaged, official = (
        {name: schema for name, schema in schemas.items() if name.startswith("Imgen")}
        for schemas in (packaged_schemas(), official_schemas())
    )
    assert packaged == official
