"""A fake GitHub over a real bare git repository and a real socket: REST, GraphQL, tokens, limits and faults.

    with GitHub(tmp_path) as forge:
        forge.commit("main", {"a.py": b"one\\n"})
        forge.commit("topic", {"a.py": b"two\\n", "gone.py": None, "run.sh": Blob(b"#!/bin/sh\\n", "100755")})
        pull = forge.open("A title", "A description", base="main", head="topic", author="ann")
        client = Client(pull.url, forge.environ(forge.actions()))        # whatever is tested
        forge.threads(pull), forge.comments(pull), forge.reviews(pull), forge.checks(pull.head)   # what it left behind
        forge.reply(thread, "ann", "no, that is meant"); forge.resolve(thread, "ann")
        forge.push("topic", {"a.py": b"three\\n"})                       # the head moves, lines become outdated
        forge.fail("POST /repos", answer=secondary_limit(1))             # and see Fault: resets, halves, slow answers

Leaving the block raises AssertionError if a request or an answer broke GitHub's OpenAPI description or GraphQL schema,
or if the fake itself broke; `forge.violations` holds them, and a test that provokes one clears it. Nothing may approve
or reject a change: `forge.verdicts` is there to be asserted empty. Real clones may push to `forge.bare.path`; pull
requests follow, and `refs/pull/N/head` as well. What it knows of GitHub, and whence: README.md.
"""

import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlencode

from tests.fakes.forge import contract, github_asks, github_graph, github_routes
from tests.fakes.forge import github_people as people
from tests.fakes.forge import github_reviews as rules
from tests.fakes.forge import github_shapes as shapes
from tests.fakes.forge.github_asks import Ask
from tests.fakes.forge.github_state import CheckRun, IssueComment, Pull, Review, Role, State, Thread
from tests.fakes.forge.hosted import Hosted
from tests.fakes.forge.sockets import Answer, Refused, Request
from tests.fakes.forge.tokens import ACTIONS, Level, Token, bad_credentials, rate_limited, refusal, unauthenticated

_VERSIONS = {"2022-11-28", "2026-03-10"}
_ALLOWANCE = 5000


class GitHub(Hosted):
    """One repository at a GitHub of its own. Enter it to serve; see the module's docstring.

    `enterprise`: only the paths of an Enterprise server are there (/api/v3, /api/graphql), not those of api.github.com.
    """

    def __init__(self, folder: Path, *, full_name: str = "acme/shop", private: bool = False, enterprise: bool = False):
        super().__init__(folder)
        self.url = self.host
        self._enterprise = enterprise
        owner, _, name = full_name.partition("/")
        api = f"{self.url}/api/v3" if enterprise else self.url
        self.state = State(
            self.bare, self.url, api, owner, name, private, {owner: "admin", "ann": "write", "eve": "none"}
        )
        self.tokens: dict[str, Token] = {}
        self.remaining, self.reset_at = _ALLOWANCE, int(time.time()) + 3600
        """The hourly allowance; at 0 every request is refused until `reset_at` (seconds since 1970)."""

    # --- pull requests --------------------------------------------------------------------------------------

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
        """Open a pull request."""
        number, state = len(self.state.pulls) + 1, self.state
        state.roles.setdefault(author, "none")
        pull = Pull(
            *(self.bare, f"{self.url}/{state.full_name}/pull/{number}", number, title, body, author, base, head, fork),
            *(draft, state.now()),
        )
        state.pulls[number] = pull
        self.bare.point(f"refs/pull/{number}/head", pull.head_ref)
        return pull

    # --- what people do -------------------------------------------------------------------------------------

    def person(self, login: str, role: Role) -> None:
        """Somebody with a role in the repository; "none" is a stranger with an account."""
        self.state.roles[login] = role

    def say(self, pull: Pull, login: str, text: str) -> IssueComment:
        """Somebody comments below a pull request."""
        now = self.state.now()
        comment = IssueComment(next(self.state.numbers), pull, login, text, now, now)
        self.state.comments.append(comment)
        return comment

    def remark(
        self, pull: Pull, login: str, path: str, line: int, text: str, *, side: Literal["LEFT", "RIGHT"] = "RIGHT"
    ) -> Thread:
        """Somebody comments on a line. Raises Refused as GitHub would."""
        asked = {"path": path, "line": line, "side": side, "body": text, "commit_id": pull.head}
        return rules.post_comment(self.state, pull, Token("", login, "user"), asked)

    def reply(self, thread: Thread, login: str, text: str) -> None:
        """Somebody answers in a thread."""
        rules.reply(self.state, thread.pull, login, thread.first.id, text)

    def resolve(self, thread: Thread, login: str) -> None:
        thread.resolved_by = login

    def unresolve(self, thread: Thread) -> None:
        thread.resolved_by = ""

    # --- tokens ---------------------------------------------------------------------------------------------

    def actions(self, **permissions: Level) -> str:
        """The token of a workflow run. Without arguments: contents read, pull requests and checks write."""
        held = permissions or {"contents": "read", "pull_requests": "write", "checks": "write"}
        return self._token(f"ghs_actions{len(self.tokens)}", ACTIONS, "actions", held)

    def app(self, slug: str = "kimicode-review", **permissions: Level) -> str:
        """The token of an app's installation; permissions as for a workflow run, but with nothing given."""
        return self._token(f"ghs_app{len(self.tokens)}", f"{slug}[bot]", "app", permissions)

    def user(self, login: str, **permissions: Level) -> str:
        """Somebody's classic token, which may whatever they may; with permissions it is a fine-grained one."""
        self.state.roles.setdefault(login, "none")
        kind: Literal["fine", "user"] = "fine" if permissions else "user"
        return self._token(f"{'github_pat_' if permissions else 'ghp_'}{len(self.tokens)}", login, kind, permissions)

    def _token(self, text: str, login: str, kind: Any, permissions: Mapping[str, Level]) -> str:
        self.tokens[text] = Token(text, login, kind, dict(permissions))
        return text

    def environ(self, token: str = "") -> dict[str, str]:
        """The environment of a workflow run that has this token."""
        graphql = f"{self.url}/{'api/' if self._enterprise else ''}graphql"
        where = {"GITHUB_SERVER_URL": self.url, "GITHUB_API_URL": self.state.api, "GITHUB_GRAPHQL_URL": graphql}
        return {**where, "GITHUB_REPOSITORY": self.state.full_name, **({"GITHUB_TOKEN": token} if token else {})}

    def event(self, pull: Pull, action: str = "synchronize", *, sender: str = "") -> dict[str, Any]:
        """What GitHub tells a workflow of a pull request: the payload of its event."""
        who = people.user(self.state, sender or pull.author)
        told = {"number": pull.number, "pull_request": shapes.pull(self.state, pull), "sender": who}
        return {"action": action, **told, "repository": people.repository(self.state)}

    # --- what was left behind -------------------------------------------------------------------------------

    def threads(self, pull: Pull) -> list[Thread]:
        return [one for one in self.state.threads if one.pull is pull]

    def reviews(self, pull: Pull) -> list[Review]:
        return [one for one in self.state.reviews if one.pull is pull]

    def comments(self, pull: Pull) -> list[IssueComment]:
        return [one for one in self.state.comments if one.pull is pull]

    def checks(self, commit: str) -> list[CheckRun]:
        return [one for one in self.state.checks if one.fields["head_sha"] == commit]

    @property
    def verdicts(self) -> list[Review]:
        """Approvals and rejections."""
        return [one for one in self.state.reviews if one.event in ("APPROVE", "REQUEST_CHANGES")]

    def place(self, thread: Thread) -> tuple[str, int] | None:
        """Path and line of a thread at the head as it is now, None if outdated."""
        return self.state.place(thread.pull, thread.first, thread.first.line, thread.first.side)

    # --- answering ------------------------------------------------------------------------------------------

    def _may_fetch(self, token: str) -> bool:
        known = self.tokens.get(token)
        if known is None:
            return not token and not self.state.private
        return not known.permissions or "contents" in known.permissions or not self.state.private

    def _answer(self, request: Request) -> Answer:
        self.remaining -= 1
        if self.remaining < 0 and time.time() >= self.reset_at:
            self.remaining, self.reset_at = _ALLOWANCE, int(time.time()) + 3600
        answer = rate_limited(self.reset_at) if self.remaining < 0 else self._routed(request)
        used = {"Limit": _ALLOWANCE, "Remaining": max(self.remaining, 0), "Reset": self.reset_at, "Resource": "core"}
        limits = {f"X-RateLimit-{name}": str(value) for name, value in used.items()}
        answer.headers = {**limits, "X-GitHub-Request-Id": f"FAKE:{len(self.requests)}", **answer.headers}
        return answer

    def _routed(self, request: Request) -> Answer:
        if "user-agent" not in request.headers:
            text = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header."
            return Answer(403, text)
        version = request.headers.get("x-github-api-version", "2022-11-28")
        if version not in _VERSIONS:
            return refusal(400, f'"{version}" is not a supported version.')
        given = request.headers.get("authorization", "")
        token = self.tokens.get(given.partition(" ")[2])
        if given and (token is None or given.split()[0].lower() not in ("bearer", "token")):
            return bad_credentials()
        if request.path == ("/api/graphql" if self._enterprise else "/graphql"):
            return self._graph(request, token)
        below = "/api/v3" if self._enterprise else ""
        if not request.path.startswith(f"{below}/"):
            return self._unknown(request)
        path = request.path.removeprefix(below)
        old = next((f"/repos/{name}" for name in self.state.former_names if path.startswith(f"/repos/{name}/")), "")
        if old:
            moved = f"{self.state.api}/repositories/9001{path.removeprefix(old)}?{urlencode(request.query)}"
            return Answer(
                301 if request.method == "GET" else 307, {"message": "Moved", "url": moved}, {"Location": moved}
            )
        return self._rest(request, re.sub(r"^/repositories/9001(?=/)", f"/repos/{self.state.full_name}", path), token)

    def _graph(self, request: Request, token: Token | None) -> Answer:
        if token is None:
            return unauthenticated()
        asked = request.json()
        answer, wrong = github_graph.run(self.state, token, asked if isinstance(asked, dict) else {})
        self.violations += wrong
        return answer

    def _rest(self, request: Request, path: str, token: Token | None) -> Answer:
        operation = contract.find(request.method, path)
        route = github_routes.routes().get((request.method, operation.template)) if operation else None
        if operation is None or route is None:
            return self._unknown(request)
        wrong = contract.wrong_request(operation, request)
        if wrong:
            self.violations += wrong
            return refusal(422, "Invalid request.\n\n" + "\n".join(wrong))
        ask = Ask(request, {name: unquote(value) for name, value in operation.path.items()}, token)
        try:
            if "repo" in ask.path and f"{ask.path['owner']}/{ask.path['repo']}".lower() != self.state.full_name.lower():
                return refusal(404, "Not Found")
            route.check(self.state, ask)
            answer = route.run(self.state, ask)
        except Refused as refused:
            answer = refused.answer
        self.violations += contract.wrong_answer(operation, request, answer)
        return github_asks.tagged(answer, request)

    def _unknown(self, request: Request) -> Answer:
        self.violations.append(f"{request.method} {request.path}: nothing is here")
        return refusal(404, "Not Found")
