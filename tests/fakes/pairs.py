"""A change in a real repository from two folders with anything in them, with the head's files beside it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from kimicode.git.repository import Repository
from kimicode.review.source import Source, of_commits
from tests.fakes.diffs import LINK, File, recorded

Side = Mapping[str, str | File]


def paired(place: Path, before: Side, after: Side, **words) -> tuple[Source, Path]:
    """What is reviewed, and the tree of its head, without its links. `words` are title and description."""
    sides = [{path: _file(content) for path, content in side.items()} for side in (before, after)]
    ((base, head),) = recorded(place / "repository", [(sides[0], sides[1])])
    repository = Repository.discover(place / "repository")
    assert repository is not None
    tree = place / "tree"
    for path, file in sides[1].items():
        if file.mode != LINK:
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_bytes(file.data)
    source = of_commits(repository, base, head)
    return replace(source, change=replace(source.change, **words)), tree


def _file(content: str | File) -> File:
    return content if isinstance(content, File) else File(content.encode("utf-8", "surrogateescape"))
