"""The parts of GitLab's answers that are used."""

from pydantic import BaseModel


class User(BaseModel):
    """`bot` is told of some bots alone; others are known by the form of their name."""

    id: int
    username: str
    state: str = "active"
    bot: bool = False


class Member(BaseModel):
    access_level: int
    state: str = "active"


class DiffRefs(BaseModel):
    """The three commits of a merge request's newest version: where it parted, its target then, its head."""

    base_sha: str
    head_sha: str
    start_sha: str


class MergeRequest(BaseModel):
    """`diff_refs` is null until GitLab has worked out the first version."""

    iid: int
    web_url: str
    title: str
    description: str | None
    state: str
    draft: bool = False
    author: User
    source_branch: str
    target_branch: str
    source_project_id: int | None
    target_project_id: int
    diff_refs: DiffRefs | None


class Version(BaseModel):
    """The diff as it was after one push."""

    head_commit_sha: str


class File(BaseModel):
    """`diff` begins with the first @@; it is "" where GitLab collapsed it, or found it too large."""

    old_path: str
    new_path: str
    a_mode: str | None = None
    b_mode: str | None = None
    diff: str = ""
    new_file: bool = False
    renamed_file: bool = False
    deleted_file: bool = False


class Position(BaseModel):
    head_sha: str | None = None
    new_path: str | None = None
    old_path: str | None = None
    new_line: int | None = None
    old_line: int | None = None


class Note(BaseModel):
    id: int
    body: str
    author: User
    system: bool = False
    resolved: bool = False
    resolved_by: User | None = None
    position: Position | None = None


class Discussion(BaseModel):
    id: str
    notes: list[Note]
