"""What ComfyUI answers to `/queue`, `/history` and `/system_stats`, as frozen values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.comfy.events import Event, NodeFailed, RunInterrupted, RunSucceeded, to_event
from orchestrator.models import Job


@dataclass(frozen=True)
class Mark:
    """Whose run it is. Travels as `extra_data.imgen`, so that a run can be found after a crash."""

    job: str
    attempt: int

    @property
    def delivery(self) -> str:
        """Where the node pack keeps the results."""
        return f"{self.job}/{self.attempt}"

    def is_of(self, job: Job) -> bool:
        """Whether it is the job's, and not of a later attempt."""
        return self.job == str(job.id) and self.attempt <= job.attempt


@dataclass(frozen=True)
class Entry:
    run: str  # ComfyUI's own id
    mark: Mark | None  # None: somebody else's


@dataclass(frozen=True)
class Queue:
    running: tuple[Entry, ...]
    pending: tuple[Entry, ...]

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.running + self.pending)

    @property
    def running_ids(self) -> frozenset[str]:
        return frozenset(entry.run for entry in self.running)


@dataclass(frozen=True)
class History:
    """The record of a run that has ended."""

    entry: Entry
    completed: bool
    events: tuple[Event, ...]
    dated: bool  # newer versions date their messages, and say `execution_success`

    @property
    def failure(self) -> NodeFailed | None:
        return next((e for e in self.events if isinstance(e, NodeFailed)), None)

    @property
    def interrupted(self) -> bool:
        return any(isinstance(event, RunInterrupted) for event in self.events)

    @property
    def succeeded(self) -> bool:
        """`status_str` may be left over from an earlier run, so a newer version has to say it."""
        if self.failure or self.interrupted or not self.completed:
            return False
        return not self.dated or any(isinstance(event, RunSucceeded) for event in self.events)


@dataclass(frozen=True)
class Machine:
    """What computes, in ComfyUI's words."""

    device: str = ""
    version: str = ""  # of ComfyUI; older ones don't tell


def read_machine(answer: Mapping[str, Any]) -> Machine:
    """Raises KeyError, TypeError on anything else."""
    devices = ", ".join(str(device["name"]) for device in answer["devices"])
    return Machine(devices, str(answer.get("system", {}).get("comfyui_version", "")))


def read_queue(answer: Mapping[str, Any]) -> Queue:
    """Raises ValueError on anything but a queue."""
    match answer:
        case {"queue_running": list(running), "queue_pending": list(pending)}:
            return Queue(tuple(map(_entry, running)), tuple(map(_entry, pending)))
    raise ValueError("not a queue")


def read_history(answer: Mapping[str, Any]) -> tuple[History, ...]:
    """Oldest first. Raises ValueError on records that are none."""
    return tuple(_history(record) for record in answer.values())


def read_ours(answer: Mapping[str, Any]) -> tuple[History, ...]:
    """The same, of our own runs only, whatever others have left beside them."""
    ours = (record for record in answer.values() if _is_ours(record))
    return tuple(map(_history, ours))


def _is_ours(record: object) -> bool:
    match record:
        case {"prompt": [_, str(), _, {"imgen": {}}, *_]}:
            return True
    return False


def _entry(item: object) -> Entry:
    match item:
        case [_, str(run), _, {"imgen": {"job": str(job), "attempt": int(attempt)}}, *_]:
            return Entry(run, Mark(job, attempt))
        case [_, str(run), *_]:
            return Entry(run, None)
    raise ValueError("not a queue entry")


def _history(record: object) -> History:
    match record:
        case {"prompt": item, "status": {"completed": bool(completed), "messages": list(messages)}}:
            pairs = [(kind, data) for kind, data in messages]
            return History(
                entry=_entry(item),
                completed=completed,
                events=tuple(to_event(kind, data) for kind, data in pairs),
                dated=any(isinstance(data, dict) and "timestamp" in data for _, data in pairs),
            )
    raise ValueError("not a history entry")
