"""How long each thing may take, in seconds, and how much may go wrong."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    # one run
    run: float = 600  # from its start in the executor to its end
    wait: float = 600  # behind other runs in ComfyUI's queue
    silence: float = 5  # nothing heard of a run for so long: ask
    deaf: float = 1  # the same, while no websocket hears of it
    stall: float = 300  # running, heard, and no sign of progress: the executor hangs
    unreachable: float = 120  # no answer for so long: the run is lost
    withdrawal: float = 30  # until an interrupted run has to be gone
    parting: float = 4  # for an answer while a run is withdrawn; it keeps a stop of us waiting
    results: float = 60  # from the end of a run until its bytes are there

    # one instance
    answer: float = 10  # one HTTP call
    connect: float = 5  # a run is submitted without a websocket after so long
    boot: float = 180  # from the start of the process until it is usable
    probe: float = 5  # between two checks
    stop: float = 10  # between asking a process to end and killing it
    longest_pause: float = 60  # between two tries to start or to reconnect

    misses: int = 12  # failed checks in a row after which a process is restarted
    memory: float = 0.85  # share of the machine's; a process that holds more is recycled
    runs: int = 0  # of one process, after which it is recycled; 0: any number
