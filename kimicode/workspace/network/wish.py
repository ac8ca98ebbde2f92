"""What a program asks the proxy for, as h11 reads the head of its request: a tunnel, or one request in plain text."""

import re
from dataclasses import dataclass

import h11

from kimicode.workspace.network.hosts import Host, authority, parse_authority

MOST_HEAD = 32 * 1024
_HTTP_PORT = 80
_PLAIN = re.compile(r"http://([^/?#]*)([^#]*)", re.IGNORECASE)
_NOT_PASSED_ON = frozenset(
    (b"connection", b"content-length", b"host", b"keep-alive", b"proxy-authenticate", b"proxy-authorization")
) | frozenset((b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade"))
"""What belongs to one connection (RFC 9110, 7.6.1), and what is written anew."""


@dataclass(frozen=True, slots=True)
class Wish:
    """`request` is what goes on to the host; None asks for a tunnel."""

    host: Host
    port: int
    request: h11.Request | None = None


def understand(request: h11.Request) -> Wish:
    """What a request asks for. Raises ValueError for one that is not clear, or asks for two things at once."""
    target = request.target.decode("ascii")
    if request.method == b"CONNECT":
        host, port = parse_authority(target)
        _agree(request, host, port)
        return Wish(host, port)
    found = _PLAIN.fullmatch(target)
    if not found:
        raise ValueError("a proxy is asked for http://HOST/PATH, or for a tunnel by CONNECT")
    host, port = parse_authority(found[1], _HTTP_PORT)
    _agree(request, host, port)
    return Wish(host, port, _passed_on(request, host, port, found[2]))


def _agree(request: h11.Request, host: Host, port: int) -> None:
    """The host that is judged is the host that is asked, also where many live at one address."""
    for name, value in request.headers:
        if name == b"host" and parse_authority(value.decode("latin-1"), port) != (host, port):
            raise ValueError("the Host header names another host than the address")


def _passed_on(request: h11.Request, host: Host, port: int, path: str) -> h11.Request:
    """The same in the form for the host itself, which is to close the connection behind its answer."""
    where = authority(host, port).removesuffix(f":{_HTTP_PORT}")
    headers = [(name, value) for name, value in request.headers if name not in _NOT_PASSED_ON]
    framing = [(name, value) for name, value in request.headers if name == b"transfer-encoding"] or [
        (name, value) for name, value in request.headers if name == b"content-length"
    ]
    path = path if path.startswith("/") else f"/{path}"
    return h11.Request(
        method=request.method,
        target=path.encode("ascii"),
        headers=[(b"host", where.encode("ascii")), *headers, *framing, (b"connection", b"close")],
    )
