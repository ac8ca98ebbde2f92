"""A forge over real sockets that fails in every way: what is repeated, what is not, and where the token never goes."""

import asyncio
import gzip
import ssl
import subprocess
import time
from email.utils import formatdate

import pytest

from kimicode.errors import ExitCode
from kimicode.review.forges.failures import Advice, Busy, Denied, ForgeError, Missing, Refused, Unclear
from kimicode.review.forges.http import MOST_BYTES, Http
from kimicode.review.forges.limits import Patience
from tests.fakes.forge.scripted import QUICK, SECRET, TOKEN, Scripted, answer, forge
from tests.fakes.network import server

# --- what a request is ----------------------------------------------------------------------------------------


async def test_a_request_carries_the_token_and_who_asks():
    script = Scripted(answer(200, {"a": 1}))
    async with forge(script) as http:
        assert await http.get("/x", {"q": "a b"}) == {"a": 1}
    assert script.lines == ["GET /api/x?q=a+b"]
    head = script.heard[0].lower()
    assert f"authorization: bearer {SECRET}".lower() in head
    assert "user-agent: kimicode/" in head
    assert "accept: a/b" in head


async def test_without_a_token_none_is_sent():
    script = Scripted(answer())
    async with forge(script, token=None) as http:
        assert not http.authenticated
        await http.get("/x")
    assert "authorization" not in script.heard[0].lower()


def test_the_token_is_in_no_repr():
    http = Http("GitHub", "https://api.example.com", TOKEN)
    assert SECRET not in repr(TOKEN)
    assert SECRET not in repr(http)


# --- what is tried again --------------------------------------------------------------------------------------


async def test_a_storm_of_502_passes_for_what_only_reads():
    script = Scripted(answer(502), answer(503), answer(500), answer(200, [1]))
    async with forge(script) as http:
        assert await http.get("/x") == [1]
    assert len(script.heard) == 4


async def test_a_storm_that_does_not_end_is_worth_trying_later():
    script = Scripted(answer(502, b"<html>bad gateway", kind="text/html"))
    async with forge(script) as http:
        with pytest.raises(Busy, match="502") as caught:
            await http.get("/x")
    assert caught.value.exit_code == ExitCode.RETRY_LATER
    assert len(script.heard) == QUICK.attempts


@pytest.mark.parametrize("broken", [None, b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n[1", b"garbage\r\n\r\n"])
async def test_a_connection_that_breaks_is_tried_again_for_what_only_reads(broken):
    script = Scripted(broken, answer(200, [1]))
    async with forge(script) as http:
        assert await http.get("/x") == [1]


@pytest.mark.parametrize(
    "broken", [None, b"HTTP/1.1 201 Created\r\nContent-Length: 99\r\n\r\n{", answer(502), answer(500)]
)
async def test_what_may_have_been_posted_is_not_posted_again(broken):
    script = Scripted(broken, answer(201))
    async with forge(script) as http:
        with pytest.raises(Unclear):
            await http.send("POST", "/x", {"a": 1}, again=False)
    assert len(script.heard) == 1


async def test_a_post_that_never_left_is_tried_again():
    """Nobody listens on that port: nothing can have been done."""
    async with server(Scripted(answer())) as port:
        pass
    http = Http("GitHub", f"http://127.0.0.1:{port}", TOKEN, patience=QUICK)
    with pytest.raises(Busy, match="no answer to POST /x"):
        await http.send("POST", "/x", {}, again=False)
    await http.close()


async def test_a_post_without_an_answer_is_looked_for_before_it_is_repeated():
    script = Scripted(None, answer(201))
    looked: list[int] = []

    async def stands() -> bool:
        looked.append(len(script.heard))
        return False

    async with forge(script) as http:
        await http.make("/x", {"a": 1}, stands)
    assert script.lines == ["POST /api/x"] * 2
    assert looked == [1]


async def test_a_post_that_was_done_is_not_repeated():
    script = Scripted(answer(502), answer(201))

    async def stands() -> bool:
        return True

    async with forge(script) as http:
        await http.make("/x", {"a": 1}, stands)
    assert len(script.heard) == 1


async def test_a_post_that_was_done_is_done_whatever_came_back():
    script = Scripted(answer(201, b"<html>", kind="text/html"))

    async def stands() -> bool:
        return False

    async with forge(script) as http:
        await http.make("/x", {"a": 1}, stands)
    assert len(script.heard) == 1


async def test_a_post_that_never_gets_an_answer_ends():
    script = Scripted(None)

    async def stands() -> bool:
        return False

    async with forge(script) as http:
        with pytest.raises(Unclear):
            await http.make("/x", {}, stands)
    assert len(script.heard) == 3


async def test_a_certificate_that_does_not_count_is_told_at_once(tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    await asyncio.to_thread(
        subprocess.run, [*made, "-keyout", key, "-out", certificate], check=True, capture_output=True
    )
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    script = Scripted(answer())
    async with server(script, tls) as port:
        http = Http("GitHub", f"https://localhost:{port}", TOKEN, patience=QUICK)
        with pytest.raises(ForgeError, match="cannot be trusted") as caught:
            await http.get("/x")
        await http.close()
    assert "SSL_CERT_FILE" in caught.value.hint
    assert script.heard == []


# --- limits ---------------------------------------------------------------------------------------------------

SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}


@pytest.mark.parametrize(
    "limited",
    [
        answer(429, b"", "Retry-After: 0"),
        answer(403, SECONDARY, "Retry-After: 0"),
        answer(403, {"message": "API rate limit exceeded"}, "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1"),
        answer(429, {"message": "Too Many Requests"}, "RateLimit-Remaining: 0", "RateLimit-Reset: 1"),
    ],
)
async def test_a_limit_is_waited_for_even_with_a_post(limited):
    """It was refused before it was done."""
    script = Scripted(limited, answer(201, {"id": 7}))
    async with forge(script) as http:
        assert await http.send("POST", "/x", {}, again=False) == {"id": 7}
    assert len(script.heard) == 2


@pytest.mark.parametrize(
    "limited",
    [
        answer(429, b"", "Retry-After: 3600"),
        answer(403, SECONDARY),
        answer(422, {"message": "Validation Failed", "errors": [{"message": "was submitted too quickly"}]}),
        answer(403, b"{}", "X-RateLimit-Remaining: 0", f"X-RateLimit-Reset: {int(time.time()) + 3000}"),
    ],
)
async def test_a_limit_that_takes_too_long_is_given_up_at_once(limited):
    script = Scripted(limited)
    async with forge(script) as http:
        with pytest.raises(Busy, match=r"rate limit: \d+ s more are too long to wait") as caught:
            await http.get("/x")
    assert caught.value.exit_code == ExitCode.RETRY_LATER
    assert len(script.heard) == 1


async def test_the_wait_for_a_limit_goes_by_the_forges_own_clock():
    """It is an hour ahead, and its limit ends in a second by that clock."""
    ahead = int(time.time()) + 3600
    date = f"Date: {formatdate(ahead, usegmt=True)}"
    script = Scripted(
        answer(403, b"{}", date, "X-RateLimit-Remaining: 0", f"X-RateLimit-Reset: {ahead}"), answer(200, [])
    )
    async with forge(script) as http:
        assert await http.get("/x") == []


async def test_all_waits_together_are_bounded():
    script = Scripted(answer(429, b"", "Retry-After: 1"))
    patience = Patience(attempts=100, in_all_s=0.5)
    async with forge(script, patience=patience) as http:
        with pytest.raises(Busy):
            await http.get("/x")
    assert len(script.heard) == 1


# --- refusals -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind", "hint", "code"),
    [
        (401, Denied, "renew it", 1),
        (403, Denied, "give it rights", 1),
        (404, Missing, "look again", 1),
        (422, Refused, "", 2),
        (409, ForgeError, "", 2),
    ],
)
async def test_a_no_says_why_and_what_to_do(status, kind, hint, code):
    script = Scripted(answer(status, {"message": "Resource not accessible by integration"}))
    async with forge(script, advice=Advice("renew it", "give it rights", "look again")) as http:
        with pytest.raises(kind, match="Resource not accessible") as caught:
            await http.get("/x")
    assert type(caught.value) is kind
    assert (caught.value.hint, caught.value.exit_code, caught.value.status) == (hint, code, status)
    assert len(script.heard) == 1


async def test_the_forges_words_are_one_plain_line():
    nasty = f"line is bad\r\n\x1b[31m‮evil\U000e0041 {SECRET} " + "x" * 900
    script = Scripted(answer(422, {"message": nasty, "errors": ["Line could not be resolved", {"message": "two"}]}))
    async with forge(script) as http:
        with pytest.raises(Refused) as caught:
            await http.get("/x")
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 400


@pytest.mark.parametrize(
    "where", [{"message": SECRET}, {"error": {"field": [SECRET]}}, {"errors": [{"message": SECRET}]}]
)
async def test_a_forge_that_repeats_the_token_does_not_spread_it(where):
    script = Scripted(answer(400, where))
    async with forge(script) as http:
        with pytest.raises(Refused) as caught:
            await http.get(f"/{SECRET}")
    assert SECRET not in str(caught.value)
    assert SECRET not in caught.value.words


@pytest.mark.parametrize("body", [b"<html>login", b"{", b"\xff\xfe", b"[" * 100_000])
async def test_what_is_no_json_is_told(body):
    script = Scripted(answer(200, body, kind="text/html"))
    async with forge(script) as http:
        with pytest.raises(ForgeError, match=r"no JSON \(text/html\)"):
            await http.get("/x")


async def test_a_huge_answer_is_not_held():
    packed = gzip.compress(b" " * (MOST_BYTES + 1_000_000))
    script = Scripted(answer(200, packed, "Content-Encoding: gzip"))
    async with forge(script) as http:
        with pytest.raises(ForgeError, match="more than 16,000,000 bytes"):
            await http.get("/x")


async def test_a_body_that_never_ends_is_left():
    async def dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.05)

    patience = Patience(attempts=2, first_s=0.01, longest_s=0.01, answer_s=0.4)
    async with forge(dripping, patience=patience) as http:
        with pytest.raises(Busy, match=r"not whole within 0\.4 s"):
            await http.get("/x")
