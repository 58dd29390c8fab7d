"""Where a URL that a caller gave may lead: to public addresses, and to networks of the operator's
choice. A connection of `connector` can't lead anywhere else."""

import asyncio
import errno
import re
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from aiohttp import AddrInfoType, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

Network = IPv4Network | IPv6Network

# The registries of special-purpose addresses of IANA, and what they leave out: multicast, 6to4.
# Addresses that carry another (mapped, NAT64) lie outside of 2000::/3, or are named here.
GLOBAL_UNICAST = ip_network("2000::/3")
SPECIAL = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",  # shared by the customers of a provider
            "127.0.0.0/8",
            "169.254.0.0/16",  # link-local: metadata of clouds
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",  # relays of 6to4
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
            "2001::/23",  # Teredo, benchmarks and others
            "2001:db8::/32",
            "2002::/16",  # 6to4
            "3fff::/20",
        ),
    )
)
LOOPBACK = ("127.0.0.1", "::1")
NUMBER = re.compile(r"\d+|0x[0-9a-f]*", re.IGNORECASE)
WEB_PORTS = (80, 443)
FIRST_FREE_PORT = 1024  # below are services that must not be made to read HTTP: mail, shells
NAMES_AT_ONCE = 32  # looked up


class ForbiddenAddress(OSError):
    def __init__(self) -> None:
        super().__init__(errno.EACCES, "the address is not public")


class Guard:
    """The port UrlGuard, and connectors that hold to it."""

    def __init__(self, *, allow: Sequence[Network] = ()) -> None:
        self._allow = tuple(allow)

    def fault(self, url: str) -> str:
        """Why the URL can't be used; empty if it can, as far as that is seen without looking up
        its name."""
        try:
            parsed = _parse(url)
        except ValueError:
            return "it is no URL"
        if parsed.scheme not in ("http", "https") or not parsed.host:
            return "it does not begin with http:// or https:// and a host"
        if parsed.user is not None or parsed.password is not None:
            return "it contains a user name or password"
        if parsed.port not in WEB_PORTS and (parsed.port or 0) < FIRST_FREE_PORT:
            return "its port is that of another service"
        return self._host_fault(parsed.host)

    def _host_fault(self, host: str) -> str:
        if _is_literal(host):
            addresses: Sequence[str] = [host]
        elif _ends_in_number(host):  # 127.1, 0x7f000001: the system takes it for an address
            return "its host is neither a name nor a whole IP address"
        else:
            addresses = LOOPBACK if _is_local(host) else ()
        return "" if all(map(self.allows, addresses)) else "its address is not public"

    def allows(self, address: str) -> bool:
        """Raises ValueError if it is no IP address."""
        parsed = ip_address(address)
        if any(parsed in network for network in self._allow):
            return True
        if parsed.version == 6 and parsed not in GLOBAL_UNICAST:
            return False
        return not any(parsed in network for network in SPECIAL)

    def connector(self) -> TCPConnector:
        """For a session of one's own; call it inside the event loop. Every address is checked when
        its socket is made, whether it was looked up or written in the URL; so redirects can't lead
        astray either, and nothing is looked up twice."""
        return TCPConnector(
            resolver=GuardedResolver(self),
            socket_factory=self._socket,
            use_dns_cache=False,
            force_close=True,
        )

    def _socket(self, info: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, (address, *_) = info
        if not self.allows(str(address)):
            raise ForbiddenAddress
        return socket.socket(family, kind, protocol)


class GuardedResolver(AbstractResolver):
    """Refuses a name of which any address is forbidden. Names that are slow to look up hold up
    nobody but each other."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._threads = ThreadPoolExecutor(NAMES_AT_ONCE, thread_name_prefix="names")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Raises OSError."""
        found = await asyncio.get_running_loop().run_in_executor(
            self._threads, self._look_up, host, port, family
        )
        if not all(self._guard.allows(address) for _, address in found):
            raise ForbiddenAddress
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=kind,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for kind, address in found
        ]

    def _look_up(self, host: str, port: int, family: int) -> list[tuple[int, str]]:
        try:
            answers: list[Any] = socket.getaddrinfo(
                host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
            )
        except UnicodeError as error:  # the name can't be written in the DNS
            raise OSError(f"{host} is no host name") from error
        return [(kind, address[0]) for kind, _, _, _, address in answers]

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _parse(url: str) -> URL:
    """As aiohttp will. Raises ValueError."""
    if not url.isprintable() or " " in url:
        raise ValueError
    return URL(url)


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _ends_in_number(host: str) -> bool:
    """As the URL standard says of hosts that are meant as IPv4 addresses."""
    return NUMBER.fullmatch(host.removesuffix(".").rpartition(".")[2]) is not None


def _is_local(host: str) -> bool:
    """Names that lead to the machine itself whatever the DNS says (RFC 6761)."""
    return host.removesuffix(".").lower().rpartition(".")[2] == "localhost"
