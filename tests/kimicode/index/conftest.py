"""A small tree and its index."""

import os

import pytest

from kimicode.index import graph
from kimicode.index.build import refresh
from kimicode.index.search import Files, find
from kimicode.index.store import Store

SOURCES = {
    "app/reader.py": '''"""Reads things."""

LIMIT = 10


class FileReader(Base):
    """Opens files."""

    def read_lines(self, path: Path) -> list[str]:
        return open_file(path).lines()


def open_file(path):
    return Handle(path)
''',
    "app/main.py": (
        "from app.reader import FileReader, open_file\n\nreader = FileReader()\nopen_file(1)\nopen_file(2)\n"
    ),
    "docs/guide.md": "# Guide\n\nHow to read.\n\n## Install\n\nRun `make`.\n\n```\n# not a heading\n```\n",
    "notes.txt": "the tokenizer splits words\n",
}


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "tree"
    for path, text in SOURCES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
        os.utime(root / path, (10**9, 10**9))  # what is brand-new would be looked at twice
    return root


@pytest.fixture
def store(tmp_path, tree):
    """An index of the tree, empty so far."""
    opened = Store.open(tmp_path / "index", tree)
    yield opened
    opened.close()


@pytest.fixture
def built(store, tree):
    """The index after its first build."""
    refresh(store, tree, None)
    return store


@pytest.fixture
def asked():
    """The paths that a question finds, best first, without regard to who refers to whom."""

    def ask(store, question):
        return [one.path for one in find(store, Files.of(store), graph.empty(), question).found]

    return ask


@pytest.fixture
def linked():
    """Which path refers to which."""

    def links(store):
        made, files = graph.make(store), Files.of(store)
        paths = [[files.paths[number] for number in files.by_content[content]] for content in made.contents]
        spans = zip(made.starts, made.starts[1:], paths, strict=False)
        return {
            (source, target)
            for start, end, sources in spans
            for place in made.links[start:end]
            for source in sources
            for target in paths[place]
        }

    return links
