"""A group whose commands are imported when they are run: each of them imports a part of the
service, and all together take seconds."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click


@dataclass(frozen=True)
class Listed:
    file: str  # of this folder; it has the command under the command's own name
    help: str  # the command's first sentence


class LazyGroup(click.Group):
    def __init__(self, *args: Any, listed: Mapping[str, Listed], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._listed = listed

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  the signature is theirs
        return list(self._listed)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in self._listed:
            return None
        module = import_module(f"{__package__}.{self._listed[cmd_name].file}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, listed.help) for name, listed in self._listed.items()])
