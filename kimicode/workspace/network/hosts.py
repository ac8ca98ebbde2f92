"""Names, addresses and ports in the one spelling that is understood, and the list of those that may be reached.

What several programs read in several ways (other alphabets, numbers in disguise, user names) is no host here.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

Address = IPv4Address | IPv6Address
Host = str | Address
"""A name in small letters without a final dot, or an address."""

WEB_PORTS = (80, 443)
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_AUTHORITY = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::([0-9]{1,5}))?")


def parse_host(text: str) -> Host:
    """A name of letters, digits and hyphens, or an address: 127.0.0.1, [::1]. Raises ValueError for all else."""
    if not text.isascii():
        raise ValueError(f"{text!r} has other letters than ASCII: write its form that begins with xn--")
    if text.startswith("["):
        return _address_in_brackets(text)
    name = text.lower().removesuffix(".")
    if not _NAME.fullmatch(name):
        raise ValueError(f"{text!r} is not the name of a host")
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        # The system's resolver takes 0x7f.1, 017700000001 and 2130706433 for addresses.
        return _address(text)
    return name


def parse_authority(text: str, default: int | None = None) -> tuple[Host, int]:
    """A host and a port from `host:port`; `default` where no port is named. Raises ValueError."""
    found = _AUTHORITY.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not a host and a port")
    host, port = parse_host(found[1]), int(found[2]) if found[2] else default
    if port is None or not 0 < port < 65536:
        raise ValueError(f"{text!r} names no port")
    return host, port


def authority(host: Host, port: int) -> str:
    """As it is written: `parse_authority` reads it again."""
    return f"{f'[{host}]' if isinstance(host, IPv6Address) else host}:{port}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One host that may be reached, or for `below` all hosts below that name and not the name itself.

    `port` None stands for those of the web.
    """

    host: Host
    below: bool = False
    port: int | None = None

    def covers(self, host: Host, port: int) -> bool:
        """Whether it stands for this host and port."""
        if port not in (WEB_PORTS if self.port is None else (self.port,)):
            return False
        if self.below:
            return isinstance(host, str) and host.endswith(f".{self.host}")
        return host == self.host


def parse_entry(text: str) -> Entry:
    """`pypi.org`, `*.npmjs.org`, `git.example.com:8443`, `10.0.0.5:3000`. Raises ValueError."""
    below = text.startswith("*.")
    found = _AUTHORITY.fullmatch(text.removeprefix("*."))
    if not found:
        raise ValueError(f"{text!r} is not a host: write pypi.org, *.npmjs.org or git.example.com:8443")
    host, port = parse_authority(text.removeprefix("*."), WEB_PORTS[-1])
    if below and (not isinstance(host, str) or "." not in host):
        raise ValueError(f"{text!r} is too wide: name at least two parts behind the star, such as *.npmjs.org")
    return Entry(host, below, port if found[2] else None)


@dataclass(frozen=True, slots=True)
class AllowList:
    """What may be reached. Without entries nothing may."""

    entries: tuple[Entry, ...] = ()

    @classmethod
    def of(cls, texts: Iterable[str]) -> "AllowList":
        """The list from its entries as they are written. Raises ValueError."""
        return cls(tuple(map(parse_entry, texts)))

    def permits(self, host: Host, port: int) -> bool:
        """Whether the host may be reached at that port."""
        return any(entry.covers(host, port) for entry in self.entries)


def _address(text: str) -> IPv4Address:
    try:
        return IPv4Address(text)
    except ValueError:
        raise ValueError(f"{text!r} is not an address as it is written, such as 127.0.0.1") from None


def _address_in_brackets(text: str) -> IPv6Address:
    if "%" in text or not text.endswith("]"):
        raise ValueError(f"{text!r} is not an address")
    try:
        return IPv6Address(text[1:-1])
    except ValueError:
        raise ValueError(f"{text!r} is not an address") from None
