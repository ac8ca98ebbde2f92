"""Questions whose right files are known: change logs, a git history, docstrings that were taken out of their files.

Each kind makes a corpus: a tree without what gives the answer away, and questions with the files that answer them.
"""

import ast
import hashlib
import io
import re
import shutil
import sysconfig
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kimicode.git.repository import Repository

MOST_FILES = 6
"""A change that touched more is no question about a place."""

FEWEST_WORDS = 5

_GIVEAWAYS = re.compile(
    r"(^|/)(ChangeLog[^/]*|NEWS[^/]*|THANKS[^/]*|AUTHORS|TODO|CHANGELOG\.md|configure|aclocal\.m4|Makefile\.in|po|\.git)(/|$)"
    r"|\.(po|pot|gmo|info|1|html|pdf|json|svg)$"
)
"""Change logs repeat the question; the rest is made by programs from what lies beside it."""

_ENTRY = re.compile(r"^\d{4}-\d\d-\d\d  ", re.MULTILINE)
_CHANGED = re.compile(r"^\*\s+([\w./+-]+\.\w+)", re.MULTILINE)
_NOISE = re.compile(r"https?://\S+|^\s*(?:Reported|Suggested|Signed|Fixes|Improved|Discussed|Problem).*$", re.MULTILINE)
_WORD = re.compile(r"[A-Za-z][\w-]+")
_CHORES = re.compile(r"(^|\s)\*|copyright|gnulib|release|^version |submodule", re.IGNORECASE)
"""What is done again and again says nothing of a place; with a star begins a list of files that was not understood."""


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody asks, and the files that a colleague would have named."""

    text: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Corpus:
    """A tree below `root` and questions about it; paths are relative to `root`."""

    name: str
    root: Path
    files: tuple[str, ...]
    questions: tuple[Question, ...]


def from_changelog(source: Path, target: Path, most: int) -> Corpus:
    """A GNU package: an entry's headline and reason are the question, the files listed below them the answer."""
    text = (source / "ChangeLog").read_text("utf-8", "replace")
    files = _copy(source, target)
    asked = (_of_entry(commit, source, set(files)) for entry in _ENTRY.split(text)[1:] for commit in _commits(entry))
    return Corpus(source.name, target, files, _choose((question for question in asked if question), most))


def from_history(repository: Repository, target: Path, most: int) -> Corpus:
    """A git repository: a commit's message is the question, the files it changed that still exist are the answer."""
    run = repository.origin.run
    with tarfile.open(fileobj=io.BytesIO(run(["archive", "--format=tar", "HEAD"]).output)) as archive:
        archive.extractall(target, filter="data")
    files = tuple(sorted(_sources(target)))
    log = run(["log", "--no-merges", "--format=%x00%B%x01", "--name-only"]).output.decode("utf-8", "replace")
    pairs = (record.partition("\1") for record in log.split("\0")[1:])
    asked = (_question(message, names.split("\n"), set(files), 2 * MOST_FILES) for message, _, names in pairs)
    return Corpus("kimicode", target, files, _choose((question for question in asked if question), most))


def from_docstrings(source: Path, target: Path, most: int) -> Corpus:
    """Python modules: a docstring's first paragraph is the question; the tree is a copy without any docstring."""
    asked: list[Question] = []
    files: list[str] = []
    for path in sorted(source.rglob("*.py")):
        name = path.relative_to(source).as_posix()
        text = path.read_text("utf-8", "replace")
        if re.search(r"(^|/)(site-packages|tests?|idlelib|lib2to3)(/|_)|/__init__\.py$", name):
            continue
        try:
            nodes = list(_documented(ast.parse(text)))
        except SyntaxError:
            continue
        files.append(name)
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text(_without(text, nodes), "utf-8")
        asked += _of_docstrings(nodes, name)
    return Corpus("python-library", target, tuple(files), _choose(asked, most))


def standard_library() -> Path:
    return Path(sysconfig.get_paths()["stdlib"])


def tuning(question: Question) -> bool:
    """Whether the question is of the half that weights are chosen by; the other half is to judge them."""
    return hashlib.sha256(question.text.encode()).digest()[0] % 2 == 0


def _choose(questions: Iterable[Question], most: int) -> tuple[Question, ...]:
    """At most so many, mixed but always the same."""
    different = {question.text: question for question in questions}.values()
    return tuple(sorted(different, key=lambda one: hashlib.sha256(one.text.encode()).digest())[:most])


def _question(text: str, names: Sequence[str], files: set[str], most: int) -> Question | None:
    """None where it has too few words, or where its files are gone or too many."""
    words = " ".join(_NOISE.sub("", text).split())[:400]
    named = [name.strip() for name in names if name.strip() and not _GIVEAWAYS.search(name.strip())]
    kept = tuple(sorted({name for name in named if name in files}))
    few = len(set(_WORD.findall(words))) < FEWEST_WORDS
    if few or _CHORES.search(words) or not 0 < len(set(named)) <= most or not kept:
        return None
    return Question(words, kept)


# --- change logs --------------------------------------------------------------------------------------------


def _commits(entry: str) -> Iterator[str]:
    """A day's entry holds several commits: each begins with prose after the list of files of the one before."""
    lines: list[str] = []
    listing = False
    for raw in entry.splitlines()[1:]:
        line = raw.strip()
        begins = bool(line) and raw.startswith("\t") and not raw.startswith(("\t ", "\t*")) and lines[-1:] == [""]
        if listing and begins:
            yield "\n".join(lines)
            lines, listing = [], False
        listing = listing or line.startswith("*")
        lines.append(line)
    yield "\n".join(lines)


def _of_entry(commit: str, source: Path, files: set[str]) -> Question | None:
    listed = _CHANGED.search(commit)
    if not listed:
        return None
    return _question(commit[: listed.start()], _CHANGED.findall(commit), files, MOST_FILES)


def _copy(source: Path, target: Path) -> tuple[str, ...]:
    names = tuple(sorted(_sources(source)))
    for name in names:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, target / name)
    return names


def _sources(root: Path) -> Iterator[str]:
    for path in root.rglob("*"):
        name = path.relative_to(root).as_posix()
        if path.is_file() and not path.is_symlink() and not _GIVEAWAYS.search(name):
            yield name


# --- docstrings ---------------------------------------------------------------------------------------------

_Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def _documented(tree: ast.Module) -> Iterator[_Documented]:
    for node in ast.walk(tree):
        if isinstance(node, _Documented) and ast.get_docstring(node, clean=False) is not None:
            yield node


def _without(text: str, nodes: Sequence[_Documented]) -> str:
    """The text with a pair of quotes in place of every docstring; lines keep their numbers."""
    lines = text.splitlines(keepends=True)
    for node in nodes:
        told = node.body[0]
        end = told.end_lineno or told.lineno
        indent = re.match(r"\s*", lines[told.lineno - 1])
        lines[told.lineno - 1 : end] = [f'{indent[0] if indent else ""}""\n', *["\n"] * (end - told.lineno)]
    return "".join(lines)


def _of_docstrings(nodes: Sequence[_Documented], name: str) -> list[Question]:
    """One for each file at most, or modules with many functions would be most of what is asked."""
    paragraphs = [
        (ast.get_docstring(node) or "").split("\n\n")[0]
        for node in nodes
        if not isinstance(node, ast.Module) and not node.name.startswith("_")
    ]
    told = [text for text in paragraphs if len(set(_WORD.findall(text))) > FEWEST_WORDS and ">>>" not in text]
    asked = (_question(text, [name], {name}, 1) for text in told)
    return list(_choose((question for question in asked if question), 1))
