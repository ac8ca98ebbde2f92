"""The proxy between programs and hosts, over real sockets: judged is what arrives at the host, or does not."""

import asyncio
import contextlib
import socket

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kimicode.errors import DiskError
from kimicode.workspace.network.addresses import Resolver, is_public
from kimicode.workspace.network.hosts import AllowList
from kimicode.workspace.network.proxy import MOST_CONNECTIONS, MOST_REMARKS, MOST_TOLD, Contact, Proxy
from tests.fakes.network import LOOPBACK, Names, leading_here, saying, server

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"


class Watched(Proxy):
    """A proxy at a real port, whose words are remembered."""

    def __init__(self, allowed: AllowList, resolver: Resolver, head_s: float) -> None:
        super().__init__(allowed, resolver, head_s=head_s)
        self.port = 0
        self.told: list[Contact] = []
        self.tell = self.told.append


@contextlib.asynccontextmanager
async def proxy_for(*allowed: str, resolver: Resolver | None = None, head_s: float = 20):
    proxy = Watched(AllowList.of(allowed), resolver or leading_here("good.example", "evil.example"), head_s)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy.port = listener.getsockname()[1]
        await proxy.serve(listener)
        try:
            yield proxy
        finally:
            await proxy.close()


async def ask(proxy: Watched, request: bytes, *, then: bytes = b"") -> bytes:
    """All that comes back."""
    async with asyncio.timeout(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        try:
            writer.write(request)
            answer = b""
            if then:
                answer = await reader.readuntil(b"\r\n\r\n")
                writer.write(then)
            with contextlib.suppress(ConnectionError):
                answer += await reader.read()
            return answer
        finally:
            writer.transport.abort()


def plain(host: str, path: str = "/", *headers: str, body: bytes = b"", method: str = "GET") -> bytes:
    lines = (f"{method} http://{host}{path} HTTP/1.1", f"Host: {host}", *headers)
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


# --- what passes ----------------------------------------------------------------------------------------------


async def test_a_plain_request_reaches_an_allowed_host_without_what_is_the_proxys_own():
    heard: list[bytes] = []
    async with server(saying(HELLO, heard)) as port, proxy_for(f"good.example:{port}") as proxy:
        private = ("Proxy-Authorization: Basic c2VjcmV0", "Proxy-Connection: keep-alive", "Accept: */*")
        answer = await ask(proxy, plain(f"good.example:{port}", "/a?b=c", *private))
        assert answer == HELLO
        assert proxy.told == [Contact(f"good.example:{port}")]
        assert proxy.remarks() == ()
    head = heard[0].decode().lower()
    assert head.startswith("get /a?b=c http/1.1\r\n")
    assert f"host: good.example:{port}\r\n" in head
    assert "accept: */*" in head
    assert "connection: close" in head
    assert "proxy" not in head


@pytest.mark.parametrize(
    ("framing", "body"),
    [("Content-Length: 7", b"payload"), ("Transfer-Encoding: chunked", b"7\r\npayload\r\n0\r\n\r\n")],
)
async def test_a_body_passes_and_nothing_behind_it(framing, body):
    came = bytearray()

    async def serve(reader, writer):
        while b"payload" not in came:
            came.extend(await reader.read(1000))
        writer.write(HELLO)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.2):
                while more := await reader.read(1000):
                    came.extend(more)

    async with server(serve) as port, proxy_for(f"good.example:{port}") as proxy:
        smuggled = b"GET /other HTTP/1.1\r\nHost: evil.example\r\n\r\n"
        answer = await ask(proxy, plain(f"good.example:{port}", "/", framing, body=body + smuggled, method="POST"))
    assert answer == HELLO
    assert bytes(came).endswith(b"\r\n\r\npayload" if "Length" in framing else b"7\r\npayload\r\n0\r\n\r\n")


async def test_a_tunnel_carries_bytes_both_ways_until_both_ends_are_done():
    async def echo(reader, writer):
        while data := await reader.read(100_000):
            writer.write(data)
            await writer.drain()

    async with server(echo) as port, proxy_for(f"good.example:{port}") as proxy, asyncio.timeout(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        early = b"early"
        writer.write(f"CONNECT good.example:{port} HTTP/1.1\r\nHost: good.example:{port}\r\n\r\n".encode() + early)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        data = bytes(range(256)) * 4000

        async def send():
            writer.write(data)
            writer.write_eof()
            await writer.drain()

        _, back = await asyncio.gather(send(), reader.read(-1))
        assert back == early + data
        writer.close()


# --- what is refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "form", ["CONNECT {0}:{1} HTTP/1.1\r\n\r\n", "GET http://{0}:{1}/secret HTTP/1.1\r\nHost: {0}:{1}\r\n\r\n"]
)
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "good.example.evil.example", "notgood.example"])
async def test_a_host_that_is_not_listed_is_refused_and_never_reached_or_looked_up(form, host):
    heard: list[bytes] = []
    names = Names({name: [LOOPBACK] for name in ("evil.example", "good.example")})
    async with (
        server(saying(HELLO, heard)) as port,
        proxy_for(f"good.example:{port}", resolver=Resolver(names, lambda address: True)) as proxy,
    ):
        answer = await ask(
            proxy,
            form.format(host, port)
            .replace("HTTP/1.1\r\n\r\n", "HTTP/1.1\r\nHost: " + f"{host}:{port}\r\n\r\n")
            .encode(),
        )
        assert answer.startswith(b"HTTP/1.1 403 ")
        assert f"{host}:{port} was refused".encode() in answer
        assert f'network = ["{host}:{port}"]'.encode() in answer
        (remark,) = proxy.remarks()
        assert f"{host}:{port} was refused" in remark
        assert proxy.remarks() == ()
        assert [contact.place for contact in proxy.told] == [f"{host}:{port}"]
    assert heard == []
    assert names.asked == []


async def test_an_empty_list_refuses_everything():
    async with proxy_for() as proxy:
        assert (await ask(proxy, plain("good.example"))).startswith(b"HTTP/1.1 403 ")


async def test_an_allowed_name_that_leads_inside_is_refused():
    heard: list[bytes] = []
    resolver = Resolver(Names({"good.example": [LOOPBACK]}), is_public)
    async with server(saying(HELLO, heard)) as port, proxy_for(f"good.example:{port}", resolver=resolver) as proxy:
        answer = await ask(proxy, plain(f"good.example:{port}"))
        assert answer.startswith(b"HTTP/1.1 403 ")
        assert b"good.example leads to 127.0.0.1" in answer
    assert heard == []


async def test_a_name_is_looked_up_once_so_that_its_second_answer_never_counts():
    heard: list[bytes] = []
    names = Names({"good.example": [LOOPBACK, ["127.0.0.66"]]})
    resolver = Resolver(names, lambda address: str(address) == "127.0.0.1")
    async with server(saying(HELLO, heard)) as port, proxy_for(f"good.example:{port}", resolver=resolver) as proxy:
        assert await ask(proxy, plain(f"good.example:{port}")) == HELLO
        assert names.asked == ["good.example"]
        assert (await ask(proxy, plain(f"good.example:{port}"))).startswith(b"HTTP/1.1 403 ")
    assert len(heard) == 1


async def test_an_address_inside_can_be_reached_where_the_user_wrote_it_down():
    resolver = Resolver(Names({}), is_public)
    async with server(saying(HELLO)) as port, proxy_for(f"127.0.0.1:{port}", resolver=resolver) as proxy:
        assert await ask(proxy, plain(f"127.0.0.1:{port}")) == HELLO


HOSTILE = [
    b"GET http://good.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    b"GET http://good.example/ HTTP/1.1\r\nHost: good.example\r\nHost: evil.example\r\n\r\n",
    b"CONNECT good.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n",
    b"CONNECT evil.example\0.good.example:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"CONNECT good.example:443@evil.example:443 HTTP/1.1\r\nHost: good.example\r\n\r\n",
    b"CONNECT good.example HTTP/1.1\r\nHost: good.example\r\n\r\n",
    b"CONNECT https://good.example:443 HTTP/1.1\r\nHost: good.example\r\n\r\n",
    b"GET http://user@good.example/ HTTP/1.1\r\nHost: good.example\r\n\r\n",
    b"GET http://good.example\\@evil.example/ HTTP/1.1\r\nHost: good.example\r\n\r\n",
    b"GET https://good.example/ HTTP/1.1\r\nHost: good.example\r\n\r\n",
    b"GET ftp://good.example/ HTTP/1.1\r\nHost: good.example\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: good.example\r\n\r\n",
    b"GET http:///good.example HTTP/1.1\r\nHost: good.example\r\n\r\n",
    b"GET http://good.example/a\r\nX: y HTTP/1.1\r\nHost: good.example\r\n\r\n",
    b"GET http://good.example/ HTTP/1.1\r\nHost: good.example\r\n X: y\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    b"POST http://good.example/ HTTP/1.1\r\nHost: good.example\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    b"POST http://good.example/ HTTP/1.1\r\nHost: good.example\r\nContent-Length: -1\r\n\r\n",
    b"GET http://good.example/ HTTP/1.1\r\nHost: good.example\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n",
    b"GET http://good.example/" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: good.example\r\n\r\n",
    b"\x05\x01\x00",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(600),
    b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
]


@pytest.mark.parametrize("request_bytes", HOSTILE, ids=range(len(HOSTILE)))
async def test_what_is_not_clear_is_refused_and_reaches_nobody(request_bytes):
    names = Names({name: [LOOPBACK] for name in ("evil.example", "good.example")})
    resolver = Resolver(names, lambda address: True)
    async with proxy_for("good.example", "evil.example", resolver=resolver, head_s=0.3) as proxy:
        answer = await ask(proxy, request_bytes)
        assert answer == b"" or answer[:10] in (b"HTTP/1.1 4", b"HTTP/1.1 5")
        assert names.asked == []
        assert proxy.told == []


@given(st.binary(max_size=200))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_bytes_break_it(junk):
    async def story():
        async with proxy_for(head_s=0.02) as proxy:
            for request in (junk, b"CONNECT " + junk, b"GET http://good.example/ HTTP/1.1\r\n" + junk + b"\r\n\r\n"):
                assert b" 200 " not in (await ask(proxy, request)).partition(b"\r\n")[0]
            assert (await ask(proxy, plain("good.example"))).startswith(b"HTTP/1.1 403 ")

    asyncio.run(story())


# --- bounds ---------------------------------------------------------------------------------------------------


async def test_who_never_finishes_a_request_is_cut_off():
    async with proxy_for("good.example", head_s=0.1) as proxy:
        assert await ask(proxy, b"GET http://good.example/ HTTP/1.1\r\n") == b""


async def test_there_are_only_so_many_connections_at_a_time_and_then_there_is_room_again():
    async with proxy_for("good.example") as proxy, asyncio.timeout(30):
        held = [await asyncio.open_connection("127.0.0.1", proxy.port) for _ in range(MOST_CONNECTIONS)]
        assert await ask(proxy, plain("evil.example")) == b""
        for _, writer in held:
            writer.transport.abort()
        while b"403" not in await ask(proxy, plain("evil.example")):
            await asyncio.sleep(0.01)


async def test_a_host_is_told_of_once_and_a_flood_of_names_ends():
    async with proxy_for() as proxy:
        await ask(proxy, plain("evil.example"))
        await ask(proxy, plain("evil.example"))
        assert len(proxy.told) == 1
        for number in range(MOST_TOLD + 20):
            await ask(proxy, plain(f"n{number}.example"))
        assert len(proxy.told) == MOST_TOLD + 1
        remarks = proxy.remarks()
        assert len(remarks) == MOST_REMARKS + 1
        assert remarks[-1].startswith("other hosts were refused, too: ")


async def test_what_cannot_be_recorded_is_not_reached():
    def full(contact: Contact) -> None:
        raise DiskError("the disk is full")

    heard: list[bytes] = []
    async with server(saying(HELLO, heard)) as port, proxy_for(f"good.example:{port}") as proxy:
        proxy.tell = full
        assert (await ask(proxy, plain(f"good.example:{port}"))).startswith(b"HTTP/1.1 503 ")
    assert heard == []


async def test_closed_it_cuts_what_is_open():
    async with server(lambda reader, writer: reader.read()) as port, proxy_for(f"good.example:{port}") as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(f"CONNECT good.example:{port} HTTP/1.1\r\nHost: good.example:{port}\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        await proxy.close()
        async with asyncio.timeout(20):
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""


async def test_a_host_that_does_not_answer_is_said_to_be_unreachable():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    async with proxy_for(f"good.example:{port}", "gone.example") as proxy:
        assert (await ask(proxy, plain(f"good.example:{port}"))).startswith(b"HTTP/1.1 502 ")
        assert b"cannot be looked up" in await ask(proxy, plain("gone.example"))
