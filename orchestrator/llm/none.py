"""No language model is configured: enhancing fails, as the contract says."""

from typing import NoReturn

from orchestrator.errors import EnhancementFailed


class NoEnhancer:
    async def enhance(self, text: str, *, model: str) -> NoReturn:
        raise EnhancementFailed(detail="no language model is configured")
