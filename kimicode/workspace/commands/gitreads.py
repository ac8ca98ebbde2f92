"""The sub-commands of git that only read, with their harmless options; `git.programs` has the settings for them."""

import re
from collections.abc import Mapping, Sequence

from kimicode.workspace.commands.literal import Words
from kimicode.workspace.commands.options import Program, alike, program

_DIGITS = "0123456789"
_SIGNATURE = re.compile(r"%[-+ ]*G|%\([*]?signature")
"""Formats that make git call the program which verifies signatures."""

_LOG = program(
    "abcgiqtmpwEFPRsz" + _DIGITS,
    "nSGLUMC",
    "--oneline --graph --decorate --no-decorate --all --stat --shortstat --numstat --name-only --name-status --summary"
    " --author --committer --since --until --after --before --grep --follow --format --pretty --no-merges --merges"
    " --reverse --date --abbrev-commit --first-parent --max-count --skip --patch --no-patch --color --no-color --abbrev"
    " --branches --tags --remotes --cached --staged --word-diff --check --diff-filter --find-renames --find-copies"
    " --unified --no-index --no-ext-diff --no-textconv --ignore-all-space --ignore-space-change --minimal --histogram"
    " --merge-base --left-right --cherry-pick --topo-order --date-order --full-history --no-renames --raw --root"
    " --patch-with-stat --compact-summary --dirstat --text --color-words --ignore-blank-lines --exit-code --quiet"
    " --relative --function-context --inter-hunk-context --patience --pickaxe-regex --invert-grep --count --parents"
    " --children --simplify-by-decoration --walk-reflogs --no-color-moved --cc --src-prefix --dst-prefix --no-prefix"
    " --full-index --max-parents --min-parents --ancestry-path --left-only --right-only --cherry --boundary --no-walk",
)
_GREP = program(
    "abcEFGhHiIlLnopPqvwWz" + _DIGITS,
    "ABCem",
    "--cached --untracked --name-only --line-number --ignore-case --count --files-with-matches --show-function"
    " --heading"
    " --break --word-regexp --extended-regexp --fixed-strings --perl-regexp --function-context --context --and --or"
    " --not"
    " --after-context --before-context --no-color --color --max-depth --recursive --invert-match --quiet --column",
)
_REFS = program(words="--format --sort --count --contains --no-contains --merged --no-merged --points-at --exclude")
_BRANCH = (
    "--list --all --remotes --show-current --verbose --merged --no-merged --sort --format --contains --no-contains"
    " --points-at --no-color --color --no-column --column --no-abbrev --ignore-case"
)
_TAG = "--list --sort --format --contains --no-contains --merged --no-merged --points-at --no-column --column"
_CONFIG = program(
    "z", words="--global --system --local --show-origin --show-scope --name-only --null --includes --type"
)
_REV_PARSE = (
    "--show-toplevel --abbrev-ref --short --verify --is-inside-work-tree --git-dir --show-prefix --show-cdup --quiet"
    " --symbolic-full-name --is-bare-repository --git-common-dir --absolute-git-dir --is-inside-git-dir --all"
    " --branches"
    " --tags --remotes --show-superproject-working-tree --is-shallow-repository --git-path --show-object-format"
)

_SUBCOMMANDS: Mapping[str, Program] = {
    "status": program(
        "sbvz",
        "u",
        "--short --branch --porcelain --ignored --untracked-files --long --show-stash --ahead-behind --no-renames"
        " --null"
        " --no-ahead-behind",
    ),
    **alike("log diff show whatchanged diff-tree diff-index reflog rev-list range-diff cherry", _LOG),
    "shortlog": program(
        "snecw" + _DIGITS, words="--summary --numbered --email --committer --since --until --all --group"
    ),
    "branch": program("arvi", words=_BRANCH, operands=0),
    **{f"branch {verb}": program("arvi", words=_BRANCH) for verb in ("--list", "--contains", "--merged")},
    "tag": program("n" + _DIGITS, words=_TAG, operands=0),
    **{f"tag {verb}": program("n" + _DIGITS, words=_TAG) for verb in ("-l", "--list")},
    "rev-parse": program(words=_REV_PARSE),
    "ls-files": program(
        "cdmosituvz",
        "x",
        "--cached --deleted --modified --others --stage --exclude-standard --full-name --error-unmatch --ignored --eol"
        " --directory --unmerged --killed --exclude --deduplicate",
    ),
    "ls-tree": program(
        "drtlz", words="--name-only --name-status --long --full-name --full-tree --abbrev --object-only"
    ),
    "cat-file": program("tsep", operands=2),
    "blame": program(
        "wMCeslftnc", "L", "--porcelain --line-porcelain --date --since --show-email --show-name --abbrev"
    ),
    "annotate": program("wMCeslftnc", "L"),
    "grep": _GREP,
    "describe": program(
        words="--tags --always --dirty --abbrev --long --exact-match --match --all --contains --exclude"
    ),
    "for-each-ref": _REFS,
    "show-ref": program("dqs", words="--heads --branches --tags --dereference --verify --hash --abbrev --head --quiet"),
    "merge-base": program("a", words="--all --is-ancestor --octopus --fork-point --independent"),
    "name-rev": program(words="--name-only --tags --refs --all --always"),
    "symbolic-ref": program("q", words="--short --quiet", operands=1),
    "count-objects": program("vH", words="--verbose --human-readable"),
    "check-ignore": program("vnqz", words="--verbose --non-matching --no-index --quiet"),
    "check-attr": program("az", words="--all --cached"),
    "remote": program("v", words="--verbose", operands=0),
    "remote get-url": program(words="--all --push"),
    "stash list": _LOG,
    "stash show": _LOG,
    "worktree list": program("vz", words="--porcelain --verbose"),
    **{f"config {verb}": _CONFIG for verb in ("--get", "--get-all", "--get-regexp", "--list", "-l")},
    "version": program(words="--build-options"),
}
"""By one word or two; where both are here, two count."""

_REFLOG_WRITERS = {"expire", "delete", "drop", "write"}


def only_reads(arguments: Sequence[str]) -> bool:
    """Whether `git` with these arguments only reads."""
    rest = list(arguments)
    while rest and rest[0] in ("--no-pager", "-C"):
        rest = rest[1 if rest[0] == "--no-pager" else 2 :]
    if not rest or any(map(_SIGNATURE.search, rest)):
        return False
    if rest[0] == "reflog" and _REFLOG_WRITERS.intersection(rest):
        return False
    for length in (2, 1):
        known = _SUBCOMMANDS.get(" ".join(rest[:length]))
        if known is not None:
            return known.allows(rest[length:])
    return False


def leading_folders(words: Words) -> list[str]:
    """The folders that `git` is told to go to before it does anything."""
    folders: list[str] = []
    rest = words[1:]
    while rest and rest[0] in ("--no-pager", "-C"):
        folders += rest[1:2] if rest[0] == "-C" else []
        rest = rest[1 if rest[0] == "--no-pager" else 2 :]
    return folders
