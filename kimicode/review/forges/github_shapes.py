"""The parts of GitHub's answers that are used, REST and GraphQL."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field


def _present(nodes: Any) -> Any:
    """Without the nulls that GraphQL has for what this token may not see."""
    return [node for node in nodes if node is not None] if isinstance(nodes, list) else nodes


class Account(BaseModel):
    login: str
    type: str = ""


class Repository(BaseModel):
    id: int


class End(BaseModel):
    """One end of a pull request; a deleted fork has no repository."""

    sha: str
    ref: str
    repo: Repository | None


class Pull(BaseModel):
    number: int
    html_url: str
    title: str
    body: str | None
    state: str
    draft: bool = False
    user: Account | None
    base: End
    head: End


class Commit(BaseModel):
    sha: str


class Comparison(BaseModel):
    """`status` is that of the head against the base: "ahead", "behind", "diverged" or "identical"."""

    status: str = ""
    merge_base_commit: Commit


class File(BaseModel):
    """`patch` is missing for a binary or very large file, and where nothing but name or mode changed."""

    filename: str
    status: Literal["added", "removed", "modified", "renamed", "copied", "changed", "unchanged"]
    previous_filename: str = ""
    patch: str = ""


class Note(BaseModel):
    """A comment on the pull request as a whole."""

    id: int
    body: str | None = None
    user: Account | None


class Permission(BaseModel):
    permission: str
    user: Account | None = None


class Page(BaseModel):
    more: bool = Field(alias="hasNextPage")
    cursor: str | None = Field(alias="endCursor")


class Author(BaseModel):
    """GraphQL gives an app's name without the "[bot]" that REST has; its type tells."""

    kind: str = Field(alias="__typename")
    login: str


class Oid(BaseModel):
    oid: str


class Remark(BaseModel):
    """A comment in a thread. A deleted account is no author. `url` ends with the number that REST calls it by."""

    body: str
    url: str = ""
    mine: bool = Field(alias="viewerDidAuthor")
    author: Author | None
    commit: Oid | None = Field(alias="originalCommit")


class Remarks(BaseModel):
    page: Page = Field(alias="pageInfo")
    nodes: Annotated[list[Remark], BeforeValidator(_present)]


class ReviewThread(BaseModel):
    id: str
    resolved: bool = Field(alias="isResolved")
    resolver: Account | None = Field(None, alias="resolvedBy")
    outdated: bool = Field(alias="isOutdated")
    path: str
    line: int | None
    comments: Remarks


class ReviewThreads(BaseModel):
    page: Page = Field(alias="pageInfo")
    nodes: Annotated[list[ReviewThread], BeforeValidator(_present)]
