"""Work in a child process, which is ended where it says nothing for long: some C code no signal interrupts."""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from typing import TypeVar

WAITED = 45.0
"""Seconds without a word after which a piece of work is given up."""
Work = TypeVar("Work")
Found = TypeVar("Found")


def streamed(
    work: Sequence[Work], act: Callable[[Work], Iterator[Found | None]], waited: float = WAITED
) -> Iterator[tuple[int, list[Found]]]:
    """Number and yield of each piece of work, in order, also where it was given up; None is a sign of life alone."""
    at = 0
    while at < len(work):
        end, other = multiprocessing.Pipe(duplex=False)
        child = multiprocessing.get_context("fork").Process(target=run, args=(work, at, act, other), daemon=True)
        child.start()
        other.close()
        found: list[Found] = []
        while at < len(work):
            kind, what = word(end, waited)
            if kind == "found":
                found.append(what)  # type: ignore[arg-type]
            elif kind in ("done", "silent"):
                yield at, found
                at, found = at + 1, []
            if kind == "silent":
                break
        child.kill()
        child.join()
        end.close()


def word(end: Connection, waited: float) -> tuple[str, object]:
    """The child's next word, ("silent", None) where there is none."""
    try:
        if end.poll(waited):
            kind, what = end.recv()
            return str(kind), what
    except (EOFError, OSError):
        pass
    return "silent", None


def run(work: Sequence[Work], at: int, act: Callable[[Work], Iterator[Found | None]], end: Connection) -> None:
    """What the child does."""
    for each in work[at:]:
        for found in act(each):
            end.send(("alive", None) if found is None else ("found", found))
        end.send(("done", None))
