"""What the fake GitHub is asked: a request with what its path holds, its text, its pull request, and pages of lists."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.fakes.forge import github_reviews as reviews
from tests.fakes.forge.github_state import Pull, State
from tests.fakes.forge.sockets import Answer, Refused, Request
from tests.fakes.forge.tokens import Token, invalid, not_found, unauthenticated


@dataclass(frozen=True, slots=True)
class Ask:
    """A request with what its path holds. `token` is None for somebody without one."""

    request: Request
    path: Mapping[str, str]
    token: Token | None

    def body(self) -> dict[str, Any]:
        asked = self.request.json()
        return asked if isinstance(asked, dict) else {}

    def who(self) -> Token:
        if self.token is None:
            raise Refused(unauthenticated())
        return self.token


def pull_of(state: State, ask: Ask, name: str = "pull_number") -> Pull:
    number = ask.path[name]
    if not number.isdigit() or int(number) not in state.pulls:
        raise Refused(not_found())
    return state.pulls[int(number)]


def text_of(ask: Ask) -> str:
    """The body of a comment. GitHub takes neither nothing nor more than 65,536 characters."""
    text = str(ask.body().get("body", ""))
    fault = {"resource": "IssueComment", "code": "unprocessable", "field": "data"}
    if len(text) > reviews.MOST_TEXT:
        raise Refused(invalid({**fault, "message": "Body is too long (maximum is 65536 characters)"}))
    if not text.strip():
        raise Refused(invalid({**fault, "message": "Body cannot be blank"}))
    return text


def listed(state: State, ask: Ask, items: Sequence[Any], shape: Callable[[Any], Any]) -> Answer:
    """One page of items. Links name the repository by its number, as GitHub's do."""
    shown, headers = paged(state, ask, items)
    return Answer(200, [shape(one) for one in shown], headers)


def paged(state: State, ask: Ask, items: Sequence[Any]) -> tuple[Sequence[Any], dict[str, str]]:
    size = min(max(int(ask.request.query.get("per_page", 30)), 1), 100)
    page = max(int(ask.request.query.get("page", 1)), 1)
    last = max(-(-len(items) // size), 1)
    wanted = {"first": 1, "prev": page - 1} if page > 1 else {}
    wanted |= {"next": page + 1, "last": last} if page < last else {}
    path = re.sub(r"^.*?/(repos/[^/]+/[^/]+|repositories/\d+)/", "", ask.request.path)
    others = "".join(f"{key}={value}&" for key, value in ask.request.query.items() if key != "page")
    links = [f'<{state.api}/repositories/9001/{path}?{others}page={n}>; rel="{rel}"' for rel, n in wanted.items()]
    return items[(page - 1) * size : page * size], {"Link": ", ".join(links)} if links else {}


def tagged(answer: Answer, request: Request) -> Answer:
    """With an ETag; 304 where the client has it already."""
    if request.method != "GET" or answer.status != 200:
        return answer
    tag = f'W/"{hashlib.sha256(answer.data()).hexdigest()[:32]}"'
    if request.headers.get("if-none-match") == tag:
        return Answer(304, None, {"ETag": tag})
    answer.headers["ETag"] = tag
    return answer
