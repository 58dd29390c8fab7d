"""Asks a language model for a richer description. The caller's words are data in the question: a
JSON object in the user's turn, in which no character can be read as a turn or a special token."""

import json
import re

from orchestrator.errors import EnhancementFailed
from orchestrator.llm.chat import Chat, Message
from orchestrator.llm.clean import clean
from orchestrator.ports import Guide

_OF_TOKENS = re.compile(r"[<>|\[\]]")  # <|im_end|>, </s>, [INST]: templates of chat models


class ChatEnhancer:
    def __init__(self, chat: Chat) -> None:
        self._chat = chat

    async def enhance(self, text: str, *, guide: Guide) -> str:
        if not guide.instruction:
            raise EnhancementFailed(detail="workflows/prompts/enhance.j2 is missing or empty")
        return clean(await self._chat.ask(question(text, guide)))


def question(text: str, guide: Guide) -> list[Message]:
    data = json.dumps({"description": text, "avoid": ", ".join(guide.avoid)}, ensure_ascii=False)
    escaped = _OF_TOKENS.sub(lambda match: f"\\u{ord(match[0]):04x}", data)
    return [
        {"role": "system", "content": guide.instruction},
        {"role": "user", "content": escaped},
    ]
