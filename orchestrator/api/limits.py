"""How often somebody may ask: token buckets, one for each key or address."""

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_address

from aiohttp import web

from orchestrator.errors import RateLimited

Networks = tuple[IPv4Network | IPv6Network, ...]

REMEMBERED = 10_000  # buckets; the one not used for longest is forgotten first


class RateLimiter:
    """The port Rate in one process: `rate` requests a minute, a whole minute's worth at once if
    need be."""

    def __init__(self, rate: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # tokens, when

    async def take(self, name: str) -> None:
        """Raises RateLimited when the bucket is empty."""
        tokens = self._level(name)
        if tokens < 1:
            raise RateLimited(retry_after=(1 - tokens) * 60 / self._rate)
        self._keep(name, tokens - 1)

    def _level(self, name: str) -> float:
        now = self._clock()
        tokens, then = self._buckets.get(name, (float(self._rate), now))
        return min(self._rate, tokens + (now - then) * self._rate / 60)

    def _keep(self, name: str, tokens: float) -> None:
        self._buckets[name] = (tokens, self._clock())
        self._buckets.move_to_end(name)
        if len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)


def address_of(request: web.Request, *, trusted: Networks) -> str:
    """Who is really there: the last forwarded address that no trusted proxy has added."""
    hops = ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")
    address = request.remote or ""
    while is_trusted(address, trusted) and hops and hops[-1].strip():
        address = hops.pop().strip()
    return address


def is_trusted(address: str, trusted: Networks) -> bool:
    try:
        return any(ip_address(address) in network for network in trusted)
    except ValueError:
        return False
