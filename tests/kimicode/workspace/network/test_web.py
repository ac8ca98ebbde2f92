"""Pages over real sockets, from servers that mean no good: everything is bounded, and nobody leads inside."""

import asyncio
import gzip
import ssl
import subprocess
import tracemalloc

import pytest

from kimicode.workspace.network.addresses import Forbidden, Resolver, is_public
from kimicode.workspace.network.urls import Url
from kimicode.workspace.network.web import MOST_BYTES, MOST_REDIRECTS, Failed, Web
from tests.fakes.network import LOOPBACK, Names, leading_here, page, saying, server


def web(port: int, resolver: Resolver | None = None, *, seconds: float = 20, trust=None) -> Web:
    return Web(resolver or leading_here("a.example"), trust, (port, 80, 443), seconds)


def at(port: int, path: str = "/") -> Url:
    return Url("http", "a.example", port, path)


def redirect(to: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()


async def test_a_page_is_asked_for_by_name_without_anything_of_the_persons_own():
    heard: list[bytes] = []
    async with server(saying(page(b"<p>hello", "text/html; charset=utf-8"), heard)) as port:
        got = await web(port).get(at(port, "/docs?q=1"))
    assert (got.body, got.content_type, got.cut, got.moved) == (b"<p>hello", "text/html; charset=utf-8", False, None)
    lines = heard[0].decode().lower().splitlines()
    assert lines[0] == "get /docs?q=1 http/1.1"
    assert f"host: a.example:{port}" in lines
    assert any(line.startswith("user-agent: kimicode/") for line in lines)
    assert not [line for line in lines if line.startswith(("cookie", "authorization", "referer"))]


async def test_a_name_that_leads_inside_is_never_connected_to():
    heard: list[bytes] = []
    async with server(saying(page(b"secret"), heard)) as port:
        with pytest.raises(Forbidden, match=r"a\.example leads to 127\.0\.0\.1"):
            await web(port, Resolver(Names({"a.example": [LOOPBACK]}), is_public)).get(at(port))
    assert heard == []


async def test_the_second_answer_of_a_name_never_counts():
    heard: list[bytes] = []
    names = Names({"a.example": [LOOPBACK, ["127.0.0.66"]]})
    async with server(saying(page(b"fine"), heard)) as port:
        resolver = Resolver(names, lambda address: str(address) == "127.0.0.1")
        assert (await web(port, resolver).get(at(port))).body == b"fine"
        assert names.asked == ["a.example"]
        with pytest.raises(Forbidden):
            await web(port, resolver).get(at(port))


async def test_a_redirect_on_the_same_host_is_judged_anew():
    """The name leads elsewhere for the second request, as a rebinding server would have it."""
    names = Names({"a.example": [LOOPBACK, ["169.254.169.254"]]})
    heard: list[bytes] = []
    async with server(saying(redirect("/latest/meta-data/"), heard)) as port:
        resolver = Resolver(names, lambda address: str(address) == "127.0.0.1")
        with pytest.raises(Forbidden, match=r"169\.254\.169\.254"):
            await web(port, resolver).get(at(port))
    assert len(heard) == 1


@pytest.mark.parametrize(
    "to", ["http://169.254.169.254/latest/", "https://b.example/x", "//b.example/", "http://127.0.0.1/"]
)
async def test_a_page_that_moved_to_another_host_is_not_followed(to):
    async with server(saying(redirect(to))) as port:
        got = await web(port).get(at(port))
    assert got.body == b""
    assert got.moved is not None
    assert got.moved.host != "a.example"


@pytest.mark.parametrize(
    "to", ["file:///etc/passwd", "http://user@a.example/", "gopher://a.example/", "http://a.example:22/"]
)
async def test_a_redirect_to_what_is_no_page_is_an_error(to):
    async with server(saying(redirect(to))) as port:
        with pytest.raises((Failed, Forbidden)):
            await web(port).get(at(port))


async def test_a_circle_of_redirects_ends():
    heard: list[bytes] = []
    async with server(saying(redirect("/again"), heard)) as port:
        with pytest.raises(Failed, match="redirects"):
            await web(port).get(at(port))
    assert len(heard) == MOST_REDIRECTS + 1


async def test_another_port_is_none_of_the_web():
    with pytest.raises(Forbidden, match="port 22"):
        await Web(leading_here("a.example")).get(at(22))


# --- hostile servers ------------------------------------------------------------------------------------------


async def endless(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
    while True:
        writer.write(b"a" * 65536)
        await writer.drain()


async def dripping(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
    while True:
        writer.write(b"a")
        await writer.drain()
        await asyncio.sleep(0.02)


async def silent(reader, writer):
    await reader.read()


async def test_an_endless_page_is_cut():
    async with server(endless) as port:
        got = await web(port).get(at(port))
    assert got.cut
    assert got.body == b"a" * MOST_BYTES


@pytest.mark.parametrize("serve", [dripping, silent])
async def test_who_takes_too_long_is_left(serve):
    async with server(serve) as port:
        with pytest.raises(Failed, match="no whole answer within"):
            await web(port, seconds=0.4).get(at(port))


async def test_a_bomb_is_unpacked_no_further_than_it_is_read():
    bomb = gzip.compress(bytes(300_000_000), 9)
    assert len(bomb) < 400_000
    async with server(saying(page(bomb, "text/plain", "Content-Encoding: gzip"))) as port:
        tracemalloc.start()
        try:
            got = await web(port).get(at(port))
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert got.cut
    assert len(got.body) == MOST_BYTES
    assert most < 25_000_000


async def test_what_is_packed_as_was_asked_for_is_unpacked():
    async with server(saying(page(gzip.compress(b"hello"), "text/plain", "Content-Encoding: gzip"))) as port:
        assert (await web(port).get(at(port))).body == b"hello"


BROKEN = [
    page(b"not gzip", "text/plain", "Content-Encoding: gzip"),
    page(b"x", "text/plain", "Content-Encoding: br"),
    page(b"x", "text/plain", "Content-Encoding: gzip, gzip"),
    b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
    b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\n",
    b"HTTP/1.1 200 OK\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200_000 + b"\r\n",
    b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 500 \r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 999 x\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"220 smtp.example ESMTP\r\n",
    b"\x15\x03\x01\x00\x02\x02\x28",
    b"",
]


@pytest.mark.parametrize("answer", BROKEN, ids=range(len(BROKEN)))
async def test_a_broken_answer_is_an_error_in_words(answer):
    async with server(saying(answer)) as port:
        with pytest.raises(Failed, match=r".+"):
            await web(port).get(at(port))


async def test_a_thousand_promises_of_an_answer_are_no_answer():
    async def promising(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        while True:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            await writer.drain()

    async with server(promising) as port:
        with pytest.raises(Failed):
            await web(port, seconds=0.5).get(at(port))


# --- certificates ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificate")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=a.example"]
    files = ["-keyout", f"{folder}/key", "-out", f"{folder}/cert", "-addext", "subjectAltName=DNS:a.example"]
    try:
        subprocess.run([*command, *files], check=True, capture_output=True, timeout=60)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no openssl to make a certificate")
    return folder


async def test_a_server_proves_to_have_the_name_and_not_the_number(certificate):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "cert", certificate / "key")
    asked: list[str | None] = []
    context.sni_callback = lambda connection, name, original: asked.append(name)
    trust = ssl.create_default_context(cafile=certificate / "cert")
    async with server(saying(page(b"proven")), ssl=context) as port:
        resolver = leading_here("a.example", "b.example")
        got = await web(port, resolver, trust=trust).get(Url("https", "a.example", port, "/"))
        assert got.body == b"proven"
        assert asked == ["a.example"]
        for host, believed in (("b.example", trust), ("a.example", None)):
            with pytest.raises(Failed, match="certificate"):
                await web(port, resolver, trust=believed).get(Url("https", host, port, "/"))
