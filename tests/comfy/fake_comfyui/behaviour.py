"""How a fake ComfyUI behaves: what it is told, and what it is in the mood for."""

from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Self

OUT_OF_MEMORY = "torch.cuda.OutOfMemoryError: Allocation on device 0 would exceed allowed memory"


@dataclass(frozen=True)
class Behaviour:
    """A run keeps the behaviour that it was begun with; the first ones are about the server."""

    version: str = "fake"  # of the node pack
    status: int = 200  # of every answer
    hangs: bool = False  # no request is answered
    takes_up_runs: bool = True
    takes_graphs_late: float = 0.0  # seconds after they came
    interrupts_late: bool = False  # whoever comes after the run that was meant

    seconds: float = 0.0  # that a run takes
    loading: float = 0.0  # seconds, when the run's checkpoint is not the one of the last
    steps: int = 3
    flood: int = 1  # events about each step
    deaf: bool = False  # to interrupts
    ends: bool = True  # else it goes on until it is interrupted
    cuts: bool = False  # closes all websockets in mid-run
    mute: bool = False  # says nothing on its websockets
    answers_pings: bool = True
    blocks: bool = False  # says execution_error, and goes on
    error: str = ""  # `exception type: message` that ends the run
    curable: bool = True  # the error goes away when memory is freed
    leaves_out: dict[str, Any] = field(default_factory=dict)  # node_errors, and the rest is run
    drops_answers: bool = False  # takes a graph and hangs up
    says_success: bool = True
    writes_history: bool = True
    forgets: bool = False  # is restarted in mid-run, and knows nothing any more

    results: int = 200  # status of the answer
    corrupts: bool = False  # a byte of the picture is another
    truncates: bool = False  # the answer ends in the middle
    incomplete: bool = False  # the thumbnail is missing
    repeats: bool = False  # delivers what an earlier run has delivered

    def told(self, **changes: Any) -> Self:
        """Raises TypeError for what nobody knows."""
        return replace(self, **changes)


TROUBLES: dict[str, dict[str, Any]] = {
    "blocked": {"blocks": True},
    "corrupt": {"corrupts": True},
    "cut": {"cuts": True},
    "error": {"error": "RuntimeError: no paint"},
    "flood": {"flood": 2000},
    "forget": {"forgets": True},
    "hang": {"ends": False},
    "hang-up": {"drops_answers": True},
    "incomplete": {"incomplete": True},
    "left-out": {"leaves_out": {"2": {"errors": [], "class_type": "ImgenFinish"}}},
    "lost-bytes": {"results": 404},
    "lost-history": {"writes_history": False},
    "memory": {"error": OUT_OF_MEMORY},
    "mute": {"mute": True},
    "repeat": {"repeats": True},
    "truncated": {"truncates": True},
}


@dataclass
class Mood:
    """Draws for each run whether it meets one of some troubles. The same seed, the same draws."""

    rate: float = 0.0  # share of runs
    troubles: tuple[str, ...] = tuple(TROUBLES)
    seed: int = 0

    def __post_init__(self) -> None:
        self._random = Random(self.seed)

    def for_run(self, behaviour: Behaviour) -> Behaviour:
        if self._random.random() >= self.rate:
            return behaviour
        return behaviour.told(**TROUBLES[self._random.choice(self.troubles)])
