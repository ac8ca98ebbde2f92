"""Proposed lines in place of flagged ones: whether a forge could apply them and the file would still be right.

A suggestion is applied with one click, by somebody who may not look twice: in doubt there is none.
"""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from kimicode.index.syntax import first_error
from kimicode.review import anchors, diff
from kimicode.review.change import ChangedFile
from kimicode.review.findings import Finding, Suggestion
from kimicode.workspace.syntax import broken_by

MOST_LINES = 12
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_UNWRITTEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\u2028\u2029\ud800-\udfff]")
"""Characters that nobody writes in a line of code, and that some editor would see a line end in."""
_LINE = re.compile(rb"[^\n]*\n|[^\n]+")


def usable(files: Sequence[ChangedFile], finding: Finding, text: bytes) -> bool:
    """Whether the finding's suggestion replaces just the lines that a comment on it marks, and breaks nothing.

    `text` is the file on the new side; where it is not UTF-8, or not what the diff shows, nothing can be suggested.
    """
    suggestion, anchor = finding.suggestion, anchors.place(files, finding)
    if suggestion is None or anchor is None or anchor.side != "new":
        return False
    if (anchor.first, anchor.line) != (suggestion.first, suggestion.last) or not _plain(text, suggestion):
        return False
    file = anchors.named(files, anchor.path, "new")
    now = diff.lines(text)
    if file is None or not _as_shown(file, now, suggestion):
        return False
    after = applied(text, suggestion)
    return after != text and _indented_alike(now, suggestion) and _parses(PurePosixPath(file.path), text, after)


def applied(text: bytes, suggestion: Suggestion) -> bytes:
    """The file with the suggestion in place, its lines ended as those that they replace.

    Raises ValueError where the file does not have these lines.
    """
    lines = _LINE.findall(text)
    first, last = suggestion.first - 1, suggestion.last
    if not 0 <= first < last <= len(lines):
        raise ValueError(f"the file has no lines {suggestion.first} to {suggestion.last}")
    # The last line of a file may lack an end, and so say nothing of how the others end.
    end = _end(lines[first]) or _end(lines[first - 1]) or b"\n"
    proposed = suggestion.text.encode("utf-8").replace(b"\n", end)
    if proposed:
        proposed += end if _end(lines[last - 1]) else b""
    return b"".join((*lines[:first], proposed, *lines[last:]))


def _end(line: bytes) -> bytes:
    return b"\r\n" if line.endswith(b"\r\n") else b"\n" if line.endswith(b"\n") else b""


def _plain(text: bytes, suggestion: Suggestion) -> bool:
    """Whether both are text of a usual kind, and the suggestion short enough to be judged at a glance."""
    if suggestion.text.count("\n") >= MOST_LINES or _UNWRITTEN.search(suggestion.text):
        return False
    if b"\0" in text or (suggestion.first == 1 and text.startswith(_BYTE_ORDER_MARK)):
        return False
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _as_shown(file: ChangedFile, now: list[str], suggestion: Suggestion) -> bool:
    """Whether the lines to replace are those that one hunk shows."""
    wanted = range(suggestion.first, suggestion.last + 1)
    for hunk in file.hunks:
        shown = {line.new: line.text for line in hunk.lines if line.new in wanted}
        if len(shown) == len(wanted):
            return suggestion.last <= len(now) and all(now[number - 1] == text for number, text in shown.items())
    return False


def _indented_alike(now: list[str], suggestion: Suggestion) -> bool:
    """Models drop the indentation of a first line, or write spaces where a file has tabs; both may still parse."""
    replaced = _indents(now[suggestion.first - 1 : suggestion.last])
    proposed = _indents(suggestion.text.split("\n"))
    if replaced and proposed and replaced[0] and not proposed[0]:
        return False
    used = set("".join(_indents(now)))
    return not used or used.issuperset("".join(proposed))


def _indents(lines: list[str]) -> list[str]:
    return [line[: len(line) - len(line.lstrip(" \t"))] for line in lines if line.strip()]


def _parses(path: PurePosixPath, before: bytes, after: bytes) -> bool:
    """Whether the change brings no error; where there was one before, what comes behind it cannot be judged."""
    old, new = before.decode("utf-8"), after.decode("utf-8")
    if broken_by(path, old, new):
        return False
    error = first_error(path, new)
    return not error or first_error(path, old) == error
