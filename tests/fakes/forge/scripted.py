"""A forge over a real socket whose answers are written down beforehand, and a client for it."""

import asyncio
import contextlib
import json
import re

from kimicode.review.forges.http import Http, Token
from kimicode.review.forges.limits import Patience
from tests.fakes.network import server

TOKEN = Token("Authorization", "Bearer ghp_" + "s3cr3t" * 6, "GITHUB_TOKEN")
SECRET = TOKEN.value.removeprefix("Bearer ")
QUICK = Patience(attempts=4, first_s=0.01, longest_s=0.02, in_all_s=5.0, answer_s=30.0, settle_s=0.01)


def answer(status=200, body=b"{}", *headers, kind="application/json"):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body


class Scripted:
    """A server that gives its answers one after the other, the last one for good. `None` drops the connection."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers)
        self.heard: list[str] = []
        self.bodies: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = re.search(r"(?i)content-length: (\d+)", head)
        self.bodies.append(await reader.readexactly(int(length[1])) if length else b"")
        self.heard.append(head)
        said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if said is not None:
            writer.write(said)
            await writer.drain()

    @property
    def lines(self) -> list[str]:
        return [head.split("\r\n", 1)[0].removesuffix(" HTTP/1.1") for head in self.heard]


@contextlib.asynccontextmanager
async def forge(script, *, token=TOKEN, patience=QUICK, advice=None):
    async with server(script) as port:
        http = Http(
            "GitHub", f"http://127.0.0.1:{port}/api", token, {"Accept": "a/b"}, advice=advice, patience=patience
        )
        try:
            yield http
        finally:
            await http.close()
