"""An http address in the one form that is understood: whoever judges it and whoever goes there read the same host."""

import re
from dataclasses import dataclass
from urllib.parse import quote, urljoin

from kimicode.workspace.network.hosts import Host, authority, parse_authority

_URL = re.compile(r"(https?)://([^/?#]*)([^#]*)(?:#.*)?", re.IGNORECASE)
_UNCLEAR = re.compile(r"[\x00-\x20\x7f\\]")
_AS_IT_STANDS = "%/:?@!$&'()*+,;=-._~[]"
_PORTS = {"http": 80, "https": 443}
LONGEST = 4000


@dataclass(frozen=True, slots=True)
class Url:
    """`target` is the path with the query, in ASCII."""

    scheme: str
    host: Host
    port: int
    target: str

    @property
    def authority(self) -> str:
        """The host, and the port where it is not the usual one."""
        return authority(self.host, self.port).removesuffix(f":{_PORTS[self.scheme]}")

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"


def parse_url(text: str) -> Url:
    """The address of a public page. Raises ValueError for one that is not clear, or carries a name and password."""
    found = _URL.fullmatch(text)
    if not found or _UNCLEAR.search(text):
        raise ValueError("write http:// or https://, a host and a path, without spaces and backslashes")
    if len(text) > LONGEST:
        raise ValueError(f"an address has at most {LONGEST:,} characters")
    if "@" in found[2]:
        raise ValueError("an address must not hold a user name or password")
    scheme = found[1].lower()
    host, port = parse_authority(found[2], _PORTS[scheme])
    target = quote(found[3], safe=_AS_IT_STANDS)
    return Url(scheme, host, port, target if target.startswith("/") else f"/{target}")


def follow(url: Url, location: str) -> Url:
    """Where a redirect leads. Raises ValueError."""
    location = location.strip(" \t")
    if _UNCLEAR.search(location):
        raise ValueError("a redirect to what is no address")
    return parse_url(urljoin(str(url), location))
