"""The fake GitHub's REST operations, each a function from what was asked to an answer; a refusal is raised."""

import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.fakes.forge import github_people as people
from tests.fakes.forge import github_reviews as reviews
from tests.fakes.forge import github_shapes as shapes
from tests.fakes.forge.github_state import CheckRun, IssueComment, Pull, State, Thread, is_bot
from tests.fakes.forge.sockets import Answer, Refused, Request
from tests.fakes.forge.tokens import Level, Token, invalid, no_access, not_found, refusal, unauthenticated

MOST_FILES = 3000
_REPOSITORY = "/repos/{owner}/{repo}"


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


@dataclass(frozen=True, slots=True)
class Route:
    """An operation, and the permissions of which a token needs one."""

    run: Callable[[State, Ask], Answer]
    permissions: tuple[str, ...] = ()
    level: Level = "read"

    def check(self, state: State, ask: Ask) -> None:
        """Whether this token may do it. Raises Refused, in GitHub's words."""
        token = ask.token
        if token is None:
            if state.private:
                raise Refused(not_found())
            if self.level == "write":
                raise Refused(unauthenticated())
            return
        if not token.installed and state.role(token.login) == "none":
            raise Refused(not_found())
        if self.permissions and not any(token.may(one, self.level) for one in self.permissions):
            raise Refused(no_access(token))


def routes() -> dict[tuple[str, str], Route]:
    """Every operation of the fake by method and template of the path."""
    number, issue = _REPOSITORY + "/pulls/{pull_number}", _REPOSITORY + "/issues/{issue_number}"
    read, talk = ("pull_requests",), ("pull_requests", "issues")
    return {
        ("GET", "/user"): Route(get_user),
        ("GET", _REPOSITORY): Route(get_repository, ("metadata",)),
        ("GET", number): Route(get_pull, read),
        ("GET", number + "/files"): Route(list_files, read),
        ("GET", number + "/commits"): Route(list_commits, read),
        ("GET", number + "/reviews"): Route(list_reviews, read),
        ("POST", number + "/reviews"): Route(create_review, read, "write"),
        ("GET", number + "/comments"): Route(list_remarks, read),
        ("POST", number + "/comments"): Route(create_remark, read, "write"),
        ("POST", number + "/comments/{comment_id}/replies"): Route(create_reply, read, "write"),
        ("GET", issue + "/comments"): Route(list_comments, talk),
        ("POST", issue + "/comments"): Route(create_comment, talk, "write"),
        ("GET", _REPOSITORY + "/issues/comments/{comment_id}"): Route(get_comment, talk),
        ("PATCH", _REPOSITORY + "/issues/comments/{comment_id}"): Route(change_comment, talk, "write"),
        ("DELETE", _REPOSITORY + "/issues/comments/{comment_id}"): Route(delete_comment, talk, "write"),
        ("POST", _REPOSITORY + "/check-runs"): Route(create_check, ("checks",), "write"),
        ("GET", _REPOSITORY + "/check-runs/{check_run_id}"): Route(get_check, ("checks",)),
        ("PATCH", _REPOSITORY + "/check-runs/{check_run_id}"): Route(change_check, ("checks",), "write"),
        ("GET", _REPOSITORY + "/commits/{ref}/check-runs"): Route(list_checks, ("checks",)),
        ("GET", _REPOSITORY + "/compare/{basehead}"): Route(compare, ("contents",)),
        ("GET", _REPOSITORY + "/collaborators/{username}/permission"): Route(get_permission, ("metadata",)),
        ("GET", _REPOSITORY + "/git/ref/{ref}"): Route(get_ref, ("contents",)),
    }


# --- pages and media types ----------------------------------------------------------------------------------


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


# --- reading ------------------------------------------------------------------------------------------------


def get_user(state: State, ask: Ask) -> Answer:
    token = ask.who()
    if token.installed:
        raise Refused(no_access(token))
    return Answer(200, people.me(state, token.login))


def get_repository(state: State, ask: Ask) -> Answer:
    return Answer(200, people.repository(state))


def get_pull(state: State, ask: Ask) -> Answer:
    pull = pull_of(state, ask)
    if "diff" not in ask.request.headers.get("accept", ""):
        return Answer(200, shapes.pull(state, pull))
    count = len(pull.bare.diff(pull.merge_base, pull.head))
    if count > state.diff_files:
        text = f"Sorry, the diff exceeded the maximum number of files ({state.diff_files}). Consider using 'List pull"
        text += " requests files' API or locally cloning the repository instead."
        fault = {"resource": "PullRequest", "field": "diff", "code": "too_large"}
        raise Refused(refusal(406, text, errors=[fault]))
    kind = {"Content-Type": "application/vnd.github.diff; charset=utf-8"}
    return Answer(200, pull.bare.text(pull.merge_base, pull.head), kind)


def list_files(state: State, ask: Ask) -> Answer:
    pull = pull_of(state, ask)
    head = pull.head
    deltas = pull.bare.diff(pull.merge_base, head)[:MOST_FILES]
    return listed(state, ask, deltas, lambda delta: shapes.file(state, delta, head))


def list_commits(state: State, ask: Ask) -> Answer:
    pull = pull_of(state, ask)
    return listed(state, ask, pull.bare.between(pull.base, pull.head)[:250], lambda c: shapes.commit(state, pull, c))


def list_reviews(state: State, ask: Ask) -> Answer:
    pull = pull_of(state, ask)
    login = ask.token.login if ask.token else ""
    seen = [one for one in state.reviews if one.pull is pull and (one.event is not None or one.login == login)]
    return listed(state, ask, seen, lambda one: shapes.review(state, one))


def list_remarks(state: State, ask: Ask) -> Answer:
    pull = pull_of(state, ask)
    pairs = [(thread, one) for thread in visible(state, pull, None) for one in thread.remarks]
    pairs.sort(key=lambda pair: pair[1].id, reverse=ask.request.query.get("direction") == "desc")
    return listed(state, ask, pairs, lambda pair: shapes.remark(state, *pair))


def visible(state: State, pull: Pull, token: Token | None) -> list[Thread]:
    """The threads that are listed; those of a pending review are for its author alone, and in GraphQL alone."""
    pending = {one.id for one in state.reviews if one.event is None and (token is None or one.login != token.login)}
    return [thread for thread in state.threads if thread.pull is pull and thread.first.review not in pending]


def list_comments(state: State, ask: Ask) -> Answer:
    pull = pull_of(state, ask, "issue_number")
    since = ask.request.query.get("since", "")
    found = [one for one in state.comments if one.pull is pull and one.changed_at >= since]
    return listed(state, ask, found, lambda one: shapes.issue_comment(state, one))


def compare(state: State, ask: Ask) -> Answer:
    base, _, head = ask.path["basehead"].partition("...")
    ends = [state.bare.tip(f"refs/heads/{end}") or state.bare.tip(end) for end in (base, head)]
    if not all(ends):
        raise Refused(not_found())
    old, new = ends
    fork = state.bare.merge_base(old, new)
    pull = Pull(state.bare, state.web, 0, "", "", state.owner, "main", "main", "", False, state.now())
    ahead, behind = state.bare.between(old, new), state.bare.between(new, old)
    word = "diverged" if ahead and behind else "ahead" if ahead else "behind" if behind else "identical"
    url, web = f"{state.api}/repos/{state.full_name}/compare/{base}...{head}", f"{state.web}/{state.full_name}/compare"
    answer = {
        "url": url,
        "html_url": web,
        "permalink_url": web,
        "diff_url": f"{web}.diff",
        "patch_url": f"{web}.patch",
        "base_commit": shapes.commit(state, pull, old),
        "merge_base_commit": shapes.commit(state, pull, fork),
        "status": word,
        "ahead_by": len(ahead),
        "behind_by": len(behind),
        "total_commits": len(ahead),
        "files": [shapes.file(state, delta, new) for delta in state.bare.diff(fork, new)[:300]],
    }
    commits, headers = paged(state, ask, ahead)
    return Answer(200, {**answer, "commits": [shapes.commit(state, pull, sha) for sha in commits]}, headers)


def get_permission(state: State, ask: Ask) -> Answer:
    token, login = ask.who(), ask.path["username"]
    if not token.installed and not state.may_push(token.login):
        raise Refused(refusal(403, "Must have push access to view collaborator permission."))
    if is_bot(login) or login not in state.roles:
        raise Refused(refusal(404, f"{login} is not a user"))
    role = state.role(login)
    word = {"maintain": "write", "triage": "read"}.get(role, role)
    person = people.user(state, login)
    may = {"pull": role != "none", "triage": False, "push": word in ("admin", "write")}
    person |= {"permissions": {**may, "maintain": role in ("admin", "maintain"), "admin": role == "admin"}}
    return Answer(200, {"permission": word, "role_name": role, "user": {**person, "role_name": role}})


def get_ref(state: State, ask: Ask) -> Answer:
    ref = f"refs/{ask.path['ref']}"
    commit = state.bare.tip(ref)
    if not commit:
        raise Refused(not_found())
    url = f"{state.api}/repos/{state.full_name}/git"
    pointed = {"type": "commit", "sha": commit, "url": f"{url}/commits/{commit}"}
    return Answer(200, {"ref": ref, "node_id": f"REF_{commit[:12]}", "url": f"{url}/{ref}", "object": pointed})


# --- writing ------------------------------------------------------------------------------------------------


def create_review(state: State, ask: Ask) -> Answer:
    review = reviews.post_review(state, pull_of(state, ask), ask.who(), ask.body())
    return Answer(200, shapes.review(state, review))


def create_remark(state: State, ask: Ask) -> Answer:
    thread = reviews.post_comment(state, pull_of(state, ask), ask.who(), ask.body())
    return Answer(201, shapes.remark(state, thread, thread.remarks[-1]))


def create_reply(state: State, ask: Ask) -> Answer:
    to, body = int(ask.path["comment_id"]), ask.body()["body"]
    thread = reviews.reply(state, pull_of(state, ask), ask.who().login, to, body)
    return Answer(201, shapes.remark(state, thread, thread.remarks[-1]))


def create_comment(state: State, ask: Ask) -> Answer:
    pull, now = pull_of(state, ask, "issue_number"), state.now()
    comment = IssueComment(next(state.numbers), pull, ask.who().login, text_of(ask), now, now)
    state.comments.append(comment)
    return Answer(201, shapes.issue_comment(state, comment))


def get_comment(state: State, ask: Ask) -> Answer:
    return Answer(200, shapes.issue_comment(state, comment_of(state, ask)))


def change_comment(state: State, ask: Ask) -> Answer:
    comment = own_comment(state, ask)
    comment.body, comment.changed_at = text_of(ask), state.now()
    return Answer(200, shapes.issue_comment(state, comment))


def delete_comment(state: State, ask: Ask) -> Answer:
    state.comments.remove(own_comment(state, ask))
    return Answer(204)


def own_comment(state: State, ask: Ask) -> IssueComment:
    """A comment that somebody may change: their own, or anybody's for those who may push."""
    comment, token = comment_of(state, ask), ask.who()
    if comment.login != token.login and not (token.installed or state.may_push(token.login)):
        raise Refused(refusal(403, "Must have admin rights to Repository."))
    return comment


def comment_of(state: State, ask: Ask) -> IssueComment:
    number = int(ask.path["comment_id"])
    found = next((one for one in state.comments if one.id == number), None)
    if found is None:
        raise Refused(not_found())
    return found


def text_of(ask: Ask) -> str:
    """The body of a comment. GitHub takes neither nothing nor more than 65,536 characters."""
    text = str(ask.body().get("body", ""))
    fault = {"resource": "IssueComment", "code": "unprocessable", "field": "data"}
    if len(text) > reviews.MOST_TEXT:
        raise Refused(invalid({**fault, "message": "Body is too long (maximum is 65536 characters)"}))
    if not text.strip():
        raise Refused(invalid({**fault, "message": "Body cannot be blank"}))
    return text


def pull_of(state: State, ask: Ask, name: str = "pull_number") -> Pull:
    number = ask.path[name]
    if not number.isdigit() or int(number) not in state.pulls:
        raise Refused(not_found())
    return state.pulls[int(number)]


# --- check runs ---------------------------------------------------------------------------------------------


def create_check(state: State, ask: Ask) -> Answer:
    if not ask.who().installed:
        raise Refused(refusal(403, "You must authenticate via a GitHub App."))
    if not state.bare.tip(str(ask.body().get("head_sha", ""))):
        raise Refused(refusal(422, f"No commit found for SHA: {ask.body().get('head_sha')}"))
    check = CheckRun(next(state.numbers), ask.who().login, {}, [])
    state.checks.append(check)
    return Answer(201, updated(state, check, ask.body()))


def change_check(state: State, ask: Ask) -> Answer:
    check = check_of(state, ask)
    if check.app != ask.who().login:
        raise Refused(refusal(403, "Invalid app_id. This check run was created by another app."))
    return Answer(200, updated(state, check, ask.body()))


def get_check(state: State, ask: Ask) -> Answer:
    return Answer(200, shapes.check_run(state, check_of(state, ask)))


def list_checks(state: State, ask: Ask) -> Answer:
    commit = state.bare.tip(os.fsdecode(ask.path["ref"]))
    found = [one for one in state.checks if one.fields["head_sha"] == commit]
    shown, headers = paged(state, ask, found)
    return Answer(
        200, {"total_count": len(found), "check_runs": [shapes.check_run(state, one) for one in shown]}, headers
    )


def check_of(state: State, ask: Ask) -> CheckRun:
    found = next((one for one in state.checks if str(one.id) == ask.path["check_run_id"]), None)
    if found is None:
        raise Refused(not_found())
    return found


def updated(state: State, check: CheckRun, asked: dict[str, Any]) -> dict[str, Any]:
    """Take over what was said; annotations are added to those that stand. A conclusion completes it."""
    said: dict[str, Any] = json.loads(json.dumps(asked))
    check.annotations += said.get("output", {}).pop("annotations", [])
    check.fields |= {"status": "completed", "completed_at": state.now()} if "conclusion" in said else {}
    check.fields |= said
    return shapes.check_run(state, check)
