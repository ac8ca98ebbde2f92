"""The fake GitHub's GraphQL: queries are checked against an excerpt of GitHub's schema, then run by graphql-core."""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.fakes.forge import github_people as people
from tests.fakes.forge import github_reviews as reviews
from tests.fakes.forge import github_shapes as shapes
from tests.fakes.forge.github_routes import visible
from tests.fakes.forge.github_state import Pull, Remark, State, Thread, is_bot
from tests.fakes.forge.sockets import Answer
from tests.fakes.forge.tokens import Token, no_access_text

if TYPE_CHECKING:
    from graphql import GraphQLError

_SCHEMA = Path(__file__).parent / "openapi" / "github.graphql"
Fields = dict[str, Any]


def run(state: State, token: Token, asked: Fields) -> tuple[Answer, list[str]]:
    """The answer to a GraphQL request, and where its query goes against the schema."""
    from graphql import GraphQLError, GraphQLSyntaxError, graphql_sync, parse, validate

    try:
        document = parse(str(asked.get("query", "")))
        wrong: Sequence[GraphQLError] = validate(schema(), document)
    except GraphQLSyntaxError as error:
        wrong = [error]
    if wrong:
        said: list[Fields] = [{"message": error.message, "path": None, "extensions": {}} for error in wrong]
        return Answer(200, {"errors": said}), [f"POST /graphql: {error.message}" for error in wrong]
    root = {**_query(state, token), **_mutation(state, token)}
    variables, name = asked.get("variables") or {}, asked.get("operationName")
    done = graphql_sync(schema(), str(asked["query"]), root, variable_values=variables, operation_name=name)
    errors = [_error(error) for error in done.errors or ()]
    # An error without a path is a variable of the wrong kind: no client should send it.
    wrong_variables = [f"POST /graphql: {error.message}" for error in done.errors or () if error.path is None]
    return Answer(200, {"data": done.data, **({"errors": errors} if errors else {})}), wrong_variables


@cache
def schema() -> Any:
    from graphql import build_schema

    return build_schema(_SCHEMA.read_text("utf-8"))


def _error(error: Any) -> Fields:
    kind = (error.extensions or {}).get("type")
    places = [{"line": place.line, "column": place.column} for place in error.locations or ()]
    return {**({"type": kind} if kind else {}), "path": error.path, "locations": places, "message": error.message}


def _refuse(kind: str, message: str) -> "GraphQLError":
    from graphql import GraphQLError

    return GraphQLError(message, extensions={"type": kind})


def _query(state: State, token: Token) -> Fields:
    def repository(_: Any, owner: str, name: str, **_more: Any) -> Fields:
        hidden = state.private and not token.installed and state.role(token.login) == "none"
        known = {one.lower() for one in (state.full_name, *state.former_names)}
        if f"{owner}/{name}".lower() not in known or hidden:
            raise _refuse("NOT_FOUND", f"Could not resolve to a Repository with the name '{owner}/{name}'.")
        role = state.role(token.login)
        return {
            "__typename": "Repository",
            "id": people.node_id("R", 9001),
            "name": state.name,
            "nameWithOwner": state.full_name,
            "isPrivate": state.private,
            "pullRequest": pull_request,
            "viewerPermission": None if role == "none" else role.upper(),
        }

    def pull_request(_: Any, number: int) -> Fields:
        if number not in state.pulls:
            raise _refuse("NOT_FOUND", f"Could not resolve to a PullRequest with the number of {number}.")
        if not token.may("pull_requests", "read"):
            raise _refuse("FORBIDDEN", no_access_text(token))
        return _pull(state, token, state.pulls[number])

    def node(_: Any, id: str) -> Fields:  # noqa: A002 -- GraphQL's own name of it
        return _thread(state, token, _found(state, token, id))

    limit = {"cost": 1, "limit": 5000, "remaining": 4999, "used": 1, "resetAt": "2026-01-01T01:00:00Z"}
    return {"viewer": _viewer(state, token), "repository": repository, "node": node, "rateLimit": limit}


def _mutation(state: State, token: Token) -> Fields:
    def resolve(_: Any, input: Fields) -> Fields:  # noqa: A002
        thread = _found(state, token, input["threadId"])
        _may_resolve(state, token, thread, "ResolveReviewThread")
        thread.resolved_by = thread.resolved_by or token.login
        return {"clientMutationId": input.get("clientMutationId"), "thread": _thread(state, token, thread)}

    def unresolve(_: Any, input: Fields) -> Fields:  # noqa: A002
        thread = _found(state, token, input["threadId"])
        _may_resolve(state, token, thread, "UnresolveReviewThread")
        thread.resolved_by = ""
        return {"clientMutationId": input.get("clientMutationId"), "thread": _thread(state, token, thread)}

    def answer(_: Any, input: Fields) -> Fields:  # noqa: A002
        thread = _found(state, token, input["pullRequestReviewThreadId"])
        if not token.may("pull_requests", "write"):
            raise _refuse("FORBIDDEN", no_access_text(token))
        reviews.reply(state, thread.pull, token.login, thread.first.id, input["body"])
        comment = _remark(state, token, thread, thread.remarks[-1])
        return {"clientMutationId": input.get("clientMutationId"), "comment": comment}

    names = ("resolveReviewThread", "unresolveReviewThread", "addPullRequestReviewThreadReply")
    return dict(zip(names, (resolve, unresolve, answer), strict=True))


def _may_resolve(state: State, token: Token, thread: Thread, what: str) -> None:
    """A person needs push access, or the pull request to be theirs; an app needs to write contents as well."""
    if token.kind != "user" and not (token.may("pull_requests", "write") and token.may("contents", "write")):
        raise _refuse("FORBIDDEN", no_access_text(token))
    if not token.installed and not state.may_push(token.login) and token.login != thread.pull.author:
        raise _refuse("FORBIDDEN", f"{token.login} does not have the correct permissions to execute `{what}`")


def _found(state: State, token: Token, thread_id: str) -> Thread:
    every = (thread for pull in state.pulls.values() for thread in visible(state, pull, token))
    thread = next((one for one in every if one.id == thread_id), None)
    if thread is None:
        raise _refuse("NOT_FOUND", f"Could not resolve to a node with the global id of '{thread_id}'")
    return thread


def _pull(state: State, token: Token, pull: Pull) -> Fields:
    def threads(_: Any, **page: Any) -> Fields:
        seen = visible(state, pull, token)
        return _page("reviewThreads", seen, page, lambda one: _thread(state, token, one))

    return {
        "__typename": "PullRequest",
        "id": people.node_id("PR", pull.number),
        "number": pull.number,
        "title": pull.title,
        "body": pull.body,
        "state": pull.state.upper(),
        "isDraft": pull.draft,
        "url": pull.url,
        "isCrossRepository": bool(pull.fork),
        "author": _actor(state, pull.author),
        "reviewThreads": threads,
        "headRefName": pull.head_branch,
        "headRefOid": pull.head,
        "baseRefName": pull.base_branch,
        "baseRefOid": pull.base,
    }


def _thread(state: State, token: Token, thread: Thread) -> Fields:
    def comments(_: Any, **page: Any) -> Fields:
        return _page("comments", thread.remarks, page, lambda one: _remark(state, token, thread, one))

    first = thread.first
    now, start = shapes.places(state, thread)
    several, whole_file = first.start_line != first.line, not first.line
    may = state.may_push(token.login) or token.login == thread.pull.author or token.may("contents", "write")
    return {
        "__typename": "PullRequestReviewThread",
        "id": thread.id,
        "path": now[0] if now else first.path,
        "isResolved": bool(thread.resolved_by),
        "isCollapsed": bool(thread.resolved_by),
        "isOutdated": now is None,
        "line": now[1] or None if now else None,
        "originalLine": first.line or None,
        "diffSide": first.side,
        "startLine": start[1] if several and now and start else None,
        "originalStartLine": first.start_line if several else None,
        "startDiffSide": first.start_side if several else None,
        "subjectType": "FILE" if whole_file else "LINE",
        "resolvedBy": _actor(state, thread.resolved_by) if thread.resolved_by else None,
        "viewerCanResolve": may,
        "viewerCanUnresolve": may,
        "viewerCanReply": token.may("pull_requests", "write"),
        "comments": comments,
    }


def _remark(state: State, token: Token, thread: Thread, one: Remark) -> Fields:
    now, start = shapes.places(state, thread)
    several = one.start_line != one.line
    return {
        "__typename": "PullRequestReviewComment",
        "id": people.node_id("PRRC", one.id),
        "databaseId": one.id,
        "fullDatabaseId": str(one.id),
        "body": one.body,
        "author": _actor(state, one.login),
        "authorAssociation": state.association(thread.pull, one.login),
        "viewerDidAuthor": one.login == token.login,
        "createdAt": one.at,
        "updatedAt": one.at,
        "url": f"{thread.pull.url}#discussion_r{one.id}",
        "path": now[0] if now else one.path,
        "outdated": now is None,
        "line": now[1] or None if now else None,
        "startLine": start[1] if several and now and start else None,
        "originalLine": one.line or None,
        "originalStartLine": one.start_line if several else None,
        "isMinimized": False,
        "minimizedReason": None,
        "commit": _commit(thread.pull.head),
        "originalCommit": _commit(one.commit),
        "replyTo": _remark(state, token, thread, thread.first) if one.reply_to else None,
    }


def _commit(sha: str) -> Fields:
    return {"__typename": "Commit", "id": f"C_{sha[:12]}", "oid": sha}


def _actor(state: State, login: str) -> Fields:
    """Who did something. GraphQL, unlike REST, names a bot without the brackets."""
    kind, number = "Bot" if is_bot(login) else "User", state.number_of(login)
    plain = login.removesuffix("[bot]")
    url = f"{state.web}/{'apps/' * is_bot(login)}{plain}"
    identity = people.node_id(kind[0], number)
    return {"__typename": kind, "login": plain, "url": url, "id": identity, "databaseId": number}


def _viewer(state: State, token: Token) -> Fields:
    """Who asks. This one field does name a bot with the brackets."""
    return {**_actor(state, token.login), "__typename": "User", "login": token.login}


def _page(name: str, items: Sequence[Any], asked: Fields, shape: Callable[[Any], Fields]) -> Fields:
    """A page of a connection. GitHub demands `first` or `last`, from 1 to 100."""
    count = asked.get("first") or asked.get("last")
    if count is None:
        text = f"You must provide a `first` or `last` value to properly paginate the `{name}` connection."
        raise _refuse("MISSING_PAGINATION_BOUNDARIES", text)
    if not 1 <= count <= 100:
        text = f"Requesting {count} records on the `{name}` connection exceeds the `first` limit of 100 records."
        raise _refuse("EXCESSIVE_PAGINATION", text)
    begin = int(asked["after"].removeprefix("cursor:")) if asked.get("after") else 0
    end = int(asked["before"].removeprefix("cursor:")) - 1 if asked.get("before") else len(items)
    begin = begin if asked.get("first") else max(end - count, begin)
    end = min(begin + count, end)
    return {
        "totalCount": len(items),
        "nodes": [shape(one) for one in items[begin:end]],
        "pageInfo": {
            "hasNextPage": end < len(items),
            "endCursor": f"cursor:{end}" if end > begin else None,
            "hasPreviousPage": begin > 0,
            "startCursor": f"cursor:{begin + 1}" if end > begin else None,
        },
    }
