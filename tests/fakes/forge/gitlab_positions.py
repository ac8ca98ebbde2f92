"""GitLab's rules for positions: which it takes, where one stands after a push, and its words for those it refuses."""

import hashlib
from collections.abc import Mapping
from typing import Any

from tests.fakes.forge.gitlab_state import Discussion, State
from tests.fakes.forge.patches import Row, pieces
from tests.fakes.forge.repository import Delta

_NO_LINE = ':line_code=>["can\'t be blank", "must be a valid line code"]'
_SHAS = ("base_sha", "start_sha", "head_sha")


def fault(state: State, number: int, position: Mapping[str, Any]) -> str:
    """What GitLab says against a position, "" if it takes it.

    A line that is new is named by `new_line` alone, one that is gone by `old_line` alone, and one that stands on both
    sides by both. All three commits must be those of one version of the diff.
    """
    missing = [f"position[{name}] is missing" for name in (*_SHAS, "position_type") if not position.get(name)]
    if missing:
        return ", ".join(missing)
    if position["position_type"] not in ("text", "image", "file"):
        return "position[position_type] does not have a valid value"
    version = next((one for one in state.versions[number] if one.refs() == {k: position[k] for k in _SHAS}), None)
    if version is None or not (position.get("old_path") and position.get("new_path")):
        return _refused(_NO_LINE)
    if not position.get("old_line") and not position.get("new_line") and position["position_type"] == "text":
        return _refused(f'{_NO_LINE}, :position=>["is incomplete"]')
    paths = (position["old_path"], position["new_path"])
    delta = next(
        (one for one in state.bare.diff(version.base, version.head) if (one.old_path, one.path) == paths), None
    )
    row = row_of(state, delta, position.get("old_line"), position.get("new_line")) if delta else None
    if delta is None or (row is None and position["position_type"] == "text"):
        return _refused(_NO_LINE)
    return _fault_of_range(state, delta, position.get("line_range"))


def row_of(state: State, delta: Delta, old: int | None, new: int | None) -> Row | None:
    """The shown line with exactly these numbers."""
    for row in _rows(state, delta):
        if (row.left or None, row.right or None) == (old or None, new or None):
            return row
    return None


def _rows(state: State, delta: Delta) -> tuple[Row, ...]:
    if delta.patch is None or delta.patch.count("\n") >= state.patch_lines:
        return ()
    return tuple(row for piece in pieces(delta.patch) for row in piece.rows)


def line_codes(delta: Delta) -> dict[str, str]:
    """GitLab's name of every shown line, with its type. A new line counts the old side as it stands there."""
    name = hashlib.sha1(delta.path.encode("utf-8", "surrogateescape")).hexdigest()
    codes = {}
    for piece in pieces(delta.patch or ""):
        old, new = piece.left[0], piece.right[0]
        for row in piece.rows:
            codes[f"{name}_{old}_{new}"] = "new" if row.kind == "+" else "old"
            old, new = old + (row.kind != "+"), new + (row.kind != "-")
    return codes


def _fault_of_range(state: State, delta: Delta, between: Any) -> str:
    """What is wrong with the range of a comment on several lines."""
    if between is None:
        return ""
    if not isinstance(between, dict) or set(between) != {"start", "end"}:
        return _refused(':position=>["must be a valid json schema"]')
    codes = line_codes(delta)
    for name, end in between.items():
        # GitLab turns old_line and new_line into text before it checks that they are numbers, so it takes neither.
        if not isinstance(end, dict) or set(end) - {"line_code", "type"}:
            return _refused(':position=>["must be a valid json schema"]')
        if not end.get("line_code") or not end.get("type"):
            return f"position[line_range][{name}][line_code] is missing"
        if codes.get(end["line_code"]) != end["type"]:
            return _refused(':position=>["is invalid"]')
    order = list(codes)
    if order.index(between["start"]["line_code"]) > order.index(between["end"]["line_code"]):
        return _refused(':position=>["is invalid"]')
    return ""


def _refused(why: str) -> str:
    return f"400 Bad request - Note {{{why}}}"


def current(state: State, discussion: Discussion) -> dict[str, Any]:
    """A note's position as GitLab tells it now: brought up to the newest version where the line is still there.

    Where it is not, the position stays that of the version on which it was posted: that is how one tells.
    """
    posted = discussion.first.position or {}
    version = state.version(discussion.pull)
    if posted["head_sha"] == version.head and posted["base_sha"] == version.base:
        return posted
    side = ("new", posted["base_sha"], posted["head_sha"], version.head)
    if not posted.get("new_line"):
        side = ("old", posted["base_sha"], posted["base_sha"], version.base)
    word, _, was, now = side
    place = state.bare.moved(was, now, posted[f"{word}_path"], posted[f"{word}_line"])
    if place is None:
        return posted
    for delta in state.bare.diff(version.base, version.head):
        for row in _rows(state, delta):
            if (delta.path if word == "new" else delta.old_path, row.right if word == "new" else row.left) == place:
                lines = {"old_line": row.left or None, "new_line": row.right or None, "line_range": None}
                return {**posted, **version.refs(), "old_path": delta.old_path, "new_path": delta.path, **lines}
    return posted
