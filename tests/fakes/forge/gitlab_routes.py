"""The fake GitLab's operations, each a function from what was asked to an answer; a refusal is raised."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.fakes.forge import gitlab_positions
from tests.fakes.forge import gitlab_shapes as shapes
from tests.fakes.forge.github_state import Pull
from tests.fakes.forge.gitlab_state import Discussion, Key, Note, State, Status
from tests.fakes.forge.sockets import Answer, Refused, Request

MOST_TEXT = 1_000_000
_MR = "/projects/{id}/merge_requests/{iid}"
_PAGES = "page per_page"


def refusal(status: int, message: str, *, key: str = "message") -> Refused:
    """A refusal in GitLab's form: some of its parts say "message", some "error"."""
    return Refused(Answer(status, {key: message}))


@dataclass(frozen=True, slots=True)
class Ask:
    """A request, what its path holds, and what was given in its query and body together, as GitLab takes them."""

    request: Request
    path: Mapping[str, str]
    given: Mapping[str, Any]
    key: Key | None

    def who(self) -> str:
        if self.key is None:
            raise refusal(401, "401 Unauthorized")
        return self.key.login


@dataclass(frozen=True, slots=True)
class Route:
    """An operation, and the names of the parameters that GitLab documents for it."""

    method: str
    template: str
    run: Callable[[State, Ask], Answer]
    parameters: str = ""

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """What a path, still quoted, holds if it is this one."""
        found = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.template), path)
        return found.groupdict() if found and method == self.method else None


def routes() -> tuple[Route, ...]:
    """Every operation of the fake."""
    body, resolved = "body created_at", "resolved"
    return (
        Route("GET", "/user", get_user),
        Route("GET", "/users", list_users, f"username search {_PAGES}"),
        Route("GET", "/projects/{id}", get_project),
        Route("GET", "/projects/{id}/members/all", list_members, f"query user_ids {_PAGES}"),
        Route("GET", "/projects/{id}/members/all/{user}", get_member),
        Route("GET", _MR, get_merge_request, "include_diverged_commits_count include_rebase_in_progress render_html"),
        Route("GET", _MR + "/diffs", list_diffs, f"unidiff {_PAGES}"),
        Route("GET", _MR + "/commits", list_commits, _PAGES),
        Route("GET", _MR + "/versions", list_versions, _PAGES),
        Route("GET", _MR + "/discussions", list_discussions, _PAGES),
        Route("POST", _MR + "/discussions", create_discussion, f"{body} position commit_id"),
        Route("GET", _MR + "/discussions/{discussion}", get_discussion),
        Route("PUT", _MR + "/discussions/{discussion}", resolve_discussion, resolved),
        Route("POST", _MR + "/discussions/{discussion}/notes", create_reply, body),
        Route("PUT", _MR + "/discussions/{discussion}/notes/{note}", change_reply, f"body {resolved}"),
        Route("GET", _MR + "/notes", list_notes, f"sort order_by activity_filter {_PAGES}"),
        Route("POST", _MR + "/notes", create_note, f"{body} internal"),
        Route("PUT", _MR + "/notes/{note}", change_note, "body"),
        Route("DELETE", _MR + "/notes/{note}", delete_note),
        Route("POST", _MR + "/approve", approve, "sha"),
        Route("POST", "/projects/{id}/statuses/{sha}", create_status, "state name context description ref target_url"),
        Route("GET", "/projects/{id}/repository/commits/{sha}/statuses", list_statuses, f"name ref all {_PAGES}"),
    )


def listed(ask: Ask, items: Sequence[Any], shape: Callable[[Any], Any]) -> Answer:
    """One page of items, with GitLab's headers about the others."""
    size = min(max(int(ask.given.get("per_page", 20)), 1), 100)
    page = max(int(ask.given.get("page", 1)), 1)
    last = max(-(-len(items) // size), 1)
    around = {"X-Next-Page": str(page + 1) if page < last else "", "X-Prev-Page": str(page - 1) if page > 1 else ""}
    counts = {"X-Page": page, "X-Per-Page": size, "X-Total": len(items), "X-Total-Pages": last}
    wanted = {
        "first": 1,
        "last": last,
        **({"next": page + 1} if page < last else {}),
        **({"prev": page - 1} if page > 1 else {}),
    }
    host = f"http://{ask.request.headers['host']}{ask.request.path}"
    links = ", ".join(f'<{host}?page={n}&per_page={size}>; rel="{rel}"' for rel, n in wanted.items())
    headers = {**around, **{name: str(value) for name, value in counts.items()}, "Link": links}
    return Answer(200, [shape(one) for one in items[(page - 1) * size : page * size]], headers)


# --- people and project -------------------------------------------------------------------------------------


def get_user(state: State, ask: Ask) -> Answer:
    return Answer(200, shapes.me(state, ask.who()))


def list_users(state: State, ask: Ask) -> Answer:
    named = [login for login in state.levels if login == ask.given.get("username", login)]
    return listed(ask, named, lambda login: shapes.user(state, login))


def get_project(state: State, ask: Ask) -> Answer:
    return Answer(200, shapes.project(state))


def list_members(state: State, ask: Ask) -> Answer:
    ask.who()
    found = [login for login, level in state.levels.items() if level and ask.given.get("query", "") in login]
    return listed(ask, found, lambda login: shapes.member(state, login))


def get_member(state: State, ask: Ask) -> Answer:
    ask.who()
    found = (
        login for login, level in state.levels.items() if level and str(state.number_of(login)) == ask.path["user"]
    )
    login = next(found, None)
    if login is None:
        raise refusal(404, "404 Not found")
    return Answer(200, shapes.member(state, login))


# --- the merge request --------------------------------------------------------------------------------------


def pull_of(state: State, ask: Ask) -> Pull:
    number = ask.path["iid"]
    if not number.isdigit() or int(number) not in state.pulls:
        raise refusal(404, "404 Not found")
    pull = state.pulls[int(number)]
    state.version(pull)
    return pull


def get_merge_request(state: State, ask: Ask) -> Answer:
    return Answer(200, shapes.merge_request(state, pull_of(state, ask)))


def list_diffs(state: State, ask: Ask) -> Answer:
    pull = pull_of(state, ask)
    version = state.version(pull)
    deltas = () if pull.number in state.preparing else state.bare.diff(version.base, version.head)
    return listed(ask, deltas, lambda delta: shapes.file(state, delta))


def list_commits(state: State, ask: Ask) -> Answer:
    pull = pull_of(state, ask)

    def shape(sha: str) -> dict[str, Any]:
        said = state.bare.said(sha)
        told = {"title": said.message.partition("\n")[0], "message": said.message, "author_name": said.author}
        return {"id": sha, "short_id": sha[:8], **told, "created_at": "2026-01-01T00:00:00.000Z"}

    return listed(ask, state.bare.between(pull.base, pull.head)[::-1], shape)


def list_versions(state: State, ask: Ask) -> Answer:
    pull = pull_of(state, ask)
    newest_first = [] if pull.number in state.preparing else state.versions[pull.number][::-1]
    return listed(ask, newest_first, lambda each: shapes.version(state, pull, each))


def approve(state: State, ask: Ask) -> Answer:
    pull_of(state, ask)
    state.approvals.append(ask.who())
    return Answer(201, {})


# --- discussions and notes ----------------------------------------------------------------------------------


def list_discussions(state: State, ask: Ask) -> Answer:
    return listed(ask, state.of(pull_of(state, ask)), lambda one: shapes.discussion(state, one))


def get_discussion(state: State, ask: Ask) -> Answer:
    return Answer(200, shapes.discussion(state, discussion_of(state, ask)))


def create_discussion(state: State, ask: Ask) -> Answer:
    pull, login, text = pull_of(state, ask), ask.who(), text_of(ask)
    position = ask.given.get("position")
    wrong = gitlab_positions.fault(state, pull.number, position) if position is not None else ""
    if wrong:
        raise refusal(400, wrong, key="message" if wrong.startswith("400") else "error")
    discussion = state.say(pull, login, text, position=position, single=False)
    return Answer(201, shapes.discussion(state, discussion))


def create_reply(state: State, ask: Ask) -> Answer:
    discussion, login = discussion_of(state, ask), ask.who()
    now = state.now()
    note = Note(next(state.numbers), login, text_of(ask), now, now)
    discussion.notes.append(note)
    discussion.single = False
    return Answer(201, shapes.note(state, discussion, note))


def resolve_discussion(state: State, ask: Ask) -> Answer:
    discussion, login = discussion_of(state, ask), ask.who()
    if "resolved" not in ask.given:
        raise refusal(400, "resolved is missing", key="error")
    if discussion.single:
        raise refusal(403, "403 Forbidden")
    if not state.may_push(login) and login != discussion.pull.author:
        raise refusal(403, "403 Forbidden")
    wanted = str(ask.given["resolved"]).lower() == "true"
    discussion.resolved_by = (discussion.resolved_by or login) if wanted else ""
    return Answer(200, shapes.discussion(state, discussion))


def change_reply(state: State, ask: Ask) -> Answer:
    discussion = discussion_of(state, ask)
    if ("body" in ask.given) == ("resolved" in ask.given):
        raise refusal(400, "body, resolved are missing, exactly one parameter must be provided", key="error")
    if "resolved" in ask.given:
        resolve_discussion(state, ask)
    return _changed(state, ask, [discussion])


def list_notes(state: State, ask: Ask) -> Answer:
    pairs = [(one, note) for one in state.of(pull_of(state, ask)) for note in one.notes]
    if ask.given.get("activity_filter", "all_notes") == "only_comments":
        pairs = [pair for pair in pairs if not pair[1].system]
    pairs.sort(key=lambda pair: pair[1].id, reverse=ask.given.get("sort", "desc") == "desc")
    return listed(ask, pairs, lambda pair: shapes.note(state, *pair))


def create_note(state: State, ask: Ask) -> Answer:
    discussion = state.say(pull_of(state, ask), ask.who(), text_of(ask))
    return Answer(201, shapes.note(state, discussion, discussion.first))


def change_note(state: State, ask: Ask) -> Answer:
    return _changed(state, ask, state.of(pull_of(state, ask)))


def _changed(state: State, ask: Ask, among: Sequence[Discussion]) -> Answer:
    """A note with its new text; nobody but its author may give it one."""
    discussion, note = _note_of(ask, among)
    if "body" in ask.given:
        if note.login != ask.who():
            raise refusal(403, "403 Forbidden")
        note.body, note.changed_at = text_of(ask), state.now()
    return Answer(200, shapes.note(state, discussion, note))


def delete_note(state: State, ask: Ask) -> Answer:
    discussion, note = _note_of(ask, state.of(pull_of(state, ask)))
    if note.login != ask.who():
        raise refusal(403, "403 Forbidden")
    discussion.notes.remove(note)
    if not discussion.notes:
        state.discussions.remove(discussion)
    return Answer(204)


def _note_of(ask: Ask, among: Sequence[Discussion]) -> tuple[Discussion, Note]:
    pairs = ((one, note) for one in among for note in one.notes)
    found = next((pair for pair in pairs if str(pair[1].id) == ask.path["note"]), None)
    if found is None:
        raise refusal(404, "404 Note Not Found")
    return found


def discussion_of(state: State, ask: Ask) -> Discussion:
    pull = pull_of(state, ask)
    found = next((one for one in state.of(pull) if one.id == ask.path["discussion"]), None)
    if found is None:
        raise refusal(404, "404 Discussion Not Found")
    return found


def text_of(ask: Ask) -> str:
    """The body of a note. GitLab takes neither nothing nor more than a million characters."""
    if "body" not in ask.given:
        raise refusal(400, "body is missing", key="error")
    text = str(ask.given["body"])
    if not text.strip():
        raise refusal(400, '400 Bad request - Note {:note=>["can\'t be blank"]}')
    if len(text) > MOST_TEXT:
        raise refusal(400, '400 Bad request - Note {:note=>["is too long (maximum is 1000000 characters)"]}')
    return text


# --- statuses -----------------------------------------------------------------------------------------------


def create_status(state: State, ask: Ask) -> Answer:
    login, commit = ask.who(), ask.path["sha"]
    if not state.may_push(login):
        raise refusal(403, "403 Forbidden")
    if state.bare.tip(commit) != commit:
        raise refusal(404, "404 Commit Not Found")
    if ask.given.get("state") not in ("pending", "running", "success", "failed", "canceled", "skipped"):
        raise refusal(400, "state does not have a valid value", key="error")
    if len(str(ask.given.get("description", ""))) > 255:
        raise refusal(400, '400 Bad request - {:description=>["is too long (maximum is 255 characters)"]}')
    status = Status(next(state.numbers), login, commit, dict(ask.given), state.now())
    state.statuses.append(status)
    return Answer(201, shapes.status(state, status))


def list_statuses(state: State, ask: Ask) -> Answer:
    found = [one for one in state.statuses if one.commit == ask.path["sha"]]
    return listed(ask, found, lambda one: shapes.status(state, one))
