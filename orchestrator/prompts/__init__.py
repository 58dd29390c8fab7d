"""Text to prompt, prompt to the texts that the diffusion model is told. Pure functions."""

from orchestrator.prompts.compose import compose
from orchestrator.prompts.enhance import enriched, make_guide
from orchestrator.prompts.parse import parse, render
from orchestrator.prompts.random import random_prompt

__all__ = ["compose", "enriched", "make_guide", "parse", "random_prompt", "render"]
