"""Sends one message to the URL of a caller and says how it was received."""

from collections.abc import Mapping
from types import TracebackType
from typing import Self

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar

from orchestrator.errors import DeliveryFailed, Undeliverable
from orchestrator.outbound.guard import Guard

TIME_LIMIT = 15.0  # seconds for a whole exchange
GONE = 410


class Post:
    """Open it with `async with`."""

    def __init__(self, guard: Guard, *, time_limit: float = TIME_LIMIT) -> None:
        self._guard = guard
        self._time_limit = time_limit
        self._session: ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = ClientSession(
            connector=self._guard.connector(),
            timeout=ClientTimeout(total=self._time_limit),
            cookie_jar=DummyCookieJar(),
            headers={"User-Agent": "Imgen", "Content-Type": "application/json"},
            auto_decompress=False,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._session:
            await self._session.close()

    async def send(self, url: str, *, headers: Mapping[str, str], body: bytes) -> None:
        """Returns when the receiver has said that it has it; what else it says is not read.
        Raises DeliveryFailed, Undeliverable (it wants no more)."""
        if fault := self._guard.fault(url):
            raise DeliveryFailed(f"The URL can't be used: {fault}")
        status = await self._post(url, headers, body)
        if status == GONE:
            raise Undeliverable
        if not 200 <= status < 300:
            raise DeliveryFailed(f"The receiver answered {status}")

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        if self._session is None:
            raise RuntimeError("open it with `async with` first")
        try:
            async with self._session.post(
                url, data=body, headers=headers, allow_redirects=False
            ) as response:
                return response.status
        except TimeoutError:
            raise DeliveryFailed(f"No answer within {self._time_limit:g} s") from None
        except (ClientError, OSError, ValueError) as error:
            raise DeliveryFailed(_reason(error)) from error


def _reason(error: Exception) -> str:
    """Without the URL, which may hold secrets."""
    cause = getattr(error, "os_error", error)
    return f"No answer: {getattr(cause, 'strerror', None) or type(cause).__name__}"
