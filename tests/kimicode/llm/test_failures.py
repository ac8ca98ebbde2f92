"""What the client makes of servers that fail: retried when it may pass, explained when it will not."""

import time

import pytest

from kimicode.errors import (
    ContextOverflow,
    ExitCode,
    ModelError,
    ModelNotFound,
    ModelOverloaded,
    ModelUnreachable,
    QuotaExhausted,
    Unauthorized,
)
from kimicode.llm.failures import Endpoint
from kimicode.llm.retry import RetryPolicy
from kimicode.llm.scripted import Reply
from kimicode.messages import TextPiece
from tests.fakes.model_server import FaultServer, call, cut, delta, free_port, html, reset, stall, status, stream
from tests.fakes.talk import ask

GOOD = Reply("all is well")
HALF_TEXT = (delta(role="assistant"), delta(content="all is"))
HALF_CALL = call(0, "a", "bash", '{"command": "rm -rf')
CUT_CHARACTER = b'data: {"choices": [{"delta": {"content": "\xf0\x9f'


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(reset(headers=False), id="reset-before-headers"),
        pytest.param(reset(), id="reset-after-headers"),
        pytest.param(reset(*HALF_TEXT), id="reset-in-text"),
        pytest.param(reset(*HALF_TEXT, CUT_CHARACTER), id="reset-in-a-character"),
        pytest.param(reset(HALF_CALL), id="reset-in-a-call"),
        pytest.param(cut(), id="cut-before-the-first-token"),
        pytest.param(cut(*HALF_TEXT), id="cut-in-text"),
        pytest.param(cut(*HALF_TEXT, CUT_CHARACTER), id="cut-in-a-character"),
        pytest.param(cut(HALF_CALL), id="cut-in-a-call"),
        pytest.param(cut(*HALF_TEXT, chunked=True), id="cut-in-http-chunks"),
        pytest.param(stream(*HALF_TEXT, b"data: {oops}\n\n"), id="broken-chunk"),
        pytest.param(stream(b"data: " + b"[" * 20_000 + b"\n\n"), id="absurdly-nested-chunk"),
        pytest.param(stream({"error": {"message": "engine died"}}), id="error-in-the-stream"),
        pytest.param(stream({"error": {"message": "busy", "code": 529}}), id="overload-in-the-stream"),
        pytest.param(stream(*HALF_TEXT, delta("error")), id="finish-reason-error"),
        pytest.param(stall(headers=False), id="stall-before-headers"),
        pytest.param(stall(*HALF_TEXT), id="stall-in-text"),
        pytest.param(html(), id="web-page"),
        pytest.param(html(502), id="web-page-502"),
        *(pytest.param(status(code), id=str(code)) for code in (408, 409, 425, 429, 500, 502, 503, 504, 529)),
    ],
)
async def test_a_failure_that_may_pass_is_retried(fault):
    async with FaultServer([fault, GOOD]) as server:
        heard = await ask(server.base_url, idle_timeout=0.3)
    assert heard.reply.message.text == "all is well"
    (retry,) = heard.retries
    assert (retry.attempt, retry.attempts) == (1, 10)
    assert retry.reason


async def test_pieces_before_and_after_a_retry_can_be_told_apart():
    seen = []
    async with FaultServer([reset(*HALF_TEXT), GOOD]) as server:
        heard = await ask(server.base_url)
        seen = [piece.text for piece in heard.pieces if isinstance(piece, TextPiece)]
    assert seen[0] == "all is"
    assert "".join(seen[1:]) == "all is well"


async def test_after_ten_attempts_an_overloaded_server_is_given_up():
    async with FaultServer([status(503, "try later")] * 10) as server:
        with pytest.raises(ModelOverloaded, match="try later") as caught:
            await ask(server.base_url, retry=RetryPolicy(base=0.001))
        assert len(server.requests) == 10
    assert caught.value.exit_code == ExitCode.RETRY_LATER


async def test_after_ten_attempts_a_broken_line_is_given_up():
    async with FaultServer([reset()] * 10) as server:
        with pytest.raises(ModelUnreachable, match="10 attempts"):
            await ask(server.base_url, retry=RetryPolicy(base=0.001))
        assert len(server.requests) == 10


async def test_a_local_server_that_is_not_started_is_given_up_after_three_quick_attempts():
    started = time.monotonic()
    with pytest.raises(ModelUnreachable, match="connection refused") as caught:
        await ask(f"http://127.0.0.1:{free_port()}/v1", retry=RetryPolicy())
    assert "3 attempts" in caught.value.message
    assert "No server runs at http://127.0.0.1" in caught.value.hint
    assert time.monotonic() - started < 20, "ten attempts of this policy take minutes"


async def test_the_servers_own_wish_for_a_pause_is_honoured():
    async with FaultServer([status(429, "slow down", "Retry-After: 0.5\r\n"), GOOD]) as server:
        started = time.monotonic()
        heard = await ask(server.base_url)
    assert heard.retries[0].wait_s == 0.5
    assert time.monotonic() - started >= 0.5


@pytest.mark.parametrize("code", [401, 403])
async def test_a_refused_key_names_the_variables_and_not_the_key(code):
    async with FaultServer([status(code, "Incorrect key sk-secret")]) as server:
        with pytest.raises(Unauthorized) as caught:
            await ask(server.base_url)
        assert len(server.requests) == 1
    assert "KIMICODE_API_KEY" in caught.value.hint
    assert "sk-secret" not in str(caught.value)


def test_a_refused_key_at_a_known_provider_names_its_own_variable():
    error = Endpoint("https://api.moonshot.ai/v1", "kimi-k2.6").error_of_status(401, {}, {"message": "no auth"})
    assert isinstance(error, Unauthorized)
    assert "none is set" in error.message
    assert error.hint == "Set MOONSHOT_API_KEY or KIMICODE_API_KEY to a valid key."


async def test_an_unknown_model_is_answered_with_those_that_are_served():
    models = [{"id": "kimi-k2.6"}, {"id": "kimi-k2.5"}]
    async with FaultServer([status(404, "model not found")], models=models) as server:
        with pytest.raises(ModelNotFound) as caught:
            await ask(server.base_url)
    assert "kimi-k2.6, kimi-k2.5" in caught.value.hint


async def test_a_wrong_path_is_a_hint_at_the_address():
    async with FaultServer([status(404, "no such path")], models=[]) as server:
        with pytest.raises(ModelNotFound, match="no such path") as caught:
            await ask(server.base_url)
    assert "--base-url" in caught.value.hint


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (400, "This model's maximum context length is 131072 tokens. However, your messages resulted in 140000."),
        (400, "Invalid request: Your request exceeded model token limit: 262144"),
        (400, "the request exceeds the available context size, try increasing it"),
        (400, "prompt is too long: 210000 tokens > 200000 maximum"),
        (400, "context_length_exceeded"),
        (413, "Request Entity Too Large"),
        (500, "Input prompt exceeds the model context size"),
    ],
)
async def test_a_conversation_that_is_too_long_is_an_overflow(code, message):
    async with FaultServer([status(code, message)]) as server:
        with pytest.raises(ContextOverflow):
            await ask(server.base_url)
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("You exceeded your current quota", "insufficient_quota"),
        ("Your account is not active", "exceeded_current_quota_error"),
        ("please check your plan and billing details", None),
        ("Insufficient balance", "x"),
    ],
)
async def test_an_exhausted_quota_is_not_retried(message, kind):
    async with FaultServer([status(429, message, type=kind)]) as server:
        with pytest.raises(QuotaExhausted):
            await ask(server.base_url)
        assert len(server.requests) == 1


async def test_a_rate_limit_that_mentions_billing_pages_is_still_only_a_rate_limit():
    message = "Rate limit reached; add a payment method at https://example.com/account/billing"
    async with FaultServer([status(429, message, code="rate_limit_exceeded"), GOOD]) as server:
        assert (await ask(server.base_url)).reply.message.text == "all is well"


async def test_any_other_refusal_carries_the_servers_own_words_in_short():
    async with FaultServer([status(400, "tool names must be lower case. " * 50)]) as server:
        with pytest.raises(ModelError, match="tool names must be lower case") as caught:
            await ask(server.base_url)
    assert type(caught.value) is ModelError
    assert len(caught.value.message) < 400


async def test_an_overflow_within_the_stream_is_not_retried():
    error = {"error": {"message": "maximum context length exceeded", "code": 400}}
    async with FaultServer([stream(error)]) as server:
        with pytest.raises(ContextOverflow):
            await ask(server.base_url)


async def test_a_chunk_delivered_twice_harms_no_call():
    whole = call(0, "a", "bash", '{"command": "ls"}')
    async with FaultServer([stream(whole, whole, delta("tool_calls"), delta("tool_calls"))]) as server:
        (made,) = (await ask(server.base_url)).reply.message.tool_calls
    assert made.arguments == '{"command": "ls"}'


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (None, ""),
        ("plain words", "plain words"),
        (b"<html><body>Bad\nGateway</body></html>", "Bad Gateway"),
        ({"detail": [{"msg": "field required"}]}, "field required"),
        ({"errors": [{"message": "no neurons", "code": 3}]}, "no neurons"),
        ([{"error": {"message": "listed"}}], "listed"),
        ({"odd": 1}, '{"odd": 1}'),
    ],
)
def test_the_words_are_found_in_any_shape_of_body(body, words):
    assert Endpoint("http://127.0.0.1/v1", "m").words_of(body) == words
