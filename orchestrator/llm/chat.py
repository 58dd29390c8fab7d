"""One question to an OpenAI-compatible chat endpoint: Ollama, vLLM, llama.cpp's server, …"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Literal, TypedDict

import aiohttp
from pydantic import BaseModel, Field, ValidationError

from orchestrator.errors import EnhancementFailed

LARGEST_ANSWER = 256 * 1024  # bytes
LONGEST_ANSWER = 2048  # tokens; models that think aloud spend most of them on that
TRIES = 3
PAUSE = 0.5  # seconds before the second try, twice as long before the third
TRY_AGAIN = frozenset({429, 500, 502, 503, 504})
AT_ONCE = 8  # questions under way; others wait, within their time


class Message(TypedDict):
    role: Literal["system", "user"]
    content: str


class _Said(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    message: _Said
    finish_reason: str | None = None


class _Answer(BaseModel):
    choices: list[_Choice] = Field(min_length=1)


class _Busy(Exception):
    """The endpoint may answer if asked again"""


class Chat:
    def __init__(self, base_url: str, *, model: str, api_key: str, time_limit: timedelta) -> None:
        """`base_url` is what comes before `/chat/completions`; the time limit is for one question
        with all its tries."""
        self._url = f"{base_url.rstrip('/')}/chat/completions"
        self._model = model
        self._headers = {"Accept-Encoding": "identity"}
        if api_key:
            self._headers["Authorization"] = f"Bearer {api_key}"
        self._time_limit = time_limit.total_seconds()
        self._room = asyncio.Semaphore(AT_ONCE)

    async def ask(self, messages: Sequence[Message]) -> str:
        """Raises EnhancementFailed when there is no whole answer in time."""
        try:
            async with asyncio.timeout(self._time_limit), self._room:
                return _read(await self._answer(messages))
        except TimeoutError:
            raise EnhancementFailed(detail="the language model took too long") from None
        except (aiohttp.ClientError, OSError, ValueError, _Busy) as error:
            raise EnhancementFailed(detail=f"no language model answers: {error}") from error

    async def _answer(self, messages: Sequence[Message]) -> bytes:
        async with aiohttp.ClientSession(headers=self._headers, auto_decompress=False) as session:
            for number in range(1, TRIES):
                try:
                    return await self._try(session, messages)
                except (aiohttp.ClientConnectionError, _Busy):
                    await asyncio.sleep(PAUSE * number)
            return await self._try(session, messages)

    async def _try(self, session: aiohttp.ClientSession, messages: Sequence[Message]) -> bytes:
        body = {
            "model": self._model,
            "messages": messages,
            "max_tokens": LONGEST_ANSWER,
            "stream": False,
        }
        async with session.post(self._url, json=body, allow_redirects=False) as answer:
            if answer.status in TRY_AGAIN:
                raise _Busy(f"HTTP {answer.status}")
            if answer.status != 200:
                raise EnhancementFailed(detail=f"the language model says HTTP {answer.status}")
            return await _bounded(answer.content)


async def _bounded(stream: aiohttp.StreamReader) -> bytes:
    data = bytearray()
    async for chunk in stream.iter_any():
        data += chunk
        if len(data) > LARGEST_ANSWER:
            raise EnhancementFailed(detail="the language model's answer has no end")
    return bytes(data)


def _read(body: bytes) -> str:
    try:
        choice = _Answer.model_validate_json(body).choices[0]
    except ValidationError:
        raise EnhancementFailed(detail="that is no answer of a language model") from None
    if choice.finish_reason == "length":
        raise EnhancementFailed(detail="the language model's answer is cut off")
    return choice.message.content or ""
