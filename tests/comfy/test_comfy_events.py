"""Events of both generations are told apart, and nothing that arrives can break the parser."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.comfy.events import (
    NodeFailed,
    NodeFinished,
    NodeProgressed,
    NodesCached,
    NodeStarted,
    QueueChanged,
    RunEnded,
    RunInterrupted,
    RunStarted,
    RunSucceeded,
    UnknownEvent,
    parse_event,
)

KNOWN = [
    ("status", {"status": {"exec_info": {"queue_remaining": 2}}, "sid": "s"}, QueueChanged(2)),
    ("execution_start", {"prompt_id": "r", "timestamp": 1}, RunStarted("r")),
    ("execution_cached", {"prompt_id": "r", "nodes": []}, NodesCached("r", ())),
    ("execution_cached", {"prompt_id": "r", "nodes": ["4"]}, NodesCached("r", ("4",))),
    ("executing", {"prompt_id": "r", "node": "3"}, NodeStarted("r", "3")),
    ("executing", {"prompt_id": "r", "node": "3", "display_node": "3"}, NodeStarted("r", "3")),
    ("executing", {"prompt_id": "r", "node": None}, RunEnded("r")),
    (
        "progress",
        {"prompt_id": "r", "node": "3", "value": 2, "max": 20},
        NodeProgressed("r", "3", 2, 20),
    ),
    (
        "progress_state",
        {
            "prompt_id": "r",
            "nodes": {
                "1": {"state": "finished", "value": 1.0, "max": 1.0},
                "3.0.1": {"state": "running", "value": 5, "max": 9, "display_node_id": "3"},
            },
        },
        NodeProgressed("r", "3", 5, 9),
    ),
    ("executed", {"prompt_id": "r", "node": "9", "output": None}, NodeFinished("r", "9")),
    ("execution_success", {"prompt_id": "r", "timestamp": 1}, RunSucceeded("r")),
    ("execution_interrupted", {"prompt_id": "r", "node_id": "3"}, RunInterrupted("r")),
    (
        "execution_error",
        {
            "prompt_id": "r",
            "node_id": "3",
            "exception_type": "ValueError",
            "exception_message": "bad\n",
        },
        NodeFailed("r", "3", "ValueError", "bad"),
    ),
    ("executing", {"node": "3"}, UnknownEvent("executing")),
    ("progress", {"prompt_id": "r", "node": None, "value": 1, "max": 2}, UnknownEvent("progress")),
    ("a_new_one", {"prompt_id": "r"}, UnknownEvent("a_new_one")),
]


@pytest.mark.parametrize(("kind", "data", "event"), KNOWN)
def test_a_message_becomes_its_event(kind, data, event):
    assert parse_event(json.dumps({"type": kind, "data": data})) == event


def test_a_preview_is_unknown():
    assert parse_event(b"\x00\x00\x00\x01\x00\x00\x00\x01jpeg") == UnknownEvent("binary")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(
            st.sampled_from(["prompt_id", "node", "nodes", "value", "max", "status", "state"]),
            children,
            max_size=4,
        )
    ),
)


@given(kind=st.sampled_from(sorted({kind for kind, _, _ in KNOWN})), data=JSON)
def test_no_data_breaks_the_parser(kind, data):
    parse_event(json.dumps({"type": kind, "data": data}))


@given(st.text() | st.binary())
def test_no_frame_breaks_the_parser(frame):
    parse_event(frame)
