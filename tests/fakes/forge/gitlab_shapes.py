"""The fake GitLab's objects as JSON, after its documentation."""

from typing import Any

from tests.fakes.forge import gitlab_positions
from tests.fakes.forge.github_state import Pull
from tests.fakes.forge.gitlab_state import Discussion, Note, State, Status, Version
from tests.fakes.forge.repository import Delta

PROJECT = 42
Json = dict[str, Any]


def user(state: State, login: str) -> Json:
    """A person or a project's bot, as others see them."""
    number = state.number_of(login)
    return {
        "id": number,
        "username": login,
        "public_email": "",
        "name": login.capitalize(),
        "state": "active",
        "locked": False,
        "avatar_url": f"{state.web}/avatars/{number}",
        "web_url": f"{state.web}/{login}",
    }


def me(state: State, login: str) -> Json:
    """Whoever asks. A project's token is a bot with a name of its own."""
    return {**user(state, login), "bot": login.startswith("project_"), "email": f"{login}@example.invalid"}


def member(state: State, login: str) -> Json:
    times = {"created_at": "2026-01-01T00:00:00.000Z", "expires_at": None}
    return {**user(state, login), **times, "access_level": state.levels[login], "membership_state": "active"}


def project(state: State) -> Json:
    name = state.full_name.rpartition("/")[2]
    return {
        "id": PROJECT,
        "name": name,
        "path": name,
        "path_with_namespace": state.full_name,
        "default_branch": "main",
        "visibility": "private" if state.private else "public",
        "web_url": f"{state.web}/{state.full_name}",
        "http_url_to_repo": f"{state.web}/{state.full_name}.git",
    }


def merge_request(state: State, one: Pull) -> Json:
    """A merge request. `diff_refs` is null while GitLab still prepares the diff."""
    version = state.version(one)
    refs = None if one.number in state.preparing else version.refs()
    return {
        "id": 70_000 + one.number,
        "iid": one.number,
        "project_id": PROJECT,
        "title": f"Draft: {one.title}" if one.draft else one.title,
        "description": one.body or None,
        "state": "opened" if one.state == "open" else "closed",
        "created_at": one.at,
        "updated_at": one.at,
        "target_branch": one.base_branch,
        "source_branch": one.head_branch,
        "source_project_id": PROJECT + state.number_of(one.fork) if one.fork else PROJECT,
        "target_project_id": PROJECT,
        "author": user(state, one.author),
        "assignees": [],
        "reviewers": [],
        "labels": [],
        "draft": one.draft,
        "work_in_progress": one.draft,
        "detailed_merge_status": "preparing" if refs is None else "mergeable",
        "sha": version.head,
        "merge_commit_sha": None,
        "user_notes_count": sum(not note.system for each in state.of(one) for note in each.notes),
        "changes_count": None if refs is None else str(len(one.bare.diff(version.base, version.head))),
        "web_url": one.url,
        "diff_refs": refs,
        "has_conflicts": False,
        "blocking_discussions_resolved": all(each.resolved_by or each.single for each in state.of(one)),
    }


def version(state: State, one: Pull, each: Version) -> Json:
    return {
        "id": each.id,
        "head_commit_sha": each.head,
        "base_commit_sha": each.base,
        "start_commit_sha": each.start,
        "created_at": each.at,
        "merge_request_id": 70_000 + one.number,
        "state": "collected",
        "real_size": str(len(one.bare.diff(each.base, each.head))),
    }


def file(state: State, delta: Delta) -> Json:
    """A changed file. What is too large, or collapsed, has an empty diff; a binary one says that it differs."""
    lines = (delta.patch or "").count("\n")
    too_large = lines >= state.patch_lines
    collapsed = not too_large and lines >= state.collapsed_lines
    text = f"{delta.patch}\n" if delta.patch is not None and not too_large and not collapsed else ""
    binary = delta.patch is None and delta.old_blob != delta.new_blob and lines == 0 and not _empty(state, delta)
    return {
        "old_path": delta.old_path.encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
        "new_path": delta.path.encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
        "a_mode": "0" if delta.letter == "A" else delta.old_mode,
        "b_mode": "0" if delta.letter == "D" else delta.new_mode,
        "diff": f"Binary files a/{delta.old_path} and b/{delta.path} differ\n" if binary else text,
        "new_file": delta.letter == "A",
        "renamed_file": delta.letter == "R",
        "deleted_file": delta.letter == "D",
        "generated_file": False,
        "collapsed": collapsed,
        "too_large": too_large,
    }


def _empty(state: State, delta: Delta) -> bool:
    """Whether an empty file came or went: git shows no lines for that, and nothing is binary about it."""
    blob = delta.old_blob if delta.letter == "D" else delta.new_blob
    return delta.letter in "AD" and state.bare.git("cat-file", "-s", blob).strip() == b"0"


def discussion(state: State, one: Discussion) -> Json:
    return {"id": one.id, "individual_note": one.single, "notes": [note(state, one, each) for each in one.notes]}


def note(state: State, one: Discussion, each: Note) -> Json:
    """A comment. What can be resolved is resolved with its whole discussion."""
    at_line = one.first.position is not None
    resolvable = not one.single and not each.system
    kind = "DiffNote" if at_line else None if one.single else "DiscussionNote"
    who = user(state, one.resolved_by) if one.resolved_by else None
    resolving: Json = {"resolved": who is not None, "resolved_by": who} if resolvable else {}
    return {
        "id": each.id,
        "type": kind,
        "body": each.body,
        "author": user(state, each.login),
        "created_at": each.at,
        "updated_at": each.changed_at,
        "system": each.system,
        "noteable_id": 70_000 + one.pull.number,
        "noteable_type": "MergeRequest",
        "project_id": PROJECT,
        "noteable_iid": one.pull.number,
        "resolvable": resolvable,
        "confidential": False,
        "internal": False,
        **({"position": gitlab_positions.current(state, one)} if at_line else {}),
        **resolving,
    }


def status(state: State, one: Status) -> Json:
    return {
        "id": one.id,
        "sha": one.commit,
        "ref": one.fields.get("ref"),
        "status": one.fields["state"],
        "name": one.fields.get("name", "default"),
        "target_url": one.fields.get("target_url"),
        "description": one.fields.get("description"),
        "created_at": one.at,
        "allow_failure": False,
        "author": user(state, one.login),
    }
