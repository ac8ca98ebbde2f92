"""A small change at the fake GitHub, and requests in one line, for the tests of the fake itself."""

from pathlib import Path
from typing import Any

import httpx2

from tests.fakes.forge.github import GitHub
from tests.fakes.forge.repository import Blob

ROOT = "/repos/acme/shop"
LINES = [b"line %d\n" % number for number in range(1, 41)]


def changed(folder: Path) -> GitHub:
    """A forge, not yet entered, with a branch "topic" that changes, deletes, renames and adds files of "main"."""
    forge = GitHub(folder)
    forge.commit("main", {"a.py": b"".join(LINES), "old.py": b"".join(LINES), "gone.py": b"x\n", "pic": b"\0\1"})
    lines = [*LINES]
    lines[2:4] = [b"three\n", b"four\n", b"and a half\n"]
    lines[30] = b"thirty\n"
    forge.commit("topic", {"a.py": b"".join(lines), "gone.py": None, "pic": b"\0\2", "old.py": None})
    forge.commit("topic", {"moved.py": b"".join(LINES), "run.sh": Blob(b"#!/bin/sh\n", "100755"), "empty": b""})
    return forge


def ask(
    forge: GitHub,
    method: str,
    path: str,
    token: str | None = None,
    *,
    headers: dict[str, str] | None = None,
    **more: Any,
) -> httpx2.Response:
    """A request. The token is a workflow run's if none is given; "" asks without one."""
    given = forge.actions() if token is None else token
    said = {**({"Authorization": f"Bearer {given}"} if given else {}), **(headers or {})}
    return httpx2.request(method, f"{forge.state.api}{path}", headers=said, verify=False, **more)


def review(forge: GitHub, *comments: dict[str, Any], token: str | None = None, **more: Any) -> httpx2.Response:
    """Post a review with these comments on pull request 1."""
    asked = {"event": "COMMENT", "body": "Found", "comments": list(comments), **more}
    return ask(forge, "POST", f"{ROOT}/pulls/1/reviews", token, json=asked)


def at(line: int, path: str = "a.py", **more: Any) -> dict[str, Any]:
    """A comment on a line of the new side."""
    return {"path": path, "line": line, "side": "RIGHT", "body": "hm", **more}
