"""The nodes in a real ComfyUI, as the service and as an artist use them."""

import json
import uuid
from email import message_from_bytes
from io import BytesIO

import numpy as np
import pytest
import requests
from pictures import PAYLOAD, base64_of, file_of
from PIL import Image
from websockets.sync.client import connect

from comfy_nodes.marks import VERSION
from comfy_nodes.marks.watermark import decode

pytestmark = pytest.mark.comfyui

LIMIT = 60.0  # seconds
NODES = (
    "ImgenBrand",
    "ImgenDemoPainter",
    "ImgenEncode",
    "ImgenFingerprint",
    "ImgenFinish",
    "ImgenOutput",
    "ImgenWatermark",
)


class Page:
    """A browser's part: sends a graph and hears what becomes of it."""

    def __init__(self, url):
        self.url = url

    def run(self, graph):
        """Events of the run, and what its output nodes showed."""
        client = uuid.uuid4().hex
        address = self.url.replace("http", "ws") + f"/ws?clientId={client}"
        with connect(address, max_size=None) as socket:
            body = {"prompt": graph, "client_id": client}
            answer = requests.post(f"{self.url}/prompt", json=body, timeout=LIMIT).json()
            events = list(self._events(socket, answer["prompt_id"]))
        history = self.get(f"/history/{answer['prompt_id']}").json()
        return events, history[answer["prompt_id"]]["outputs"]

    def get(self, path, **params):
        return requests.get(self.url + path, params=params, timeout=LIMIT)

    def _events(self, socket, run):
        while True:
            message = socket.recv(timeout=LIMIT)
            if isinstance(message, str):
                event = json.loads(message)
                yield event
                if event["type"] == "executing" and _is_end(event["data"], run):
                    return

    def view(self, file):
        answer = self.get("/view", **{key: file[key] for key in ("filename", "subfolder", "type")})
        return Image.open(BytesIO(answer.content))


@pytest.fixture(scope="module")
def page(comfyui):
    return Page(comfyui)


def _is_end(data, run):
    return data["node"] is None and data.get("prompt_id") == run


def painter(**changes):
    inputs = {
        "positive": "red coat, snowy street",
        "negative": "",
        "seed": 1,
        "width": 320,
        "height": 256,
        "steps": 3,
        "batch_size": 1,
    }
    return {"class_type": "ImgenDemoPainter", "inputs": inputs | changes}


def finish(delivery, **changes):
    inputs = {
        "image": ["1", 0],
        "delivery": delivery,
        "payload": PAYLOAD,
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
    }
    return {"class_type": "ImgenFinish", "inputs": inputs | changes}


def new_delivery():
    return f"{uuid.uuid4()}/1"


def parts_of(answer):
    """Content type and bytes of each part, by name; the unnamed first one is `facts`."""
    head = f"Content-Type: {answer.headers['Content-Type']}\r\n\r\n".encode()
    return {
        part.get_param("name", "facts", "content-disposition"): (
            part.get_content_type(),
            part.get_payload(decode=True),
        )
        for part in message_from_bytes(head + answer.content).get_payload()
    }


@pytest.mark.parametrize("node", NODES)
def test_every_node_describes_itself_for_the_page(page, node):
    described = page.get(f"/object_info/{node}").json()[node]
    assert described["category"] == "imgen"
    assert described["display_name"].startswith("Imgen ")
    assert described["description"]


@pytest.mark.parametrize("node", NODES)
def test_every_widget_has_a_tooltip_and_a_default(page, node):
    widgets = page.get(f"/object_info/{node}").json()[node]["input"]["required"]
    for kind, options in widgets.values():
        assert options["tooltip"]
        assert kind == "IMAGE" or "default" in options


def test_the_pack_says_its_version(page):
    assert page.get("/imgen/version").json()["pack"] == VERSION


def test_a_run_delivers_marked_pictures(page):
    delivery = new_delivery()
    page.run({"1": painter(batch_size=2), "2": finish(delivery)})
    answer = page.get(f"/imgen/results/{delivery}", wait=30)
    parts = parts_of(answer)
    assert answer.status_code == 200
    assert list(parts) == ["facts", "picture-1", "thumbnail-1", "picture-2", "thumbnail-2"]
    facts = json.loads(parts["facts"][1])
    assert [(f["width"], f["height"], f["format"]) for f in facts] == [(320, 256, "png")] * 2
    for name in ("picture-1", "picture-2"):
        pixels = np.asarray(Image.open(BytesIO(parts[name][1])))
        assert decode(pixels).payload == PAYLOAD
    assert parts["picture-1"][1] != parts["picture-2"][1]


def test_a_delivery_is_known_as_soon_as_the_run_ends(page):
    delivery = new_delivery()
    page.run({"1": painter(), "2": finish(delivery)})
    assert page.get(f"/imgen/results/{delivery}").status_code in (200, 202)


def test_the_same_graph_delivers_again(page):
    delivery = new_delivery()
    for _ in range(2):
        page.run({"1": painter(), "2": finish(delivery)})
        url = f"{page.url}/imgen/results/{delivery}"
        assert requests.get(url, params={"wait": 30}, timeout=LIMIT).status_code == 200
        requests.delete(url, timeout=LIMIT)
        assert requests.get(url, timeout=LIMIT).status_code == 404


def test_a_mark_that_is_no_picture_is_told_as_the_reason(page):
    delivery = new_delivery()
    page.run({"1": painter(), "2": finish(delivery, mark="AAAA")})
    answer = page.get(f"/imgen/results/{delivery}", wait=30)
    assert answer.status_code == 500
    assert "BadMark" in answer.json()["error"]


def test_the_painter_reports_every_step(page):
    events, _ = page.run({"1": painter(steps=5, seed=77), "2": finish(new_delivery())})
    steps = [e["data"]["value"] for e in events if e["type"] == "progress"]
    assert steps == [1, 2, 3, 4, 5]


def test_a_running_painter_can_be_interrupted(page):
    client = uuid.uuid4().hex
    graph = {"1": painter(steps=150, width=1344, height=768, seed=78), "2": finish(new_delivery())}
    with connect(page.url.replace("http", "ws") + f"/ws?clientId={client}") as socket:
        body = {"prompt": graph, "client_id": client}
        requests.post(f"{page.url}/prompt", json=body, timeout=LIMIT)
        seen = _until(socket, "progress")
        requests.post(f"{page.url}/interrupt", timeout=LIMIT)
        seen += _until(socket, "execution_interrupted")
    assert sum(kind == "progress" for kind in seen) < 150


def _until(socket, wanted):
    seen = []
    while wanted not in seen:
        message = socket.recv(timeout=LIMIT)
        seen += [json.loads(message)["type"]] if isinstance(message, str) else []
    return seen


def test_by_hand_the_output_shows_a_temporary_draft(page):
    output = {"class_type": "ImgenOutput", "inputs": {"image": ["1", 0]}}
    _, outputs = page.run({"1": painter(seed=79), "2": output})
    (file,) = outputs["2"]["images"]
    assert file["type"] == "temp"
    assert "Draft" in outputs["2"]["text"][0]
    assert page.view(file).size == (320, 256)


@pytest.mark.parametrize("form", ["jpeg", "png", "webp", "avif"])
def test_by_hand_pictures_are_saved_in_every_format(page, form):
    encode = {
        "class_type": "ImgenEncode",
        "inputs": {
            "image": ["1", 0],
            "format": form,
            "quality": 90,
            "lossless": False,
            "filename_prefix": "trial/picture",
        },
    }
    _, outputs = page.run({"1": painter(batch_size=2, seed=80), "2": encode})
    pictures = [page.view(file) for file in outputs["2"]["images"]]
    assert [picture.format for picture in pictures] == [form.upper()] * 2


def test_by_hand_a_loaded_picture_is_a_mark_with_its_transparency(page):
    logo = Image.new("RGBA", (64, 64), (0, 255, 0, 255))
    logo.paste((0, 0, 0, 0), (0, 0, 64, 32))
    upload = {"image": ("logo.png", file_of(logo), "image/png")}
    requests.post(f"{page.url}/upload/image", files=upload, timeout=LIMIT)
    brand = {
        "image": ["1", 0],
        "mark": "",
        "position": "center",
        "scale": 20,
        "opacity": 100,
        "rotation": 0,
        "padding_x": 0,
        "padding_y": 0,
        "mark_image": ["3", 0],
        "mark_mask": ["3", 1],
    }
    graph = {
        "1": {"class_type": "EmptyImage", "inputs": EMPTY},
        "3": {"class_type": "LoadImage", "inputs": {"image": "logo.png", "upload": "image"}},
        "4": {"class_type": "ImgenBrand", "inputs": brand},
        "5": {"class_type": "SaveImage", "inputs": {"images": ["4", 0], "filename_prefix": "b"}},
    }
    _, outputs = page.run(graph)
    pixels = np.asarray(page.view(outputs["5"]["images"][0]))
    assert pixels[110, 160, 1] == 0  # the transparent upper half
    assert pixels[146, 160, 1] == 255


EMPTY = {"width": 320, "height": 256, "batch_size": 1, "color": 0}


def test_by_hand_marks_and_fingerprints_can_be_chained(page):
    mark = base64_of(file_of(Image.new("RGB", (40, 20), (255, 0, 0))))
    brand = {"mark": mark, "position": "top-left", "scale": 10, "opacity": 100}
    place = {"rotation": 0, "padding_x": 0, "padding_y": 0}
    graph = {
        "1": painter(seed=81),
        "2": {"class_type": "ImgenBrand", "inputs": {"image": ["1", 0], **brand, **place}},
        "3": {"class_type": "ImgenWatermark", "inputs": {"image": ["2", 0], "payload": PAYLOAD}},
        "4": {"class_type": "ImgenFingerprint", "inputs": {"image": ["3", 0]}},
        "5": {"class_type": "SaveImage", "inputs": {"images": ["4", 0], "filename_prefix": "c"}},
    }
    _, outputs = page.run(graph)
    pixels = np.asarray(page.view(outputs["5"]["images"][0]))
    assert pixels[5, 5, 0] == 255
    assert decode(pixels).payload == PAYLOAD
