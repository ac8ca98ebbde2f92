"""The checkers that are known: which files they check, what shows that a project uses them, how they are called.

None is ever asked to fix, and none keeps a cache in the project.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kimicode.workspace.diagnostics import outputs

_PYTHON = frozenset({".py", ".pyi"})
_TYPESCRIPT = frozenset({".ts", ".tsx", ".mts", ".cts"})
_JAVASCRIPT = frozenset({".js", ".jsx", ".mjs", ".cjs"})
_ESLINT = (
    *(f"eslint.config.{ending}" for ending in ("js", "mjs", "cjs", "ts", "mts", "cts")),
    *(f".eslintrc{ending}" for ending in (".js", ".cjs", ".json", ".yml", ".yaml", "")),
)


@dataclass(frozen=True, slots=True)
class Checker:
    """`arguments` may hold {path}, {config}, {below} and {scratch}: the file, the configuration that was found, the
    file's folder relative to it, and a folder to keep things in."""

    name: str
    endings: frozenset[str]
    configured: tuple[tuple[str, str], ...]
    """File names, each with the table in it that counts, or "" for the file itself. None at all: always."""
    arguments: tuple[str, ...]
    reading: outputs.Reading
    stdin: bool = False
    """It gets the text of the one file that it looks at, so it can be asked about the text before as well."""
    runs_code: bool = True
    """The project decides what it runs or where it writes: by configuration, plug-ins, build scripts."""
    errors_too: bool = True
    """Its findings may come on stderr."""
    variables: Mapping[str, str] = field(default_factory=dict)


# What is told first stands first: types before style.
CHECKERS = (
    Checker(
        "mypy",
        _PYTHON,
        (("mypy.ini", ""), (".mypy.ini", ""), ("pyproject.toml", "tool.mypy"), ("setup.cfg", "mypy")),
        (
            *("--no-pretty", "--no-color-output", "--no-error-summary", "--hide-error-context", "--show-error-codes"),
            *("--cache-dir", "{scratch}/mypy", "--", "{path}"),
        ),
        outputs.lines(r"(?P<path>.+?):(?P<line>\d+): error: (?P<message>.*?)(?:  \[(?P<code>[\w-]+)\])?$"),
    ),
    Checker(
        "pyright",
        _PYTHON,
        (("pyrightconfig.json", ""), ("pyproject.toml", "tool.pyright")),
        ("--outputjson", "{path}"),
        outputs.pyright,
        errors_too=False,
    ),
    Checker(
        "ruff",
        _PYTHON,
        (("ruff.toml", ""), (".ruff.toml", ""), ("pyproject.toml", "tool.ruff")),
        (
            *("check", "--no-cache", "--no-fix", "--no-fix-only", "--force-exclude"),
            *("--output-format", "json", "--stdin-filename", "{path}", "-"),
        ),
        outputs.ruff,
        stdin=True,
        runs_code=False,
        errors_too=False,
    ),
    Checker(
        "tsc",
        _TYPESCRIPT,
        (("tsconfig.json", ""),),
        (
            *("-p", "{config}", "--noEmit", "--pretty", "false"),
            *("--incremental", "--tsBuildInfoFile", "{scratch}/tsc.tsbuildinfo"),
        ),
        outputs.lines(r"(?P<path>.+?)\((?P<line>\d+),\d+\): error (?P<code>TS\d+): (?P<message>.*)"),
    ),
    Checker(
        "eslint",
        _TYPESCRIPT | _JAVASCRIPT,
        tuple((name, "") for name in _ESLINT),
        ("--format", "json", "--no-error-on-unmatched-pattern", "--stdin", "--stdin-filename", "{path}"),
        outputs.eslint,
        stdin=True,
        errors_too=False,
    ),
    Checker(
        "cargo",
        frozenset({".rs"}),
        (("Cargo.toml", ""),),
        ("check", "--message-format", "short", "--frozen", "--target-dir", "{scratch}/cargo"),
        outputs.lines(r"(?P<path>.+?):(?P<line>\d+):\d+: (?:error|warning)(?:\[(?P<code>\w+)\])?: (?P<message>.*)"),
        variables={"RUSTUP_AUTO_INSTALL": "0"},
    ),
    Checker(
        "go",
        frozenset({".go"}),
        (("go.mod", ""),),
        ("vet", "./{below}"),
        outputs.lines(r"(?:vet: )?(?P<path>[^\s#].*?\.go):(?P<line>\d+)(?::\d+)?: (?P<message>.*)"),
        variables={"GOTOOLCHAIN": "local", "GOPROXY": "off"},
    ),
    Checker(
        "shellcheck",
        frozenset({".sh", ".bash"}),
        (),
        ("--format", "gcc", "--severity", "warning", "-"),
        outputs.lines(r".+?:(?P<line>\d+):\d+: (?:error|warning): (?P<message>.*) \[(?P<code>SC\d+)\]$"),
        stdin=True,
        runs_code=False,
    ),
    Checker(
        "php",
        frozenset({".php"}),
        (),
        ("-n", "-l"),
        outputs.lines(r"(?:Parse|Fatal) error:\s+(?P<message>.*) in .* on line (?P<line>\d+)$"),
        stdin=True,
        runs_code=False,
    ),
    Checker(
        "ruby",
        frozenset({".rb"}),
        (),
        ("-c", "-"),
        outputs.lines(r"(?:-: )?-:(?P<line>\d+): (?P<message>.*)"),
        stdin=True,  # runs_code, since it heeds the options of a first line such as `#!ruby -r./lib`
    ),
)
