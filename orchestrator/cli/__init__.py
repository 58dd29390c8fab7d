"""The command line: `imgen …`."""

import sys

import click

from orchestrator.cli.lazy import LazyGroup, Listed
from orchestrator.errors import ImgenError

COMMANDS = {  # in the order of the help
    "serve": Listed("serve", "Run the API, a worker and a managed ComfyUI until Ctrl-C."),
    "keys": Listed("keys", "Create, list and switch API keys."),
    "generate": Listed("generate", "Make a picture from PROMPT and save it."),
    "cancel": Listed("cancel", "End the job ID, and print how it has ended."),
    "random": Listed("random", "Draw prompts from the word lists in workflows/prompts."),
    "verify": Listed("verify", "Say whether the picture FILE was made here."),
    "models": Listed("models", "List what is served, and what is not and why."),
    "templates": Listed("templates", "List, check and render workflow templates."),
    "check": Listed("check", "Check a workflows folder as the service would read it."),
    "publish": Listed("publish", "Check FILES and serve them in every process within 5 s."),
    "comfyui": Listed("comfyui", "Install an official ComfyUI, or start the configured one."),
    "cache": Listed("cache", "Look into, clear and rebuild the cache of a running service."),
    "webhooks": Listed("webhooks", "Show and repeat webhooks."),
    "config": Listed("config", "Print every setting: its value, its source, what it does."),
    "doctor": Listed("doctor", "Say what is wrong with this installation and what to do."),
    "api": Listed("serve", "Run only the API until Ctrl-C: one of a fleet."),
    "worker": Listed("serve", "Run only a worker until Ctrl-C: one of a fleet."),
    "secrets": Listed("secrets", "Print new secrets for an environment file; keep nothing."),
}


@click.group(
    cls=LazyGroup,
    listed=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="imgen")
def imgen() -> None:
    """Turn raw prompts into signed pictures, with ComfyUI.

    \b
    Start the service:       imgen serve
    Give somebody a key:     imgen keys create alice
    Make a picture:          imgen generate "@aya red coat, snowy street"
    Was it made here:        imgen verify FILE

    Settings come from IMGEN_… variables and imgen.toml; `imgen config` shows them all.
    """


def main() -> None:
    try:
        imgen()
    except ImgenError as error:
        sys.exit(f"imgen: {error}")
