"""Makes prompts richer: with a language model, or with word lists alone."""

from orchestrator.llm.builtin import BuiltinEnhancer
from orchestrator.llm.chat import Chat
from orchestrator.llm.enhancer import ChatEnhancer

__all__ = ["BuiltinEnhancer", "Chat", "ChatEnhancer"]
