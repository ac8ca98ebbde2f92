"""Which language a file is in, and the grammar and query that read it, loaded when the first such file comes."""

import importlib
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Language, Query

TEXT = "text"
MARKDOWN = "markdown"

_ENDINGS = {
    "bash": "sh bash zsh ksh bats",
    "c": "c",
    "cpp": "cc cpp cxx c++ hpp hh hxx h++ ipp tpp inl cu cuh",
    "csharp": "cs",
    "go": "go",
    "java": "java",
    "javascript": "js mjs cjs jsx",
    "php": "php phtml",
    "python": "py pyi pyw",
    "ruby": "rb rake gemspec",
    "rust": "rs",
    "typescript": "ts mts cts",
    "tsx": "tsx",
    MARKDOWN: "md markdown",
}
_NAMES = {"Rakefile": "ruby", "Gemfile": "ruby", ".bashrc": "bash", ".profile": "bash"}
_INTERPRETERS = re.compile(rb"#![^\n]*?\b(python|bash|sh|zsh|ruby|node|php)[0-9.]*\b")
_INTERPRETED = {b"sh": "bash", b"zsh": "bash", b"node": "javascript"}
_CPP_HEADER = re.compile(
    rb"^\s*(?:namespace|class|template|using|public:|private:|extern \"C\")\b|\w::\w", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Grammar:
    """A language's wheel, the function in it that gives the grammar, and its query files where they are not its own."""

    module: str
    function: str = "language"
    queries: tuple[str, ...] = ()


GRAMMARS = {
    "bash": Grammar("tree_sitter_bash"),
    "c": Grammar("tree_sitter_c"),
    "cpp": Grammar("tree_sitter_cpp"),
    "csharp": Grammar("tree_sitter_c_sharp"),
    "go": Grammar("tree_sitter_go"),
    "java": Grammar("tree_sitter_java"),
    "javascript": Grammar("tree_sitter_javascript"),
    "php": Grammar("tree_sitter_php", "language_php"),
    "python": Grammar("tree_sitter_python"),
    "ruby": Grammar("tree_sitter_ruby"),
    "rust": Grammar("tree_sitter_rust"),
    "typescript": Grammar("tree_sitter_typescript", "language_typescript"),
    "tsx": Grammar("tree_sitter_typescript", "language_tsx", ("typescript", "tsx")),
}


def language_of(path: str, data: bytes) -> str:
    """The language by the file's name, by its first line where it has no ending, or "text"."""
    name = PurePosixPath(path).name
    ending = name.rpartition(".")[2].lower() if "." in name[1:] else ""
    if ending == "h":
        return "cpp" if _CPP_HEADER.search(data[:100_000]) else "c"
    if found := _NAMES.get(name) or _by_ending().get(ending):
        return found
    shebang = None if ending else _INTERPRETERS.match(data[:200])
    return _INTERPRETED.get(shebang[1], shebang[1].decode()) if shebang else TEXT


@cache
def grammar(language: str) -> "tuple[Language, Query] | None":
    """The grammar and our query for a language; None for text, and where the wheel is not installed."""
    described = GRAMMARS.get(language)
    if described is None:
        return None
    try:
        from tree_sitter import Language, Query

        module = importlib.import_module(described.module)
    except ImportError:
        return None
    loaded = Language(getattr(module, described.function)())
    folder = files("kimicode.index") / "queries"
    texts = [(folder / f"{name}.scm").read_text("utf-8") for name in described.queries or (language,)]
    return loaded, Query(loaded, "\n".join(texts))


@cache
def _by_ending() -> dict[str, str]:
    return {ending: language for language, endings in _ENDINGS.items() for ending in endings.split()}
