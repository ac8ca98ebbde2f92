"""Which shell commands provably only read. Conservative: what is not understood completely is not read-only.

Three steps: a character filter, which leaves a language that every shell reads in the same way; a split into words;
and for each program the options that are known to be harmless.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_PLAIN = r"[A-Za-z0-9_./:,@%+^=-]"
# In quotes the characters of patterns are only text. $ ` < > are refused everywhere, a backslash but for single quotes.
_TOKEN = re.compile(
    rf"""(?P<word>(?:{_PLAIN}|'[ \tA-Za-z0-9_./:,@%+^=*?()[\]{{}}~\#!;&|"\\-]*'"""
    rf"""|"[ \tA-Za-z0-9_./:,@%+^=*?()[\]{{}}~\#!;&|'-]*")+)|(?P<operator>&&|\|\||[;|\n])|(?P<blank>[ \t]+)"""
)


@dataclass(frozen=True, slots=True)
class _Program:
    """Its harmless options: single letters, letters that take a value, whole words; and how many operands at most."""

    letters: str = ""
    valued: str = ""
    words: frozenset[str] = frozenset()
    operands: int | None = None

    def allows(self, arguments: list[str]) -> bool:
        # Words with a dash are judged as options wherever they stand, and counted as operands wherever they may be
        # some: after "--", and after the first operand, because not every system looks for options there.
        first = next((i for i, a in enumerate(arguments) if not a.startswith("-") or a in ("-", "--")), len(arguments))
        operands = [a for a in arguments[first:] if a != "--"]
        options = [a for a in arguments if a.startswith("-") and a not in ("-", "--")]
        return (self.operands is None or len(operands) <= self.operands) and all(map(self._allows_option, options))

    def _allows_option(self, option: str) -> bool:
        if option.partition("=")[0] in self.words:
            return True
        if option.startswith("--"):
            return False
        for letter in option[1:]:
            if letter in self.valued:
                return True
            if letter not in self.letters:
                return False
        return True


def _program(letters: str = "", valued: str = "", words: str = "", operands: int | None = None) -> _Program:
    return _Program(letters, valued, frozenset(words.split()), operands)


_DIGITS = "0123456789"
_GREP_WORDS = (
    "--include --exclude --exclude-dir --color --colour --count --ignore-case --line-number --files-with-matches"
    " --files-without-match --word-regexp --fixed-strings --extended-regexp --invert-match --only-matching --recursive"
    " --max-count --context --after-context --before-context --no-messages --with-filename --no-filename --perl-regexp"
)
_RG_WORDS = (
    f"{_GREP_WORDS} --files --glob --iglob --hidden --no-ignore --no-ignore-vcs --type --type-not --sort --stats"
    " --multiline --smart-case --max-depth --no-heading --heading --type-list --column --text --max-columns --json"
)
_FIND_WORDS = (
    "-name -iname -path -ipath -wholename -regex -iregex -type -size -mtime -mmin -atime -ctime -newer -maxdepth"
    " -mindepth -print -print0 -prune -o -a -or -and -not -empty -perm -user -group -links -follow -xdev -mount -depth"
    " -readable -writable -executable -ls -quit -samefile -true -false -L -H -P"
)
_PROGRAMS: Mapping[str, _Program] = {
    "ls": _program("aAbBcCdfFgGhHiklLmnNopqQrRsStuUvxXZ1", "IwT", "--all --almost-all --color --recursive --full-time"),
    "cd": _program(operands=1),
    "cat": _program("AbeEnstTuv", words="--number --show-all"),
    "head": _program("qvz" + _DIGITS, "nc", "--lines --bytes --quiet"),
    "tail": _program("qvz" + _DIGITS, "nc", "--lines --bytes --quiet"),
    "wc": _program("clLmw", words="--lines --words --bytes --chars"),
    "pwd": _program("LP"),
    "echo": _program("neE"),
    "true": _program(),
    "stat": _program("fLt", "c", "--format --printf --terse --dereference"),
    "file": _program("bhikLN", words="--brief --mime --mime-type --mime-encoding --dereference"),
    "du": _program("abcDhHklLmsSx0", "dt", "--max-depth --human-readable --summarize --total --apparent-size --all"),
    "df": _program("ahHiklmPT", "tx", "--human-readable --inodes --total"),
    # tree reads the letters behind -L as further options, so here a value has to stand alone.
    "tree": _program("adfgilpqsuxhDFJCnNtrvUcSLIP", words="--dirsfirst --noreport --gitignore --prune --filelimit"),
    "grep": _program("abcEFGhHiIlLnoPqrRsTvwxyZz" + _DIGITS, "ABCemf", _GREP_WORDS),
    "rg": _program("abcFhHiIlLnNopPqsSuUvwx0" + _DIGITS, "ABCeEgjmMtTrd", _RG_WORDS),
    "find": _Program(words=frozenset(_FIND_WORDS.split()), letters=_DIGITS),
    "sort": _program("bdfghiMnrRsuVzcCm", "kt", "--reverse --unique --numeric-sort --key --field-separator"),
    "uniq": _program("cdDiuz", "fsw", "--count --repeated --unique", operands=1),
    "cut": _program("snz", "bcdf", "--delimiter --fields --characters --complement --output-delimiter"),
    "tr": _program("cCdst", words="--delete --squeeze-repeats --complement"),
    "diff": _program("abBcdeEiNpqrstuwyZ" + _DIGITS, "CUxIW", "--unified --brief --recursive --color --side-by-side"),
    "cmp": _program("bls", "in"),
    "which": _program("a"),
    "nl": _program("p", "bdfhilnsvw"),
}

# This format makes git call the program that verifies signatures.
_GIT_SIGNATURE = re.compile(r"%[-+ ]*G")
_GIT_LOG_WORDS = (
    "--oneline --graph --decorate --no-decorate --all --stat --shortstat --numstat --name-only --name-status --summary"
    " --author --committer --since --until --after --before --grep --follow --format --pretty --no-merges --merges"
    " --reverse --date --abbrev-commit --first-parent --max-count --skip --patch --no-patch --color --no-color"
    " --branches --tags --remotes --cached --staged --word-diff --check --diff-filter --find-renames --find-copies"
    " --unified --no-index --no-ext-diff --no-textconv --ignore-all-space --ignore-space-change --minimal --histogram"
    " --merge-base --left-right --cherry-pick --topo-order --date-order --full-history --no-renames --raw --root"
)
_GIT_LOG = _program("pbwimcEFPsz" + _DIGITS, "nSGLUMC", _GIT_LOG_WORDS)
_GIT: Mapping[str, _Program] = {
    "status": _program("sbvz", "u", "--short --branch --porcelain --ignored --untracked-files --long --show-stash"),
    "log": _GIT_LOG,
    "diff": _GIT_LOG,
    "show": _GIT_LOG,
    "branch": _program("arv", words="--list --all --remotes --show-current --verbose --merged --no-merged", operands=0),
    "rev-parse": _program(
        words="--show-toplevel --abbrev-ref --short --verify --is-inside-work-tree --git-dir --show-prefix --show-cdup"
        " --quiet --symbolic-full-name --is-bare-repository --git-common-dir --absolute-git-dir"
    ),
    "ls-files": _program(
        "cdmosituvz",
        "x",
        "--cached --deleted --modified --others --stage --exclude-standard --full-name --error-unmatch",
    ),
    "blame": _program("wMCeslftnc", "L", "--porcelain --line-porcelain --date --since --show-email --show-name"),
    "grep": _program("abcEFGhHiIlLnopPqvwWz" + _DIGITS, "ABCem", f"{_GREP_WORDS} --cached --untracked --name-only"),
}


def is_read_only(command: str) -> bool:
    """True where `command` can only print what is there: it changes no file, process or setting, and fetches nothing.

    This takes for granted that the programs on PATH are trusted, and that git runs none that a repository names
    (`git.programs`).
    """
    commands = _split(command)
    return bool(commands) and all(map(_only_reads, commands))


def git_folders(command: str, cwd: Path, variables: Mapping[str, str]) -> list[Path]:
    """The folders in which a command that only reads may call git, each once; none where it does not.

    More rather than fewer: a `cd` may fail, or stand in a pipeline and so hold for itself alone.
    """
    here, called = [cwd], []
    for words in _split(command):
        if words[0] == "cd":
            here += [folder / target for folder in here for target in _targets(words[1:], variables)]
        elif words[0] == "git":
            named = Path(*_leading_folders(words[1:]))
            called += [folder / named for folder in here]
    return list(dict.fromkeys(called))


def _targets(arguments: list[str], variables: Mapping[str, str]) -> list[Path]:
    """Where `cd` may lead."""
    operand = (
        arguments[-1] if arguments and not re.fullmatch(r"-[LP]+|--", arguments[-1]) else variables.get("HOME", "")
    )
    if operand == "-":
        return [Path(variables.get("OLDPWD", ""))]
    return [Path(base, operand) for base in ("", *variables.get("CDPATH", "").split(":"))]


def _leading_folders(arguments: list[str]) -> list[str]:
    folders = []
    while arguments and arguments[0] in ("--no-pager", "-C"):
        folders += arguments[1:2] if arguments[0] == "-C" else []
        arguments = arguments[1 if arguments[0] == "--no-pager" else 2 :]
    return folders


def literal_words(command: str) -> tuple[str, ...]:
    """The words of one simple command that every shell reads in the same way; empty for anything else.

    Anything else: operators, line ends, substitutions, redirections, patterns, variables, home folders.
    """
    if any(token["operator"] for token in _TOKEN.finditer(command)):
        return ()
    commands = _split(command)
    return tuple(commands[0]) if len(commands) == 1 else ()


def _split(command: str) -> list[list[str]]:
    """The simple commands in a list of pipelines, each as its words; empty where a character is not plain."""
    commands: list[list[str]] = [[]]
    at = 0
    for token in _TOKEN.finditer(command):
        if token.start() != at:
            return []
        at = token.end()
        if token["word"]:
            commands[-1].append(re.sub(r"'([^']*)'|\"([^\"]*)\"", lambda m: m[1] or m[2] or "", token["word"]))
        elif token["operator"]:
            commands.append([])
    if at != len(command):
        return []
    # A line may be empty or end with a separator; an empty command elsewhere is a syntax error, and harmless.
    return [words for words in commands if words]


def _only_reads(words: list[str]) -> bool:
    name, arguments = words[0], words[1:]
    if name == "git":
        return _git_only_reads(arguments)
    program = _PROGRAMS.get(name)
    return program is not None and program.allows(arguments)


def _git_only_reads(arguments: list[str]) -> bool:
    while arguments and arguments[0] in ("--no-pager", "-C"):
        arguments = arguments[1 if arguments[0] == "--no-pager" else 2 :]
    if not arguments or arguments[0] not in _GIT or any(map(_GIT_SIGNATURE.search, arguments)):
        return False
    return _GIT[arguments[0]].allows(arguments[1:])
