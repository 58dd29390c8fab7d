"""The command line: `imgen …`."""

import sys

import click

from orchestrator.cli.cache import cache
from orchestrator.cli.cancel import cancel
from orchestrator.cli.check import check
from orchestrator.cli.comfyui import comfyui
from orchestrator.cli.doctor import doctor
from orchestrator.cli.generate import generate
from orchestrator.cli.inspect import config, models
from orchestrator.cli.keys import keys
from orchestrator.cli.publish import publish
from orchestrator.cli.random import random
from orchestrator.cli.secrets import secrets
from orchestrator.cli.serve import api, serve, worker
from orchestrator.cli.templates import templates
from orchestrator.cli.verify import verify
from orchestrator.cli.webhooks import webhooks
from orchestrator.errors import ImgenError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="imgen")
def imgen() -> None:
    """Turn raw prompts into signed pictures, with ComfyUI.

    \b
    Start the service:       imgen serve
    Give somebody a key:     imgen keys create alice
    Make a picture:          imgen generate "@aya red coat, snowy street, -umbrella"
    Was it made here:        imgen verify FILE

    Settings come from IMGEN_… variables and imgen.toml; `imgen config` shows them all.
    """


for command in (serve, keys, generate, cancel, random, verify, models, templates, comfyui):
    imgen.add_command(command)
for command in (config, doctor, check):
    imgen.add_command(command)


imgen.add_command(webhooks)
imgen.add_command(cache)
for command in (api, worker, publish, secrets):
    imgen.add_command(command)


def main() -> None:
    try:
        imgen()
    except ImgenError as error:
        sys.exit(f"imgen: {error}")
