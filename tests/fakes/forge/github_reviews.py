"""GitHub's rules for reviews and review comments: what it takes, and its words for what it does not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.fakes.forge.github_people import node_id
from tests.fakes.forge.github_state import Pull, Remark, Review, State, Thread
from tests.fakes.forge.patches import Piece, Side, pieces
from tests.fakes.forge.repository import Delta
from tests.fakes.forge.sockets import Answer, Refused
from tests.fakes.forge.tokens import ACTIONS, DOCS, Token, invalid, refusal, secondary_limit

MOST_TEXT = 65_536
_THREAD = "pull_request_review_thread"


@dataclass(frozen=True, slots=True)
class Place:
    """A checked anchor: the text of its hunk up to it, and its position in the patch."""

    side: Side
    line: int
    start_side: Side
    start_line: int
    hunk: str
    position: int


def post_review(state: State, pull: Pull, token: Token, asked: Mapping[str, Any]) -> Review:
    """Post a review with all its comments, or none of it. Raises Refused."""
    event, body = asked.get("event") or None, asked.get("body") or ""
    if is_locked(state, pull, token):
        raise Refused(_sentences("lock prevents review"))
    commit = _commit(state, pull, asked.get("commit_id") or pull.head)
    _check_verdict(pull, token, event, body)
    if event is None and any(
        one.pull is pull and one.login == token.login and one.event is None for one in state.reviews
    ):
        raise Refused(_sentences("User can only have one pending review per pull request"))
    comments = asked.get("comments") or []
    if len(comments) > state.most_comments:
        raise Refused(secondary_limit(60))
    places = [place(state, pull, commit, comment) for comment in comments]
    wrong = [_sentence(fault) for fault in places if isinstance(fault, list)]
    wrong += ["Body is too long (maximum is 65536 characters)" for one in [asked, *comments] if _too_long(one)]
    if wrong:
        raise Refused(_sentences(*wrong))
    review = Review(next(state.numbers), pull, token.login, body, event, commit, state.now())
    state.reviews.append(review)
    for comment, found in zip(comments, places, strict=True):
        if isinstance(found, Place):
            begin(state, review, comment["path"], comment["body"], found)
    return review


def is_locked(state: State, pull: Pull, token: Token) -> bool:
    return pull.locked and (token.installed or not state.may_push(token.login))


def _check_verdict(pull: Pull, token: Token, event: str | None, body: str) -> None:
    if event in ("COMMENT", "REQUEST_CHANGES") and not body.strip():
        raise Refused(_sentences("Body can't be blank"))
    if event == "APPROVE" and token.login == ACTIONS:
        raise Refused(_sentences("GitHub Actions is not permitted to approve pull requests."))
    if event in ("APPROVE", "REQUEST_CHANGES") and token.login == pull.author:
        raise Refused(_sentences(f"Can not {event.lower().replace('_', ' ')} your own pull request"))


def post_comment(state: State, pull: Pull, token: Token, asked: Mapping[str, Any]) -> Thread:
    """Post a single comment, which is a review of its own. Raises Refused."""
    if asked.get("in_reply_to"):
        return reply(state, pull, token.login, asked["in_reply_to"], asked["body"])
    commit = asked["commit_id"]
    if commit not in pull.bare.between(pull.base, pull.head):
        raise Refused(invalid(_fault("commit_id", "commit_id is not part of the pull request")))
    found = place(state, pull, commit, asked)
    if _too_long(asked):
        raise Refused(invalid(_fault("body", "body is too long (maximum is 65536 characters)")))
    if isinstance(found, list):
        raise Refused(invalid(*[_fault(f"{_THREAD}.{field}", f"{_THREAD}.{field} {text}") for field, text in found]))
    review = Review(next(state.numbers), pull, token.login, "", "COMMENT", commit, state.now())
    state.reviews.append(review)
    return begin(state, review, asked["path"], asked["body"], found)


def begin(state: State, review: Review, path: str, body: str, found: Place) -> Thread:
    """A new thread."""
    number = next(state.numbers)
    first = Remark(
        *(number, review.id, review.login, body, path, found.side, found.line, found.start_side, found.start_line),
        *(review.commit, found.hunk, found.position, state.now()),
    )
    thread = Thread(node_id("PRRT", number), review.pull, [first])
    state.threads.append(thread)
    return thread


def reply(state: State, pull: Pull, login: str, to: int, body: str) -> Thread:
    """Answer the first comment of a thread; answers to answers are not taken. Raises Refused."""
    thread = next((one for one in state.threads if one.pull is pull and one.first.id == to), None)
    if thread is None:
        raise Refused(refusal(404, "Not Found", docs=DOCS + "/pulls/comments#create-a-reply-for-a-review-comment"))
    review = Review(next(state.numbers), pull, login, "", "COMMENT", pull.head, state.now())
    state.reviews.append(review)
    first = thread.first
    answer = Remark(
        *(next(state.numbers), review.id, login, body, first.path, first.side, first.line, first.start_side),
        *(first.start_line, first.commit, first.hunk, first.position, state.now(), first.id),
    )
    thread.remarks.append(answer)
    return thread


def place(state: State, pull: Pull, commit: str, asked: Mapping[str, Any]) -> Place | list[tuple[str, str]]:
    """Where a comment goes in the diff up to `commit`; what is wrong with it as (field, words) otherwise."""
    deltas = pull.bare.diff(state.fork_point(pull, commit), commit)
    delta = next((each for each in deltas if each.path == asked["path"]), None)
    if delta is None:
        return [("path", "Path could not be resolved")]
    if asked.get("subject_type") == "file":
        return Place("RIGHT", 0, "RIGHT", 0, "", 1)
    shown = pieces(delta.patch or "") if _fits(state, delta) else ()
    if "position" in asked and "line" not in asked:
        return _by_position(shown, asked["position"])
    if "line" not in asked:
        return [("line", "can't be blank")]
    side: Side = asked.get("side", "RIGHT")
    line, start = asked["line"], asked.get("start_line")
    start_side: Side = asked.get("start_side") or side
    piece = next((one for one in shown if one.index(side, line) is not None), None)
    wrong = [] if piece else [("line", "must be part of the diff")]
    if start is not None and start_side == side and start >= line:
        wrong.append(("start_line", "must precede the end line."))
    elif start is not None and (piece is None or not _precedes(piece, start_side, start, side, line)):
        wrong.append(("start_line", "must be part of the same hunk as the line."))
    if piece is None:
        wrong.append(("diff_hunk", "can't be blank"))
    if wrong or piece is None:
        return wrong
    return Place(side, line, start_side, start or line, *_up_to(shown, piece, piece.index(side, line) or 0))


def _precedes(piece: Piece, start_side: Side, start: int, side: Side, line: int) -> bool:
    first, last = piece.index(start_side, start), piece.index(side, line)
    return first is not None and last is not None and first < last


def _fits(state: State, delta: Delta) -> bool:
    return (delta.patch or "").count("\n") < state.patch_lines


def _by_position(shown: Sequence[Piece], position: int) -> Place | list[tuple[str, str]]:
    """The older way: a count of lines from the first @@ on, in which later @@ lines count as well."""
    count = 0
    for piece in shown:
        if 0 < position - count <= len(piece.rows):
            row = piece.rows[position - count - 1]
            side: Side = "LEFT" if row.kind == "-" else "RIGHT"
            line = row.number(side)
            return Place(side, line, side, line, *_up_to(shown, piece, position - count - 1))
        count += len(piece.rows) + 1
    return [("position", "is invalid"), ("diff_hunk", "can't be blank")]


def _up_to(shown: Sequence[Piece], piece: Piece, index: int) -> tuple[str, int]:
    """The hunk down to a row, and that row's position in the patch."""
    before = sum(len(one.rows) + 1 for one in shown[: shown.index(piece)])
    rows = [row.kind + row.text for row in piece.rows[: index + 1]]
    return "\n".join([piece.head, *rows]), before + index + 1


def _commit(state: State, pull: Pull, commit: str) -> str:
    if commit != pull.merge_base and commit not in pull.bare.between(pull.base, pull.head):
        raise Refused(_sentences("Commit is not part of the pull request"))
    return commit


def _too_long(asked: Mapping[str, Any]) -> bool:
    return len(asked.get("body") or "") > MOST_TEXT


def _sentence(wrong: Sequence[tuple[str, str]]) -> str:
    """All that is wrong with one comment, as one sentence."""
    if wrong[0][0] == "path":
        return wrong[0][1]
    said = [f"Pull request review thread {field.replace('_', ' ')} {text}" for field, text in wrong]
    return said[0] if len(said) == 1 else f"{' and '.join([', '.join(said[:-1]) + ',' * (len(said) > 2), said[-1]])}"


def _sentences(*errors: str) -> Answer:
    return invalid(*errors, message="Unprocessable Entity")


def _fault(field: str, message: str) -> dict[str, str]:
    return {"resource": "PullRequestReviewComment", "code": "custom", "field": field, "message": message}
