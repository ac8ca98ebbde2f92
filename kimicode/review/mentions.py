"""Which files of a tree use the names that a change touches, and which define those that it calls.

The index knows. Without one, the words of the tree's sources are looked through: a tree that is made for one review is
gone before an index of it had been worth its time.
"""

import os
import re
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from pathlib import Path, PurePosixPath

from kimicode.index.store import Store
from kimicode.index.walk import walk
from kimicode.review.scope import Kind, kind_of

SCAN_S = 2.0
"""Of the processor's time for looking through a tree; 5,000 files take half of it."""

LARGEST = 500_000
"""Bytes of a file that is looked through."""

LONGEST_LINE = 1_000
"""Characters of a line that people read."""

KEYWORDS = r"(?:def|class|func|fn|function|interface|struct|trait|enum|record|type)[ \t]+(?:\([^)\n]{0,200}\)[ \t]*)?"
"""What stands before a name where it is defined."""

IMPORTS = (
    r"[ \t]*(?:(?:(?:\}\s*)?from|import|use|using|require|require_relative|#\s*include|package"
    r"|(?:const|let|var)\b[^=\n]*=\s*require)\b|(?:\w+[ \t]+)?\"[\w./-]+\"[ \t]*$)"
)
"""How a line begins that brings names in."""

_WORDS = bytes(byte if byte >= 0x80 or chr(byte).isalnum() or byte == 0x5F else 0x20 for byte in range(256))
_DEFINES = re.compile(rf"^[ \t]*(?:[a-z]+[ \t]+){{0,4}}{KEYWORDS}(\w+)".encode(), re.MULTILINE)
_IMPORT_LINES = re.compile(rf"^{IMPORTS}[^\n]{{0,{LONGEST_LINE}}}", re.MULTILINE)
_UNIMPORTED = (".go", ".java", ".kt", ".cs", ".rb", ".php", ".swift", ".scala", ".c", ".cc", ".cpp", ".h", ".hpp")
"""Languages in which files of one folder know each other without saying so."""

_FRONTS = frozenset({"__init__", "index", "mod"})
"""Files that are known by the name of their folder."""

_TOPS = frozenset({"", "src", "lib"})
_TOP, _NEAR = "", "."
_NAME = re.compile(r"[\w-]+")
_SAID = frozenset(
    {
        *("from", "import", "as", "use", "using", "require", "require_relative", "include", "package"),
        *("const", "let", "var", "type", "static"),
    }
)
_NEARBY = re.compile(
    r"[\"'\s]\.|\b(?:crate|super|self)::|\brequire|#\s*include|^[ \t]*(?:import[ \t]+)?(?:\w+[ \t]+)?\""
)
"""Lines whose every name may be that of a module, whatever stands before it."""

Imports = frozenset[tuple[str, str]]
"""What the imports of a file could mean: names with the one before them, _TOP for the first, _NEAR beside the file."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for one place of a change in `path`.

    `changed` are names with the class or module that owns them ("" for none), `called` those that its lines call.
    `shown` are the lines of `path` that a reader sees anyway, `imports` what others it brings in.
    """

    path: str
    changed: tuple[tuple[str, str], ...] = ()
    called: tuple[str, ...] = ()
    shown: frozenset[int] = frozenset()
    imports: Imports = frozenset()


@dataclass(slots=True)
class Mentions:
    """By name: files that may use it, and the lines on which it is defined, by file."""

    used: dict[str, list[str]] = field(default_factory=dict)
    defined: dict[str, dict[str, list[int]]] = field(default_factory=dict)


def by_index(store: Store, wanted: Sequence[Wanted]) -> Mentions:
    """Raises DamagedIndex, DiskError."""
    found = Mentions()
    for name in {name for one in wanted for name, _ in one.changed}:
        found.used[name] = list(dict.fromkeys(each.path for each in store.references(name)))
    for name in {name for one in wanted for name in one.called}:
        places = found.defined[name] = {}
        for each in store.definitions(name):
            places.setdefault(each.path, []).append(each.line)
    return found


def by_words(tree: Path, wanted: Sequence[Wanted], seconds: float = SCAN_S) -> Mentions:
    """As far as the time allows; shallow files come first."""
    asked = _Asked(wanted)
    found = Mentions(defaultdict(list), defaultdict(dict))
    until = time.thread_time() + seconds
    for path in walk(tree):
        if time.thread_time() > until:
            break
        if kind_of(path) not in (Kind.SOURCE, Kind.TESTS) or not (data := _beginning(tree / path)):
            continue
        words = asked.names.intersection(data.translate(_WORDS).split())
        for name in words:
            if asked.may_use(name, path, data):
                found.used[name.decode()].append(path)
        if words and asked.may_need(path):
            for match in _DEFINES.finditer(data):
                if match[1] in words:
                    number = data.count(b"\n", 0, match.start(1)) + 1
                    found.defined[match[1].decode()].setdefault(path, []).append(number)
    return found


class _Asked:
    """All that is wanted at once, so that most files can be passed over at a glance."""

    def __init__(self, wanted: Iterable[Wanted]) -> None:
        self._hints: defaultdict[bytes, set[bytes]] = defaultdict(set)
        self._homes: defaultdict[bytes, set[str]] = defaultdict(set)
        called: set[bytes] = set()
        imports: set[Imports] = set()
        self._paths: set[str] = set()
        for one in wanted:
            for name, owner in one.changed:
                self._hints[name.encode()] |= {word.encode() for word in (owner, spoken(one.path)[1]) if word}
                self._homes[name.encode()].add(one.path)
            called |= {name.encode() for name in one.called}
            imports.add(one.imports)
            self._paths.add(one.path)
        self._imports = frozenset().union(*imports)
        self.names = frozenset(called | self._homes.keys())

    def may_use(self, name: bytes, path: str, data: bytes) -> bool:
        """Whether a file with this name in it could mean the definition that is asked for."""
        hinted = any(hint in data for hint in self._hints.get(name, ()))
        return hinted or any(path == home or together(path, home) for home in self._homes.get(name, ()))

    def may_need(self, path: str) -> bool:
        """Whether anything that changed could call what this file defines."""
        return brings(self._imports, path) or any(together(path, home) for home in self._paths)


def imports_of(text: str) -> Imports:
    """Read from the lines that bring names in, in any language."""
    found: set[tuple[str, str]] = set()
    for line in _IMPORT_LINES.findall(text):
        before, _, behind = line.partition(" import ")  # "from a.b import c, d"
        path, names = ([word for word in _NAME.findall(part) if word not in _SAID] for part in (before, behind))
        near = _NEARBY.search(line) is not None
        found |= set(pairwise([_TOP, *path])) | {(path[-1] if path else _NEAR, name) for name in names}
        found |= {(_NEAR, word) for word in (*path, *names) if near}
    return frozenset(found)


def brings(imports: Imports, path: str) -> bool:
    """Whether they mean the module at `path`: by the folder that it is in, from nearby, or from the top."""
    folder, module = spoken(path)
    return bool(module) and (
        (folder, module) in imports or (_NEAR, module) in imports or (folder in _TOPS and (_TOP, module) in imports)
    )


def together(path: str, other: str) -> bool:
    """Whether two files know each other because they lie side by side."""
    return path.endswith(_UNIMPORTED) and path.rpartition("/")[0] == other.rpartition("/")[0]


@lru_cache(maxsize=20_000)
def spoken(path: str) -> tuple[str, str]:
    """The names under which others speak of a file: its folder's and its own."""
    place = PurePosixPath(path)
    parts = place.parent.parts if place.stem in _FRONTS or place.suffix == ".go" else (*place.parent.parts, place.stem)
    return "".join(parts[-2:-1]), "".join(parts[-1:])


def _beginning(path: Path) -> bytes:
    """A file's bytes; nothing for what is no text, too large, or cannot be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            data = file.read(LARGEST + 1)
    except (OSError, ValueError):
        return b""
    return b"" if len(data) > LARGEST or b"\0" in data[:8_000] else data
