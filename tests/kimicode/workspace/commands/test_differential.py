"""What is judged is what bash runs: commands that count as literal, against the arguments that a real bash builds.

The long run: `pytest -m slow tests/kimicode/workspace/commands/test_differential.py`.
"""

import random
import shutil
from collections import Counter
from pathlib import Path

import pytest

from kimicode.workspace.commands.literal import literal
from tests.kimicode.workspace.commands.bash_argv import commands_run

PROGRAMS = [
    "ls",
    "cat",
    "git",
    "rg",
    "find",
    "grep",
    "sed",
    "awk",
    "x-y",
    "a",
    "b1",
    "./a",
    "%1",
    "-a",
    "time",
    "!",
    "if",
]
WORDS = [
    *(
        "-l",
        "-la",
        "a",
        "b",
        "src/a.py",
        "HEAD~1",
        "HEAD^",
        "@{u}",
        "stash@{0}",
        "main...HEAD",
        "--stat",
        "--format=%H",
    ),
    *("'a b'", "'$x'", "'a|b'", "'<>'", "'`'", "'\\'", "'é'", "'#'", "''", '"a b"', '"a;b"', '"#"', '""', '"é"', '"$"'),
    *('"a$"', '"\\$x"', '"\\\\"', '"\\""', '"\\a"', '"!"', '"a|b$"', "\\;", "\\(", "\\ ", "a\\ b", "\\~", "\\*", "{}"),
    *("{", "}", "~", "~/a", "a~", "a=~/b", "a:~", "*", "a*", "?", "[a]", "{a,b}", "a{1..3}", "#x", "a#b", "=x", "a=b"),
    *("$x", "${x}", "$(a)", "`a`", "$'a'", '$"a"', "$1", "$$", "$((1))", "!!", "!a", "^a^b", "%1", "&1", "a&", "+(a)"),
    *("@(a|b)", "(a)", "a(", "[[", "]]", "in", "do", "-", "--", "+", "1", "2", "a,b", "a..b", "x@{a,b}", "@{a}", "@{"),
]
GLUE = [
    " ",
    " ",
    " ",
    " ",
    " ",
    "  ",
    "\t",
    "",
    "\\\n",
    "\\",
    "\r",
    "\v",
    "\f",
    "\u00a0",
    "\u200b",
    "\u2028",
    "\u3000",
    "\ufeff",
]
ENDS = [
    ";",
    "|",
    "&&",
    "||",
    "\n",
    "; ",
    " | ",
    " && ",
    " || ",
    "\n\n",
    "&",
    "|&",
    ";;",
    "& ",
    " #c\n",
    "#c\n",
    "\\\n",
    ";\n",
]
REDIRECTS = [
    "2>/dev/null",
    "> /dev/null",
    ">/dev/null",
    "2>&1",
    ">&2",
    "1>&2",
    "</dev/null",
    "&>x",
    ">x",
    "<<E\na\nE\n",
    "<<<a",
]
SMALL = "ab1-=.,:@%+^/~ \t\n'\"\\*?[]{}()#!&|;$`<>é\r\x0b\u00a0"


def line(dice: random.Random) -> str:
    """Mostly something that could have a meaning; now and then whatever characters come."""
    if dice.random() < 0.25:
        return dice.choice(PROGRAMS) + " " + "".join(dice.choices(SMALL, k=dice.randint(1, 14)))
    text = dice.choice(
        ["", "", "", "", "", " ", "A=b ", "A+=b ", "a[1]=x ", "! ", "time ", "{ ", "( ", "#x\n", "coproc "]
    )
    for _ in range(dice.choice((1, 1, 2, 3))):
        text += dice.choice(PROGRAMS[:11] if dice.random() < 0.8 else PROGRAMS)
        for _ in range(dice.randint(0, 4)):
            odd = dice.random() < 0.12
            text += (dice.choice(GLUE) if odd else " ") + piece(dice)
        if dice.random() < 0.15:
            text += dice.choice((" ", " ", "")) + dice.choice(REDIRECTS)
        text += dice.choice(ENDS) if dice.random() < 0.4 else dice.choice(("", "; ", " | ", " && "))
    return text


def piece(dice: random.Random) -> str:
    plain = WORDS[:42]
    return "".join(
        dice.choice(WORDS if dice.random() < 0.15 else plain) for _ in range(dice.choice((1, 1, 1, 1, 2, 3)))
    )


def accepted(seed: int, count: int) -> list[str]:
    """So many different lines that count as literal and name no program by a path, which bash would not look for."""
    dice = random.Random(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        text = line(dice)
        commands = literal(text)
        if commands and not any("/" in words[0] or words[0] in ("eval", "read", "printf") for words in commands):
            found[text] = None
    return list(found)


def mismatches(lines: list[str], folder: Path) -> list[str]:
    """Lines of which bash ran anything else than what was judged. Behind || commands may be left out."""
    branching = [text for text in lines if "||" in text]
    good = dict(zip(lines, commands_run(lines, folder), strict=True))
    bad = dict(zip(branching, commands_run(branching, folder, failing=True), strict=True))
    wrong = []
    for text in lines:
        judged = Counter(literal(text))
        if good[text] - judged or bad.get(text, judged) - judged or (text not in bad and good[text] != judged):
            wrong.append(f"{text!r}: judged {dict(judged)}, ran {dict(good[text])} and {dict(bad.get(text, {}))}")
    return wrong


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_bash_runs_exactly_what_was_judged(tmp_path):
    lines = accepted(seed=1, count=2_000)
    assert mismatches(lines, tmp_path) == []


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
@pytest.mark.parametrize("seed", range(2, 12))
def test_bash_runs_exactly_what_was_judged_in_fifty_thousand_lines(seed, tmp_path):
    lines = accepted(seed, count=5_000)
    assert mismatches(lines, tmp_path) == []


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_the_comparison_can_fail(tmp_path):
    lines = ["ls ~", "ls *", "ls a{1,2}", "A=b ls", "ls $'a'", "ls\u00a0a", "time ls"]
    ran = commands_run(lines, tmp_path)
    assert [len(commands) for commands in ran] == [1] * len(lines)
    naive = [Counter([tuple(text.split())]) for text in lines]
    assert all(one != other for one, other in zip(ran, naive, strict=True))
