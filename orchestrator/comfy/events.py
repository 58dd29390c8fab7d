"""What ComfyUI says over its websocket and in its history, as frozen values.

Two generations are understood: mid-2024 (a run ends with `executing {node: null}`) and newer ones
(which add `execution_success` and `progress_state`).
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class QueueChanged:
    """`status`"""

    remaining: int  # runs waiting or running


@dataclass(frozen=True)
class RunStarted:
    """`execution_start`"""

    run: str


@dataclass(frozen=True)
class NodesCached:
    """`execution_cached`; sent on every run, often with an empty list"""

    run: str
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class NodeStarted:
    """`executing`"""

    run: str
    node: str


@dataclass(frozen=True)
class NodeProgressed:
    """`progress` and `progress_state`"""

    run: str
    node: str
    step: int
    steps: int


@dataclass(frozen=True)
class NodeFinished:
    """`executed`"""

    run: str
    node: str


@dataclass(frozen=True)
class RunSucceeded:
    """`execution_success`; the history is not written yet"""

    run: str


_OUT_OF_MEMORY = re.compile(
    r"OutOfMemory|out of memory|MemoryError|would exceed allowed memory|DefaultCPUAllocator"
)


@dataclass(frozen=True)
class NodeFailed:
    """`execution_error`; the run may still go on (`ExecutionBlocked`), the history knows"""

    run: str
    node: str
    exception: str
    message: str

    @property
    def reason(self) -> str:
        return f"{self.exception}: {self.message}"

    @property
    def is_out_of_memory(self) -> bool:
        """Of the device or of the machine, in the words of torch, ComfyUI or Python."""
        return bool(_OUT_OF_MEMORY.search(self.reason))

    @property
    def poisons_process(self) -> bool:
        """After such an error every later run fails too, until ComfyUI is restarted."""
        return bool(re.search(r"(CUDA|HIP) error", self.reason)) and not self.is_out_of_memory


@dataclass(frozen=True)
class RunInterrupted:
    """`execution_interrupted`"""

    run: str


@dataclass(frozen=True)
class RunEnded:
    """`executing` without a node: the executor is done and the history is written"""

    run: str


@dataclass(frozen=True)
class UnknownEvent:
    """Anything else: of a newer ComfyUI, of a custom node, or broken"""

    kind: str


Event = (
    QueueChanged
    | RunStarted
    | NodesCached
    | NodeStarted
    | NodeProgressed
    | NodeFinished
    | RunSucceeded
    | NodeFailed
    | RunInterrupted
    | RunEnded
    | UnknownEvent
)


def parse_event(frame: str | bytes) -> Event:
    """One websocket frame. Never raises; binary frames are previews and unknown."""
    if isinstance(frame, bytes):
        return UnknownEvent("binary")
    try:
        message = json.loads(frame)
    except (ValueError, RecursionError):
        return UnknownEvent("not JSON")
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return UnknownEvent("no type")
    return to_event(message["type"], message.get("data"))


def to_event(kind: str, data: object) -> Event:
    """A message by its type and data, as the websocket and `status.messages` of history have it."""
    match kind, data:
        case "status", {"status": {"exec_info": {"queue_remaining": int(remaining)}}}:
            return QueueChanged(remaining)
        case "progress", {"prompt_id": str(run), "node": str(node), "value": step, "max": steps}:
            return _progress(run, node, step, steps) or UnknownEvent(kind)
        case "progress_state", {"prompt_id": str(run), "nodes": dict(nodes)}:
            return _running_node(run, nodes) or UnknownEvent(kind)
        case "execution_error", {"prompt_id": str(run), **details}:
            return _failure(run, details)
        case _, {"prompt_id": str(run), **details}:
            return _run_event(kind, run, details)
        case _:
            return UnknownEvent(kind)


_WITHOUT_DETAILS: Mapping[str, type[RunStarted | RunSucceeded | RunInterrupted]] = {
    "execution_start": RunStarted,
    "execution_success": RunSucceeded,
    "execution_interrupted": RunInterrupted,
}


def _run_event(kind: str, run: str, data: Mapping[Any, Any]) -> Event:
    if kind in _WITHOUT_DETAILS:
        return _WITHOUT_DETAILS[kind](run)
    match kind, data:
        case "executing", {"node": None}:
            return RunEnded(run)
        case "executing", {"node": str(node)}:
            return NodeStarted(run, node)
        case "executed", {"node": str(node)}:
            return NodeFinished(run, node)
        case "execution_cached", {"nodes": list(nodes)}:
            return NodesCached(run, tuple(map(str, nodes)))
    return UnknownEvent(kind)


def _failure(run: str, data: Mapping[Any, Any]) -> NodeFailed:
    return NodeFailed(
        run,
        node=str(data.get("node_id") or ""),
        exception=str(data.get("exception_type") or ""),
        message=str(data.get("exception_message") or "").strip(),
    )


def _running_node(run: str, nodes: Mapping[Any, Any]) -> NodeProgressed | None:
    for node, state in nodes.items():
        match state:
            case {"state": "running", "value": step, "max": steps}:
                return _progress(run, str(state.get("display_node_id") or node), step, steps)
    return None


def _progress(run: str, node: str, step: object, steps: object) -> NodeProgressed | None:
    match step, steps:
        case ((int() | float()), (int() | float())) if math.isfinite(step) and math.isfinite(steps):
            return NodeProgressed(run, node, int(step), int(steps))
    return None
