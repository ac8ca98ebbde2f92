"""A fake GitLab over a real bare git repository and a real socket. Its use is that of the fake GitHub:

    with GitLab(tmp_path) as forge:
        forge.commit("main", {"a.py": b"one\\n"}); forge.commit("topic", {"a.py": b"two\\n"})
        request = forge.open("A title", "A description", base="main", head="topic", author="ann")
        client = Client(request.url, {"GITLAB_TOKEN": forge.bot()})
        forge.discussions(request), forge.statuses(request.head)         # what it left behind
        forge.reply(discussion, "ann", "no, that is meant"); forge.resolve(discussion, "ann")
        forge.push("topic", {"a.py": b"three\\n"}); forge.prepare(request, done=False); forge.fail("POST", ...)

Leaving the block raises AssertionError if a client asked for a path or gave a parameter that GitLab does not document,
or if the fake broke; `forge.violations` holds them. `forge.approvals` is there to be asserted empty.
"""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from tests.fakes.forge import gitlab_routes
from tests.fakes.forge.github_state import Pull
from tests.fakes.forge.gitlab_routes import Ask, refusal
from tests.fakes.forge.gitlab_shapes import PROJECT
from tests.fakes.forge.gitlab_state import Discussion, Key, Level, Note, State, Status
from tests.fakes.forge.hosted import Hosted
from tests.fakes.forge.repository import Blob
from tests.fakes.forge.sockets import Answer, Refused, Request

_ALLOWANCE = 2000


class GitLab(Hosted):
    """One project at a GitLab of its own. Enter it to serve; see the module's docstring.

    `below`: the folder of the host under which this GitLab is installed, as "/gitlab".
    """

    def __init__(
        self, folder: Path, *, full_name: str = "acme/tools/shop", private: bool = False, below: str = ""
    ) -> None:
        super().__init__(folder)
        self.url = self.host + below
        self._below = below
        self.state = State(self.bare, self.url, full_name, private, {"ann": 30, "eve": 0})
        self.keys: dict[str, Key] = {}
        self.remaining = _ALLOWANCE
        """Requests left in this minute; at 0 every one is refused."""

    # --- the repository and its merge requests --------------------------------------------------------------

    def commit(self, branch: str, files: Mapping[str, bytes | Blob | None], **more: Any) -> str:
        """As at any forge; a push also makes a new version of every diff that it changes."""
        sha = super().commit(branch, files, **more)
        for pull in self.state.pulls.values():
            self.state.version(pull)
        return sha

    def open(
        self,
        title: str,
        body: str = "",
        *,
        base: str = "main",
        head: str,
        author: str = "ann",
        fork: str = "",
        draft: bool = False,
    ) -> Pull:
        """Open a merge request."""
        number, state = len(self.state.pulls) + 1, self.state
        state.levels.setdefault(author, 0)
        url = f"{self.url}/{state.full_name}/-/merge_requests/{number}"
        pull = Pull(self.bare, url, number, title, body, author, base, head, fork, draft, state.now())
        state.pulls[number] = pull
        self.bare.point(f"refs/merge-requests/{number}/head", pull.head_ref)
        state.version(pull)
        return pull

    def prepare(self, pull: Pull, *, done: bool = True) -> None:
        """Whether GitLab has computed the diff already: right after opening it may not have."""
        (self.state.preparing.discard if done else self.state.preparing.add)(pull.number)

    # --- what people do -------------------------------------------------------------------------------------

    def person(self, login: str, level: Level) -> None:
        """Somebody with an access level; 0 is a stranger with an account."""
        self.state.levels[login] = level

    def say(self, pull: Pull, login: str, text: str) -> Discussion:
        """Somebody comments below a merge request."""
        return self.state.say(pull, login, text)

    def reply(self, discussion: Discussion, login: str, text: str) -> None:
        """Somebody answers in a discussion."""
        now = self.state.now()
        discussion.notes.append(Note(next(self.state.numbers), login, text, now, now))
        discussion.single = False

    def resolve(self, discussion: Discussion, login: str) -> None:
        discussion.resolved_by = login

    def unresolve(self, discussion: Discussion) -> None:
        discussion.resolved_by = ""

    # --- tokens ---------------------------------------------------------------------------------------------

    def bot(self, scope: str = "api", *, level: Level = 30) -> str:
        """A project's access token, which is a bot user of its own."""
        return self.user("project_42_bot_1f", scope, level=level)

    def user(self, login: str, scope: str = "api", *, level: Level | None = None) -> str:
        """Somebody's token, of scope "api", "read_api" or "job"."""
        if level is not None or login not in self.state.levels:
            self.state.levels[login] = level or 0
        text = f"glpat-{len(self.keys)}{login}"
        self.keys[text] = Key(text, login, scope)  # type: ignore[arg-type]
        return text

    def environ(self, token: str = "") -> dict[str, str]:
        """The environment of a pipeline's job that has this token."""
        names = {"CI_SERVER_URL": self.url, "CI_API_V4_URL": f"{self.url}/api/v4", "CI_PROJECT_ID": str(PROJECT)}
        return {**names, "CI_PROJECT_PATH": self.state.full_name, **({"GITLAB_TOKEN": token} if token else {})}

    # --- what was left behind -------------------------------------------------------------------------------

    def discussions(self, pull: Pull, *, at_lines: bool = False) -> list[Discussion]:
        """Those of people and bots, without GitLab's own notes; `at_lines`: only those at a line."""
        said = [one for one in self.state.of(pull) if not one.first.system]
        return [one for one in said if one.first.position is not None or not at_lines]

    def statuses(self, commit: str) -> list[Status]:
        return [one for one in self.state.statuses if one.commit == commit]

    @property
    def approvals(self) -> list[str]:
        return self.state.approvals

    # --- answering ------------------------------------------------------------------------------------------

    def _may_fetch(self, token: str) -> bool:
        return token in self.keys

    def _answer(self, request: Request) -> Answer:
        self.remaining -= 1
        answer = too_many(1) if self.remaining < 0 else self._routed(request)
        reset = int(time.time()) + 60
        names = {
            "Limit": _ALLOWANCE,
            "Observed": _ALLOWANCE - self.remaining,
            "Remaining": max(self.remaining, 0),
            "Reset": reset,
        }
        limits = {f"RateLimit-{name}": str(value) for name, value in names.items()}
        answer.headers = {**limits, "X-Request-Id": f"FAKE{len(self.requests)}", **answer.headers}
        return answer

    def _routed(self, request: Request) -> Answer:
        prefix = f"{self._below}/api/v4"
        path = request.path.removeprefix(prefix)
        found = ((route, route.match(request.method, path)) for route in gitlab_routes.routes())
        route, held = next(((route, held) for route, held in found if held is not None), (None, {}))
        if route is None or path == request.path:
            self.violations.append(f"{request.method} {request.path}: nothing is here")
            return Answer(404, {"error": "404 Not Found"})
        try:
            given = _given(request)
            unknown = sorted(set(given) - set(route.parameters.split()))
            self.violations += [f"{request.method} {request.path}: unknown parameter {name}" for name in unknown]
            ask = Ask(request, {name: unquote(value) for name, value in held.items()}, given, self._key(request))
            self._check(ask)
            return route.run(self.state, ask)
        except Refused as refused:
            return refused.answer

    def _key(self, request: Request) -> Key | None:
        """The token of a request, by any of the three ways to give one. Raises Refused if nobody knows it."""
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        text = request.headers.get("private-token") or request.headers.get("job-token") or bearer
        if not text:
            return None
        key = self.keys.get(text)
        if key is None or (key.scope == "job") != ("job-token" in request.headers):
            raise refusal(401, "401 Unauthorized")
        return key

    def _check(self, ask: Ask) -> None:
        """Whether the project is this one, is seen by who asks, and is written to by a token that may."""
        if "id" in ask.path and ask.path["id"] not in (str(PROJECT), self.state.full_name):
            raise refusal(404, "404 Project Not Found")
        if self.state.private and (ask.key is None or not self.state.levels.get(ask.key.login)):
            raise refusal(404, "404 Project Not Found")
        if ask.key is not None and ask.key.scope == "job":
            raise refusal(401, "401 Unauthorized")
        if ask.request.method != "GET" and ask.key is None:
            raise refusal(401, "401 Unauthorized")
        if ask.request.method != "GET" and ask.key is not None and ask.key.scope == "read_api":
            raise refusal(403, "insufficient_scope", key="error")


def too_many(retry_after: int) -> Answer:
    """The limit of requests a minute is reached."""
    return Answer(429, "Retry later\n", {"Retry-After": str(retry_after), "RateLimit-Remaining": "0"})


def _given(request: Request) -> dict[str, Any]:
    """Query and body together. A body is JSON or a form with bracketed names. Raises Refused."""
    given: dict[str, Any] = dict(request.query)
    if not request.body:
        return given
    if "json" not in request.headers.get("content-type", ""):
        for name, value in parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True):
            _put(given, name.replace("]", "").split("["), value)
        return given
    try:
        asked = json.loads(request.body)
    except ValueError:
        raise refusal(400, "400 Bad request - message body does not match declared format", key="error") from None
    return {**given, **asked} if isinstance(asked, dict) else given


def _put(given: dict[str, Any], names: list[str], value: str) -> None:
    """A value of a form, at its place in nested names; numbers of lines become numbers."""
    for name in names[:-1]:
        given = given.setdefault(name, {})
    given[names[-1]] = int(value) if names[-1] in ("old_line", "new_line") and value.isdigit() else value
