"""What GitHub tells by GraphQL alone: who we are, the threads of a review, and that one is resolved."""

from collections.abc import AsyncIterator
from typing import Any

from kimicode.review import marks
from kimicode.review.forges.answer import one_line
from kimicode.review.forges.failures import Busy, Denied, ForgeError, Missing, read
from kimicode.review.forges.github_shapes import Account, Remark, Remarks, ReviewThread, ReviewThreads
from kimicode.review.forges.http import Http

MOST_THREADS = 3000
MOST_REPLIES = 1000
"""Of one thread; what is said after so many is not read."""
_PAGE = "pageInfo { hasNextPage endCursor }"
_REMARK = f"{_PAGE} nodes {{ body url viewerDidAuthor author {{ __typename login }} originalCommit {{ oid }} }}"
_VIEWER = "query { viewer { login } }"
_THREADS = f"""
query($owner: String!, $name: String!, $number: Int!, $after: String) {{
  repository(owner: $owner, name: $name) {{
    pullRequest(number: $number) {{
      reviewThreads(first: 50, after: $after) {{
        {_PAGE}
        nodes {{ id isResolved resolvedBy {{ login }} isOutdated path line comments(first: 50) {{ {_REMARK} }} }}
      }}
    }}
  }}
}}"""
_REPLIES = f"""
query($id: ID!, $after: String) {{
  node(id: $id) {{ ... on PullRequestReviewThread {{ comments(first: 100, after: $after) {{ {_REMARK} }} }} }}
}}"""
_RESOLVE = "mutation($id: ID!) { resolveReviewThread(input: {threadId: $id}) { thread { isResolved } } }"
_MAY_NOT_RESOLVE = (
    "GitHub lets a token resolve threads only with `contents: write`, which a review should not have: "
    "threads stay open until a person resolves them."
)


class GraphQL:
    """GitHub's GraphQL for one pull request. Every call may raise ForgeError."""

    def __init__(self, http: Http, url: str) -> None:
        self._http = http
        self._url = url

    async def viewer(self) -> str:
        """The name that this token's comments carry in REST: a person's, or an app's with "[bot]"."""
        return read(Account, _at(await self._ask(_VIEWER, {}), "viewer")).login

    async def threads(self, owner: str, name: str, number: int) -> AsyncIterator[tuple[ReviewThread, list[Remark]]]:
        """The threads that this token began and that carry a finding's mark, each with all that was said in it."""
        after: str | None = None
        for _ in range(MOST_THREADS // 50):
            variables = {"owner": owner, "name": name, "number": number, "after": after}
            found = _at(await self._ask(_THREADS, variables), "repository", "pullRequest", "reviewThreads")
            threads = read(ReviewThreads, found)
            for thread in filter(_is_ours, threads.nodes):
                yield thread, await self._said(thread)
            after = threads.page.cursor
            if not threads.page.more:
                return
        raise ForgeError(f"the pull request has more than {MOST_THREADS:,} threads")

    async def resolve(self, thread: str) -> None:
        """Resolves a thread. Raises Denied where the token may not."""
        try:
            await self._ask(_RESOLVE, {"id": thread})
        except Denied as error:
            raise Denied(error.message, hint=_MAY_NOT_RESOLVE, status=403, words=error.words) from error

    async def _said(self, thread: ReviewThread) -> list[Remark]:
        said, page = list(thread.comments.nodes), thread.comments.page
        while page.more and len(said) < MOST_REPLIES:
            found = _at(await self._ask(_REPLIES, {"id": thread.id, "after": page.cursor}), "node", "comments")
            more = read(Remarks, found)
            said, page = said + more.nodes, more.page
        return said

    async def _ask(self, query: str, variables: dict[str, Any]) -> Any:
        """The data of an answer without errors. A mutation of ours does the same when it is done twice."""
        answer = await self._http.send("POST", self._url, {"query": query, "variables": variables}, again=True)
        if not isinstance(answer, dict):
            raise ForgeError("GitHub's GraphQL answers with what is no object")
        errors = answer.get("errors")
        if errors:
            raise _error(errors)
        return answer.get("data")


def _is_ours(thread: ReviewThread) -> bool:
    first = next(iter(thread.comments.nodes), None)
    return first is not None and first.mine and bool(marks.fingerprint_in(first.body))


def _at(data: Any, *steps: str) -> Any:
    """A part of the data. Raises Missing where a step leads to nothing: GraphQL hides what a token may not see so."""
    for step in steps:
        data = data.get(step) if isinstance(data, dict) else None
        if data is None:
            raise Missing(f"GitHub's GraphQL gives no {step}", status=404)
    return data


def _error(errors: Any) -> ForgeError:
    """The first error; all of them come with status 200."""
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    words = one_line(str(first.get("message", "")))
    message = f"GitHub's GraphQL says no: {words or 'without a reason'}"
    match first.get("type"):
        case "FORBIDDEN" | "INSUFFICIENT_SCOPES":
            return Denied(message, status=403, words=words)
        case "NOT_FOUND":
            return Missing(message, status=404, words=words)
        case "RATE_LIMITED" | "RATE_LIMIT":
            return Busy(message, hint="Try again later.", status=429, words=words)
        case _:
            return ForgeError(message, status=200, words=words)
