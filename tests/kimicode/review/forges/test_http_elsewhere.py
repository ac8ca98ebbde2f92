"""A forge that leads elsewhere: redirects, further pages, and a token that stays with its host."""

import asyncio
import json
import re

import pytest

from kimicode.review.forges.failures import ForgeError
from kimicode.review.forges.http import MOST_PAGES
from tests.fakes.forge.scripted import Scripted, answer, forge
from tests.fakes.network import server

# --- where the token never goes -------------------------------------------------------------------------------


async def test_a_redirect_on_the_same_host_is_followed():
    """A repository that was renamed."""
    script = Scripted(answer(301, b"", "Location: /api/repositories/7"), answer(200, {"id": 7}))
    async with forge(script) as http:
        assert await http.get("/repos/o/old") == {"id": 7}
    assert script.lines == ["GET /api/repos/o/old", "GET /api/repositories/7"]


async def test_a_post_follows_a_redirect_that_keeps_it():
    script = Scripted(answer(307, b"", "Location: /api/repositories/7/x"), answer(201, {"id": 7}))
    async with forge(script) as http:
        assert await http.send("POST", "/repos/o/old/x", {"a": 1}, again=False) == {"id": 7}
    assert script.lines == ["POST /api/repos/o/old/x", "POST /api/repositories/7/x"]
    assert json.loads(script.bodies[1]) == {"a": 1}


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_to_another_host_is_not_followed(status):
    heard: list[str] = []

    async def thief(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append((await reader.readuntil(b"\r\n\r\n")).decode())

    async with server(thief) as port:
        script = Scripted(answer(status, b"", f"Location: http://127.0.0.1:{port}/api/x"))
        async with forge(script) as http:
            with pytest.raises(ForgeError, match="another host with a redirect"):
                await http.get("/x")
    assert heard == []


@pytest.mark.parametrize(
    "to", ["//evil.example/x", "https://evil.example", "http://a@127.0.0.1/", "", "http://[", "ftp:x"]
)
async def test_a_redirect_that_leads_away_or_nowhere_ends(to):
    script = Scripted(answer(302, b"", f"Location: {to}"))
    async with forge(script) as http:
        with pytest.raises(ForgeError):
            await http.get("/x")
    assert len(script.heard) <= 4


async def test_a_post_is_not_sent_anew_as_another_kind_of_request():
    script = Scripted(answer(301, b"", "Location: /api/repositories/7/x"))
    async with forge(script) as http:
        with pytest.raises(ForgeError, match="has moved") as caught:
            await http.send("POST", "/x", {}, again=False)
    assert "new address" in caught.value.hint
    assert len(script.heard) == 1


async def test_a_circle_of_redirects_ends():
    script = Scripted(answer(302, b"", "Location: /api/x"))
    async with forge(script) as http:
        with pytest.raises(ForgeError, match="on and on"):
            await http.get("/x")
    assert len(script.heard) == 4


# --- lists ----------------------------------------------------------------------------------------------------


async def test_a_list_is_read_with_all_its_pages():
    async def pages(reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        port = re.search(r"Host: \S+:(\d+)", head)[1]
        number = int(re.search(r"[?&]page=(\d+)", head)[1]) if "&page=" in head else 1
        at = f"http://127.0.0.1:{port}/api/list?per_page=100&page="
        more = f'Link: <{at}1>; rel="prev", <{at}{number + 1}>; rel="next", <{at}3>; rel="last"'
        writer.write(answer(200, [number], *([more] if number < 3 else [])))

    async with forge(pages) as http:
        assert await http.items("/list") == [1, 2, 3]


async def test_a_link_to_another_host_is_not_followed():
    script = Scripted(answer(200, [1], 'Link: <https://evil.example/list?page=2>; rel="next"'))
    async with forge(script) as http:
        with pytest.raises(ForgeError, match=r"another host with the next page: evil\.example"):
            await http.items("/list")
    assert len(script.heard) == 1


async def test_pages_that_lead_in_a_circle_end():
    script = Scripted(answer(200, [1], 'Link: </api/list?page=2>; rel="next"'))
    async with forge(script) as http:
        with pytest.raises(ForgeError, match="no end after 2 pages"):
            await http.items("/list")
    assert len(script.heard) == 2


async def test_pages_without_end_end():
    count = 0

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        await reader.readuntil(b"\r\n\r\n")
        count += 1
        writer.write(answer(200, [1], f'Link: </api/list?page={count}>; rel="next"'))

    async with forge(endless) as http:
        with pytest.raises(ForgeError, match="no end after"):
            await http.items("/list")
    assert count == MOST_PAGES


async def test_a_list_that_is_none_is_told():
    script = Scripted(answer(200, {"message": "fine"}))
    async with forge(script) as http:
        with pytest.raises(ForgeError, match="no list"):
            await http.items("/list")
