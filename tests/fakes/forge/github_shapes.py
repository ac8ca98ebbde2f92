"""The fake GitHub's pull requests, and what is said of them, as JSON with every field that OpenAPI demands."""

from tests.fakes.forge.github_people import Json, app, node_id, repository, user
from tests.fakes.forge.github_state import CheckRun, IssueComment, Pull, Remark, Review, State, Thread
from tests.fakes.forge.repository import Delta

_STATUS = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied", "T": "changed"}


def pull(state: State, one: Pull) -> Json:
    """A pull request, with its counts."""
    url, web = f"{state.api}/repos/{state.full_name}/pulls/{one.number}", one.url
    issue = f"{state.api}/repos/{state.full_name}/issues/{one.number}"
    deltas, commits = one.bare.diff(one.merge_base, one.head), one.bare.between(one.base, one.head)
    links = {
        "self": url,
        "html": web,
        "issue": issue,
        "comments": f"{issue}/comments",
        "commits": f"{url}/commits",
        "review_comments": f"{url}/comments",
        "review_comment": f"{state.api}/pulls/comments{{/number}}",
        "statuses": f"{state.api}/repos/{state.full_name}/statuses/{one.head}",
    }
    nothing = (
        "milestone",
        "merged_at",
        "merged_by",
        "auto_merge",
        "assignee",
        "merge_commit_sha",
        "active_lock_reason",
    )
    return {
        "url": url,
        "id": 70_000 + one.number,
        "node_id": node_id("PR", one.number),
        "html_url": web,
        "diff_url": f"{web}.diff",
        "patch_url": f"{web}.patch",
        "issue_url": issue,
        "statuses_url": links["statuses"],
        **{f"{name}_url": links[name] for name in ("comments", "commits", "review_comments", "review_comment")},
        "number": one.number,
        "state": one.state,
        "locked": one.locked,
        "title": one.title,
        "body": one.body or None,
        "user": user(state, one.author),
        "labels": [],
        "draft": one.draft,
        "created_at": one.at,
        "updated_at": one.at,
        "closed_at": None if one.state == "open" else one.at,
        "assignees": [],
        **dict.fromkeys(nothing),
        "requested_reviewers": [],
        "requested_teams": [],
        "head": _end(state, one, "head"),
        "base": _end(state, one, "base"),
        "_links": {name: {"href": href} for name, href in links.items()},
        "maintainer_can_modify": False,
        "author_association": state.association(one, one.author),
        "merged": False,
        "mergeable": True,
        "rebaseable": True,
        "mergeable_state": "clean",
        "commits": len(commits),
        "changed_files": len(deltas),
        "comments": sum(comment.pull is one for comment in state.comments),
        "review_comments": sum(len(thread.remarks) for thread in state.threads if thread.pull is one),
        "additions": sum(each.count("+") for each in deltas),
        "deletions": sum(each.count("-") for each in deltas),
    }


def _end(state: State, one: Pull, end: str) -> Json:
    """A pull request's head or base."""
    owner = one.fork if end == "head" else ""
    branch, commit = (one.head_branch, one.head) if end == "head" else (one.base_branch, one.base)
    who = owner or state.owner
    return {
        "label": f"{who}:{branch}",
        "ref": branch,
        "sha": commit,
        "user": user(state, who),
        "repo": repository(state, owner),
    }


def file(state: State, delta: Delta, head: str) -> Json:
    """A changed file. Without lines to show, or with too many, there is no patch."""
    added, gone = delta.count("+"), delta.count("-")
    blob = delta.old_blob if delta.letter == "D" else delta.new_blob
    renamed = {"previous_filename": _shown(delta.old_path)} if delta.letter in "RC" else {}
    fits = delta.patch is not None and delta.patch.count("\n") < state.patch_lines
    name = _shown(delta.path)
    web, url = f"{state.web}/{state.full_name}", f"{state.api}/repos/{state.full_name}"
    return {
        "sha": blob,
        "filename": name,
        "status": _STATUS[delta.letter],
        "additions": added,
        "deletions": gone,
        "changes": added + gone,
        "blob_url": f"{web}/blob/{head}/{name}",
        "raw_url": f"{web}/raw/{head}/{name}",
        "contents_url": f"{url}/contents/{name}?ref={head}",
        **({"patch": delta.patch} if fits else {}),
        **renamed,
    }


def _shown(path: str) -> str:
    """A path as JSON can carry it."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def commit(state: State, one: Pull, sha: str) -> Json:
    """A commit of a pull request."""
    url, said = f"{state.api}/repos/{state.full_name}/commits/{sha}", one.bare.said(sha)
    name = said.author
    person = {"name": name, "email": f"{name}@example.invalid", "date": "2026-01-01T00:00:00Z"}
    inner = {"url": url, "author": person, "committer": person, "message": said.message, "comment_count": 0}
    return {
        "sha": sha,
        "node_id": f"C_{sha[:12]}",
        "url": url,
        "html_url": f"{state.web}/{state.full_name}/commit/{sha}",
        "comments_url": f"{url}/comments",
        "commit": {**inner, "tree": {"sha": said.tree, "url": f"{url}/tree"}},
        "author": user(state, name),
        "committer": user(state, name),
        "parents": [
            {"sha": parent, "url": f"{state.api}/repos/{state.full_name}/commits/{parent}"} for parent in said.parents
        ],
    }


def review(state: State, one: Review) -> Json:
    url, web = (
        f"{state.api}/repos/{state.full_name}/pulls/{one.pull.number}",
        f"{one.pull.url}#pullrequestreview-{one.id}",
    )
    return {
        "id": one.id,
        "node_id": node_id("PRR", one.id),
        "user": user(state, one.login),
        "body": one.body,
        "state": one.state,
        "html_url": web,
        "pull_request_url": url,
        "commit_id": one.commit,
        "author_association": state.association(one.pull, one.login),
        **({} if one.event is None else {"submitted_at": one.at}),
        "_links": {"html": {"href": web}, "pull_request": {"href": url}},
    }


def remark(state: State, thread: Thread, one: Remark) -> Json:
    """A review comment; `line` is null once the place is outdated, `original_line` stays."""
    root = f"{state.api}/repos/{state.full_name}/pulls"
    url, web = f"{root}/comments/{one.id}", f"{thread.pull.url}#discussion_r{one.id}"
    links = {"self": url, "html": web, "pull_request": f"{root}/{thread.pull.number}"}
    now, start = places(state, thread)
    several = one.start_line != one.line
    return {
        "id": one.id,
        "node_id": node_id("PRRC", one.id),
        "url": url,
        "html_url": web,
        "body": one.body,
        "pull_request_url": links["pull_request"],
        "pull_request_review_id": one.review,
        "diff_hunk": one.hunk,
        "path": now[0] if now else one.path,
        "commit_id": thread.pull.head,
        "original_commit_id": one.commit,
        "user": user(state, one.login),
        "created_at": one.at,
        "updated_at": one.at,
        "author_association": state.association(thread.pull, one.login),
        "line": now[1] if now and one.line else None,
        "original_line": one.line or None,
        "side": one.side,
        "start_line": start[1] if several and now and start else None,
        "start_side": one.start_side if several else None,
        "original_start_line": one.start_line if several else None,
        "position": one.position if now else None,
        "original_position": one.position,
        "subject_type": "line" if one.line else "file",
        "_links": {name: {"href": href} for name, href in links.items()},
        **({"in_reply_to_id": one.reply_to} if one.reply_to else {}),
    }


def places(state: State, thread: Thread) -> tuple[tuple[str, int] | None, tuple[str, int] | None]:
    """Where a thread's last and first line stand now."""
    first = thread.first
    if not first.line:
        return (first.path, 0), (first.path, 0)
    last = state.place(thread.pull, first, first.line, first.side)
    return last, state.place(thread.pull, first, first.start_line, first.start_side)


def issue_comment(state: State, one: IssueComment) -> Json:
    url = f"{state.api}/repos/{state.full_name}/issues"
    return {
        "id": one.id,
        "node_id": node_id("IC", one.id),
        "url": f"{url}/comments/{one.id}",
        "body": one.body,
        "html_url": f"{one.pull.url}#issuecomment-{one.id}",
        "issue_url": f"{url}/{one.pull.number}",
        "user": user(state, one.login),
        "created_at": one.at,
        "updated_at": one.changed_at,
        "author_association": state.association(one.pull, one.login),
        "performed_via_github_app": None,
    }


def check_run(state: State, one: CheckRun) -> Json:
    url = f"{state.api}/repos/{state.full_name}/check-runs/{one.id}"
    held = one.fields
    output = held.get("output")
    told = output if isinstance(output, dict) else {}
    return {
        "id": one.id,
        "node_id": node_id("CR", one.id),
        "url": url,
        "html_url": f"{state.web}/{state.full_name}/runs/{one.id}",
        "head_sha": held["head_sha"],
        "name": held["name"],
        "status": held.get("status", "queued"),
        **{key: held.get(key) for key in ("conclusion", "started_at", "completed_at", "details_url")},
        "external_id": held.get("external_id", ""),
        "check_suite": {"id": 1},
        "app": app(state, one.app),
        "pull_requests": [],
        "output": {
            **{key: told.get(key) for key in ("title", "summary", "text")},
            "annotations_count": len(one.annotations),
            "annotations_url": f"{url}/annotations",
        },
    }
