"""The fake GitHub's REST operations, each a function from what was asked to an answer; a refusal is raised."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.fakes.forge import github_checks as checks
from tests.fakes.forge import github_people as people
from tests.fakes.forge import github_reviews as reviews
from tests.fakes.forge import github_shapes as shapes
from tests.fakes.forge.github_asks import Ask, listed, paged, pull_of, text_of
from tests.fakes.forge.github_state import IssueComment, Pull, Remark, State, Thread, is_bot
from tests.fakes.forge.sockets import Answer, Refused
from tests.fakes.forge.tokens import Level, Token, no_access, not_found, refusal, unauthenticated

MOST_FILES = 3000
_REPOSITORY = "/repos/{owner}/{repo}"


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
        ("GET", _REPOSITORY + "/pulls/comments/{comment_id}"): Route(get_remark, read),
        ("PATCH", _REPOSITORY + "/pulls/comments/{comment_id}"): Route(change_remark, read, "write"),
        ("GET", issue + "/comments"): Route(list_comments, talk),
        ("POST", issue + "/comments"): Route(create_comment, talk, "write"),
        ("GET", _REPOSITORY + "/issues/comments/{comment_id}"): Route(get_comment, talk),
        ("PATCH", _REPOSITORY + "/issues/comments/{comment_id}"): Route(change_comment, talk, "write"),
        ("DELETE", _REPOSITORY + "/issues/comments/{comment_id}"): Route(delete_comment, talk, "write"),
        ("POST", _REPOSITORY + "/check-runs"): Route(checks.create_check, ("checks",), "write"),
        ("GET", _REPOSITORY + "/check-runs/{check_run_id}"): Route(checks.get_check, ("checks",)),
        ("PATCH", _REPOSITORY + "/check-runs/{check_run_id}"): Route(checks.change_check, ("checks",), "write"),
        ("GET", _REPOSITORY + "/commits/{ref}/check-runs"): Route(checks.list_checks, ("checks",)),
        ("GET", _REPOSITORY + "/compare/{basehead}"): Route(compare, ("contents",)),
        ("GET", _REPOSITORY + "/collaborators/{username}/permission"): Route(get_permission, ("metadata",)),
        ("GET", _REPOSITORY + "/git/ref/{ref}"): Route(get_ref, ("contents",)),
    }


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
    deltas = pull.bare.diff(pull.merge_base, head)[: state.most_files]
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


def get_remark(state: State, ask: Ask) -> Answer:
    return Answer(200, shapes.remark(state, *remark_of(state, ask)))


def change_remark(state: State, ask: Ask) -> Answer:
    thread, remark = remark_of(state, ask)
    may_change(state, ask, remark.login)
    remark.body = text_of(ask)
    return Answer(200, shapes.remark(state, thread, remark))


def remark_of(state: State, ask: Ask) -> tuple[Thread, Remark]:
    pairs = ((thread, one) for thread in state.threads for one in thread.remarks)
    found = next((pair for pair in pairs if str(pair[1].id) == ask.path["comment_id"]), None)
    if found is None:
        raise Refused(not_found())
    return found


def create_comment(state: State, ask: Ask) -> Answer:
    pull, now = pull_of(state, ask, "issue_number"), state.now()
    if reviews.is_locked(state, pull, ask.who()):
        raise Refused(refusal(403, "Unable to create comment because issue is locked."))
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
    comment = comment_of(state, ask)
    may_change(state, ask, comment.login)
    return comment


def may_change(state: State, ask: Ask, login: str) -> None:
    token = ask.who()
    if login != token.login and not (token.installed or state.may_push(token.login)):
        raise Refused(refusal(403, "Must have admin rights to Repository."))


def comment_of(state: State, ask: Ask) -> IssueComment:
    number = int(ask.path["comment_id"])
    found = next((one for one in state.comments if one.id == number), None)
    if found is None:
        raise Refused(not_found())
    return found
