"""Cuts what the fake forge uses out of GitHub's own descriptions of its APIs, and writes it beside this file.

    python -m tests.fakes.forge.openapi.cut OPENAPI_FOLDER GRAPHQL_FOLDER

The folders are the unpacked npm packages @octokit/openapi and @octokit/graphql-schema. OpenAPI 3.0's `nullable` becomes
JSON Schema's null on the way, so that any validator of draft 2020-12 reads the result.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

_REPOSITORY = "/repos/{owner}/{repo}"
PATHS = (
    "/user",
    _REPOSITORY,
    *(
        _REPOSITORY + rest
        for rest in (
            "/pulls/{pull_number}",
            "/pulls/{pull_number}/files",
            "/pulls/{pull_number}/commits",
            "/pulls/{pull_number}/reviews",
            "/pulls/{pull_number}/comments",
            "/pulls/{pull_number}/comments/{comment_id}/replies",
            "/pulls/comments/{comment_id}",
            "/issues/{issue_number}/comments",
            "/issues/comments/{comment_id}",
            "/check-runs",
            "/check-runs/{check_run_id}",
            "/commits/{ref}/check-runs",
            "/compare/{basehead}",
            "/collaborators/{username}/permission",
            "/git/ref/{ref}",
        )
    ),
)
ALSO_NULL = {"pull-request-review-comment": ("line", "original_line", "position")}
"""Fields that the description calls integers and GitHub sends as null: of outdated comments, and of those on a file."""
_TALK = {"description", "example", "examples", "externalDocs", "summary", "tags", "operationId", "x-github"}

_PAGE = "totalCount pageInfo nodes"
FIELDS = {
    "Query": "id viewer repository node rateLimit",
    "Mutation": "resolveReviewThread unresolveReviewThread addPullRequestReviewThreadReply",
    "Node": "id",
    "Actor": "login url",
    "User": "id login url databaseId",
    "Bot": "id login url databaseId",
    "RateLimit": "cost limit remaining resetAt used",
    "Repository": "id name nameWithOwner isPrivate viewerPermission pullRequest",
    "PullRequest": "id number title body state isDraft isCrossRepository headRefName headRefOid baseRefName baseRefOid"
    " author url reviewThreads",
    "PullRequestReviewThreadConnection": _PAGE,
    "PullRequestReviewThread": "id isResolved isOutdated isCollapsed path line startLine originalLine originalStartLine"
    " diffSide startDiffSide subjectType resolvedBy viewerCanResolve viewerCanUnresolve viewerCanReply comments",
    "PullRequestReviewCommentConnection": _PAGE,
    "PullRequestReviewComment": "id databaseId fullDatabaseId body author authorAssociation viewerDidAuthor createdAt"
    " updatedAt url path line startLine originalLine originalStartLine outdated isMinimized minimizedReason commit"
    " originalCommit replyTo",
    "Commit": "id oid",
    "PageInfo": "endCursor hasNextPage hasPreviousPage startCursor",
    "ResolveReviewThreadPayload": "clientMutationId thread",
    "UnresolveReviewThreadPayload": "clientMutationId thread",
    "AddPullRequestReviewThreadReplyPayload": "clientMutationId comment",
}
"""The types of the GraphQL schema that are kept, with their fields; whole are input types, enumerations and scalars."""


def operations(description: Mapping[str, Any]) -> dict[str, Any]:
    """The chosen paths with everything that they refer to.

    Raises KeyError if one is no longer described.
    """
    paths = {path: _plain(description["paths"][path]) for path in PATHS}
    parts: dict[str, dict[str, Any]] = {}
    todo: list[Any] = [paths]
    while todo:
        for reference in _references(todo.pop()):
            _, _, kind, name = reference.split("/")
            if name not in parts.setdefault(kind, {}):
                parts[kind][name] = _plain(description["components"][kind][name])
                todo.append(parts[kind][name])
    for name, fields in ALSO_NULL.items():
        properties = parts["schemas"][name]["properties"]
        properties |= {field: _or_null(properties[field]) for field in fields}
    version = description["info"]["version"]
    return {"source": f"@octokit/openapi {version}, MIT", "paths": paths, "components": parts}


def _plain(node: Any, *, names: bool = False) -> Any:
    """Without prose, and in JSON Schema's words. `names`: the keys are names of properties and all stay."""
    if isinstance(node, list):
        return [_plain(each) for each in node]
    if not isinstance(node, dict):
        return node
    kept = {
        key: _plain(value, names=key == "properties" and not names)
        for key, value in node.items()
        if names or not (key in _TALK or key.startswith("x-"))
    }
    return kept if names or not kept.pop("nullable", False) else _or_null(kept)


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    if "enum" in schema:
        schema = {**schema, "enum": [*dict.fromkeys([*schema["enum"], None])]}
    if isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for value in node.values() for found in _references(value)]
    return [found for each in node for found in _references(each)] if isinstance(node, list) else []


def schema(source: str, version: str) -> str:
    """The chosen types of a GraphQL schema, and those that they name, as text again.

    Raises KeyError if a type or field is no longer described.
    """
    from graphql import parse, print_ast

    described = {node.name.value: node for node in parse(source, no_location=True).definitions if hasattr(node, "name")}
    kept: dict[str, str] = {}
    todo = list(FIELDS)
    while todo:
        name = todo.pop()
        if name not in kept and name not in ("Boolean", "Float", "ID", "Int", "String"):
            kept[name] = print_ast(_trimmed(described[name], todo))
    head = f"# An excerpt of GitHub's public schema, from @octokit/graphql-schema {version}, MIT.\n\n"
    return head + "\n\n".join(text for _, text in sorted(kept.items())) + "\n"


def _trimmed(node: Any, named: list[str]) -> Any:
    """A type without prose, directives and what was not chosen; the types that it names join `named`."""
    from graphql import NamedTypeNode, Visitor, visit

    wanted = FIELDS[node.name.value].split() if node.name.value in FIELDS else None
    if wanted is not None:
        fields = {field.name.value: field for field in node.fields}
        chosen = tuple(fields[name] for name in sorted(wanted))
        interfaces = tuple(one for one in node.interfaces or () if one.name.value in FIELDS)
        node = replace(node, fields=chosen, interfaces=interfaces)
    elif node.kind == "object_type_definition":
        raise KeyError(f"say which fields of {node.name.value} are kept")

    class Plain(Visitor):
        def enter(self, inner: Any, *_: Any) -> Any:
            if isinstance(inner, NamedTypeNode):
                named.append(inner.name.value)
            spare: dict[str, Any] = {name: None for name in ("description",) if getattr(inner, name, None)}
            spare |= {name: () for name in ("directives",) if getattr(inner, name, None)}
            return replace(inner, **spare) if spare else None

    return visit(node, Plain())


def main(openapi: Path, graphql: Path) -> None:
    """Write both excerpts beside this file."""
    described = json.loads((openapi / "generated" / "api.github.com.json").read_text("utf-8"))
    cut = json.dumps(operations(described), ensure_ascii=False, separators=(",", ":"))
    here = Path(__file__).parent
    # A line a path or schema, so that a newer version shows as a readable difference.
    (here / "github.json").write_text(cut.replace('},"', '},\n"') + "\n", "utf-8")
    version = json.loads((graphql / "package.json").read_text("utf-8"))["version"]
    (here / "github.graphql").write_text(schema((graphql / "schema.graphql").read_text("utf-8"), version), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
