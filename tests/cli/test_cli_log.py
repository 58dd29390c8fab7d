"""What the log of a service looks like to a terminal."""

import logging

from orchestrator.cli.serve import OneLine


def test_a_message_is_one_line_that_commands_no_terminal() -> None:
    said = logging.makeLogRecord({"msg": "%s: faulty", "args": ("a\x1b[31m\nINFO forged",)})
    assert OneLine("%(message)s").format(said) == r"a\x1b[31m\nINFO forged: faulty"
