"""`kimicode web`: nobody gets in without the key, whatever page or name they come from."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from asyncio.subprocess import PIPE
from contextlib import asynccontextmanager

import pytest

aiohttp = pytest.importorskip("aiohttp")
pytest.importorskip("textual_serve")

from aiohttp import web  # noqa: E402

from kimicode.cli.webdoor import LockedServer  # noqa: E402
from tests.fakes.model_server import free_port  # noqa: E402

KEY = "the-key"


@asynccontextmanager
async def door(command: str = "true"):
    """A served app's address and a client with a jar for its cookies."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    server = LockedServer(command, host="127.0.0.1", port=port, address=address, key=KEY)
    runner = web.AppRunner(await server._make_app())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    jar = aiohttp.CookieJar(unsafe=True)  # addresses have no names
    try:
        async with aiohttp.ClientSession(address, cookie_jar=jar) as client:
            yield client, address
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("path", ["/", "/ws", "/static/js/textual.js", "/?key=wrong", "/?key=%E2%82%AC"])
async def test_without_the_key_every_door_is_shut(path):
    async with door() as (client, _), client.get(path) as answer:
        assert answer.status == 403


async def test_the_key_opens_and_a_cookie_keeps_it_open():
    async with door() as (client, address):
        async with client.get("/", params={"key": KEY}) as answer:
            assert answer.status == 200
            assert "key=" not in str(answer.url)
            assert address.removeprefix("http://") in await answer.text()
        cookie = next(iter(client.cookie_jar))
        assert cookie["httponly"]
        assert cookie["samesite"] == "Strict"


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Host": "evil.example"}, {"Origin": "null"}])
async def test_the_key_does_not_help_a_page_from_elsewhere(headers):
    async with door() as (client, _):
        async with client.get("/", params={"key": KEY}):
            pass
        async with client.get("/ws", headers=headers) as answer:
            assert answer.status == 403


async def test_behind_the_open_door_is_the_interface(tmp_path):
    command = [sys.executable, "-m", "kimicode", "web", "--port", str(free_port()), "-C", str(tmp_path)]
    server = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
    told = (await asyncio.wait_for(server.stdout.readline(), 30)).decode()
    address, _, key = told.split()[-1].partition("/?key=")
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(address, cookie_jar=jar) as client:
        while True:
            with contextlib.suppress(aiohttp.ClientConnectorError):
                async with client.get("/", params={"key": key}) as answer:
                    assert answer.status == 200
                break
            await asyncio.sleep(0.1)
        async with client.ws_connect("/ws", headers={"Origin": address}) as socket:
            painted = b""
            while b"kimicode" not in painted:
                message = await socket.receive(timeout=30)
                painted += message.data if isinstance(message.data, bytes) else b""
    server.send_signal(signal.SIGINT)
    await asyncio.wait_for(server.communicate(), 30)


def test_an_address_for_everybody_needs_a_name_for_browsers(tmp_path):
    command = [sys.executable, "-m", "kimicode", "web", "--host", "0.0.0.0"]
    done = subprocess.run(command, env={**os.environ}, cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert "--url" in done.stderr
