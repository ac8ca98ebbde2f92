"""Who is let in: the key on every route there is, hosts against DNS rebinding, and nobody else's web page."""

import pytest

from kimicode_engine.server.app import Routes
from tests.fakes.engine_server import KEY, chat, saying, serving, tiny_tokenizer


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    return tiny_tokenizer(tmp_path_factory.mktemp("tiny"))


async def test_no_route_and_no_method_works_without_the_key(tokenizer):
    async with serving(tokenizer, saying(tokenizer, "x")) as server, server.client(key="wrong") as client:
        routes = Routes(server.service).all()
        paths = [route.path for route in routes] + ["/", "/nothing", "/docs", "/v1/chat/completions/"]
        tried = {(method, path) for path in paths for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD")}
        answers = {one: (await client.request(*one)).status_code for one in sorted(tried)}
    assert len(routes) == 10
    assert set(answers.values()) == {401}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"authorization": f"Bearer {KEY}"}, 200),
        ({"authorization": f"bearer  {KEY}"}, 200),
        ({"x-api-key": KEY}, 200),
        ({"x-api-key": KEY, "authorization": "Bearer other"}, 200),
        ({"authorization": f"Basic {KEY}"}, 401),
        ({"authorization": KEY}, 401),
        ({"authorization": "Bearer"}, 401),
        ({"x-api-key": ""}, 401),
        ({"x-api-key": KEY[:-1]}, 401),
        ({"x-api-key": KEY + "x"}, 401),
        ({"x-api-key": "schlüssel".encode()}, 401),
        ({}, 401),
    ],
)
async def test_the_key_comes_as_bearer_or_as_x_api_key(tokenizer, headers, status):
    async with serving(tokenizer, saying(tokenizer, "x")) as server, server.client() as client:
        del client.headers["authorization"]
        assert (await client.get("/health", headers=headers)).status_code == status


async def test_without_a_key_every_local_program_is_let_in(tokenizer):
    async with serving(tokenizer, saying(tokenizer, "x"), key=None) as server, server.client(key="any") as client:
        assert (await client.post("/v1/chat/completions", json=chat())).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "localhost"}, 200),
        ({"host": "LOCALHOST:8421"}, 200),
        ({"host": "127.0.0.1:1"}, 200),
        ({"host": "[::1]:8421"}, 200),
        ({"host": "gpu-box:8421"}, 200),
        ({"host": "localhost", "origin": "http://localhost:3000"}, 200),
        ({"host": "evil.example"}, 403),
        ({"host": "localhost.evil.example"}, 403),
        ({"host": "localhost@evil.example"}, 403),
        ({"host": ""}, 403),
        ({"host": "[::1"}, 403),
        ({"host": "localhost", "origin": "https://evil.example"}, 403),
        ({"host": "localhost", "origin": "null"}, 403),
        ({"host": "localhost", "origin": ""}, 403),
    ],
)
async def test_only_known_names_are_served_whatever_the_key(tokenizer, headers, status):
    async with serving(tokenizer, saying(tokenizer, "x"), hosts=("gpu-box",)) as server, server.client() as client:
        answer = await client.get("/health", headers=headers)
    assert answer.status_code == status
    assert "access-control-allow-origin" not in answer.headers
