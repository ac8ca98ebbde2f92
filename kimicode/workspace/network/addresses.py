"""From a name to the addresses that may be connected to: looked up once, and each judged.

Whoever owns a name chooses where it leads. What is not the public internet is refused, unless it is named itself.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address

from kimicode.workspace.network.hosts import Address, Host

LOOK_UP_S = 10.0

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
Judge = Callable[[Address], bool]

_NOT_PUBLIC_4 = tuple(
    IPv4Network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
        *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        "168.63.129.16/32",  # the host below a virtual machine of Azure
    )
)
_PUBLIC_6 = IPv6Network("2000::/3")
"""All that is given out. Outside lie ::1, mapped and translated IPv4 (::ffff:0:0/96, 64:ff9b::/96), fc00::, fe80::."""
_NOT_PUBLIC_6 = tuple(
    map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3ffe::/16", "3fff::/20"))
)
"""Teredo and 6to4 carry IPv4 addresses; the rest is documentation and experiments (IANA's special-purpose registry)."""


class Unreachable(OSError):
    """The name leads nowhere, or its address does not answer."""


class Forbidden(Exception):
    """It leads where nobody may go from here."""


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public internet."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    return address in _PUBLIC_6 and not any(address in network for network in _NOT_PUBLIC_6)


def is_elsewhere(address: Address) -> bool:
    """Whether an address is public and not this machine's own: what listens here may trust whoever comes from here."""
    return is_public(address) and not is_own(address)


def is_own(address: Address) -> bool:
    """Whether this machine has the address. Nothing is sent: the kernel is asked from which one it would send there."""
    family = socket.AF_INET if isinstance(address, IPv4Address) else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((str(address), 9))
            return bool(ip_address(probe.getsockname()[0]) == address)
    except OSError:
        return False


async def ask_system(name: str, port: int) -> Sequence[str]:
    """The addresses of a name, as this machine resolves it. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
    return [str(place[0]) for *_, place in found]


@dataclass(frozen=True, slots=True)
class Resolver:
    """How names become addresses, and which of these count as the public internet."""

    resolve: Resolve = ask_system
    judge: Judge = is_elsewhere

    async def addresses(
        self, host: Host, port: int, named: Callable[[Address, int], bool] = lambda address, port: False
    ) -> tuple[Address, ...]:
        """Where to connect; each of them was judged. `named` tells of those that the user wrote down themselves.

        One that may not be reached spoils all: a name that leads inside and outside is there to deceive. Raises
        Forbidden, or Unreachable where there is none.
        """
        found = await self._found(host, port) if isinstance(host, str) else (host,)
        for address in found:
            if not (self.judge(address) or named(address, port)):
                raise Forbidden(f"{host} leads to {address}" if isinstance(host, str) else f"{host}")
        return found

    async def _found(self, name: str, port: int) -> tuple[Address, ...]:
        try:
            async with asyncio.timeout(LOOK_UP_S):
                texts = await self.resolve(name, port)
            found = tuple(dict.fromkeys(ip_address(text) for text in texts))
        except (OSError, ValueError) as error:  # a time-out is an OSError, an address with a zone a ValueError
            raise Unreachable(f"{name} cannot be looked up: {error or 'no answer'}") from error
        if not found:
            raise Unreachable(f"{name} has no address")
        return found


async def connect(
    addresses: Sequence[Address], port: int, limit: float
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to the first address that answers within `limit` seconds. Raises Unreachable."""
    reason: OSError = Unreachable("no address")
    for address in addresses:
        try:
            async with asyncio.timeout(limit):
                return await asyncio.open_connection(str(address), port)
        except OSError as error:
            reason = error
    raise Unreachable(f"no answer: {reason or 'in time'}") from reason
