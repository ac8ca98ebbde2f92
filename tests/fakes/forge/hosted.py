"""What both fake forges are: a real repository, a server on a real socket, people who push, a list of violations."""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

from tests.fakes.forge.github_state import head_ref
from tests.fakes.forge.repository import Bare, Blob
from tests.fakes.forge.sockets import Answer, Fault, Request, Server
from tests.fakes.git_http import backend, secret


class Hosted:
    """A repository at a forge. Enter it to serve; leaving it raises AssertionError if a rule was broken meanwhile.

    `violations` holds what clients did, or the fake itself, that the forge's own description does not allow; a test
    that provokes one clears it. `bare` is the repository, to which real clones may push as well.
    """

    def __init__(self, folder: Path) -> None:
        self.bare = Bare(folder / "forge.git")
        self.violations: list[str] = []
        self._server = Server(self._served)
        self.host = f"http://127.0.0.1:{self._server.port}"

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self._server.__exit__(kind, *rest)
        if kind is None:
            if self._server.broken:
                raise AssertionError("the fake broke") from self._server.broken[0]
            assert not self.violations, "\n".join(self.violations)

    def commit(
        self,
        branch: str,
        files: Mapping[str, bytes | Blob | None],
        *,
        message: str = "Change",
        author: str = "ann",
        start: str = "main",
        fork: str = "",
    ) -> str:
        """Commit on a branch; a new branch begins at `start`. `fork`: the branch is in that person's fork."""
        ref = head_ref(branch, fork)
        fresh = "" if self.bare.tip(ref) else self.bare.tip(f"refs/heads/{start}")
        return self.bare.commit(ref, files, message=message, author=author, start=fresh)

    def push(self, branch: str, files: Mapping[str, bytes | Blob | None], **more: Any) -> str:
        """Another commit on a branch, as its author would push it."""
        return self.commit(branch, files, **more)

    def force_push(
        self, branch: str, files: Mapping[str, bytes | Blob | None], *, start: str = "main", fork: str = ""
    ) -> str:
        """Rewrite a branch: its one commit now stands on `start`, a branch or a commit."""
        begin = self.bare.tip(f"refs/heads/{start}") or start
        return self.bare.commit(head_ref(branch, fork), files, message="Change", author="ann", start=begin)

    def merge(self, branch: str, *, into: str) -> str:
        """Merge one branch of the repository into another, as somebody does who keeps theirs up to date."""
        return self.bare.merge(f"refs/heads/{into}", f"refs/heads/{branch}")

    @property
    def requests(self) -> list[Request]:
        """Everything that was asked, in order."""
        return self._server.requests

    def asked(self, method: str, path: str = "") -> list[Request]:
        """The requests of a method whose path holds `path`."""
        return [one for one in self.requests if one.method == method and path in one.plain_path]

    def fail(self, match: str = "", **fault: Any) -> threading.Event:
        """Plan a Fault for requests whose line ("POST /repos/…") holds `match`; returns its gate."""
        planned = Fault(match, **fault)
        self._server.faults.append(planned)
        return planned.gate

    def _served(self, request: Request) -> Answer:
        """Commits are fetched at the address that people see, everything else is the API's."""
        project, mark, rest = request.path.partition(".git/")
        return self._git(request, f"/{self.bare.path.name}/{rest}") if mark and project else self._answer(request)

    def _git(self, request: Request, path: str) -> Answer:
        given = request.headers.get("authorization", "")
        if not self._may_fetch(secret(given)):
            return Answer(401, "Authentication required", {"WWW-Authenticate": 'Basic realm="git"'})
        names = {"Content-Type": "content-type", "Content-Encoding": "content-encoding", "Git-Protocol": "git-protocol"}
        headers = {name: request.headers[key] for name, key in names.items() if key in request.headers}
        target = f"{path}?{urlencode(request.query)}"
        status, fields, body = backend(self.bare.path.parent, request.method, target, headers, request.body)
        return Answer(status, body, dict(fields))

    def _may_fetch(self, token: str) -> bool:
        """Whether commits are given to who brings this token, "" for nobody."""
        raise NotImplementedError

    def _answer(self, request: Request) -> Answer:
        raise NotImplementedError
