"""How often somebody may ask, and who somebody is."""

from ipaddress import ip_network

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from orchestrator.api.limits import RateLimiter, address_of
from orchestrator.errors import RateLimited


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limiter(clock: Clock) -> RateLimiter:
    return RateLimiter(60, clock=clock)


async def test_a_minutes_worth_passes_at_once(limiter: RateLimiter) -> None:
    for _ in range(60):
        await limiter.take("ada")
    with pytest.raises(RateLimited):
        await limiter.take("ada")


async def test_whoever_comes_back_when_told_passes(limiter: RateLimiter, clock: Clock) -> None:
    for _ in range(60):
        await limiter.take("ada")
    with pytest.raises(RateLimited) as refused:
        await limiter.take("ada")
    clock.now += refused.value.retry_after
    await limiter.take("ada")


async def test_one_does_not_pay_for_another(limiter: RateLimiter) -> None:
    for _ in range(60):
        await limiter.take("ada")
    await limiter.take("bob")


@pytest.mark.parametrize(
    ("forwarded", "trusted", "expected"),
    [
        ("", (), "10.0.0.1"),
        ("1.2.3.4", (), "10.0.0.1"),
        ("1.2.3.4", ("10.0.0.0/8",), "1.2.3.4"),
        ("6.6.6.6, 1.2.3.4", ("10.0.0.0/8",), "1.2.3.4"),
        ("1.2.3.4, 10.0.0.7", ("10.0.0.0/8",), "1.2.3.4"),
        ("nonsense", ("10.0.0.0/8",), "nonsense"),
    ],
)
def test_a_forwarded_address_is_believed_of_trusted_proxies_only(
    forwarded: str, trusted: tuple[str, ...], expected: str
) -> None:
    class Transport:
        def get_extra_info(self, name: str) -> object:
            return ("10.0.0.1", 1) if name == "peername" else None

    request = make_mocked_request(
        "GET", "/", headers={"X-Forwarded-For": forwarded}, transport=Transport()
    )
    assert address_of(request, trusted=tuple(map(ip_network, trusted))) == expected


def test_all_forwarding_headers_count() -> None:
    class Transport:
        def get_extra_info(self, name: str) -> object:
            return ("10.0.0.1", 1) if name == "peername" else None

    headers = CIMultiDict([("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-For", "1.2.3.4")])
    request = make_mocked_request("GET", "/", headers=headers, transport=Transport())
    assert address_of(request, trusted=(ip_network("10.0.0.0/8"),)) == "1.2.3.4"
