"""Words are literal where every shell reads them in the same way; whatever else a text could mean makes it none."""

import shlex
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.workspace.commands.literal import literal, literal_words


@pytest.mark.parametrize(
    ("command", "commands"),
    [
        ("git commit -m 'two words'", [("git", "commit", "-m", "two words")]),
        ("a; b | c && d || e\nf", [("a",), ("b",), ("c",), ("d",), ("e",), ("f",)]),
        ("a |\n b &&\n\n c", [("a",), ("b",), ("c",)]),
        ("grep 'foo$' \"a|b$\" x", [("grep", "foo$", "a|b$", "x")]),
        ('grep "\\.py$" "\\"" "\\$" "\\\\"', [("grep", "\\.py$", '"', "$", "\\")]),
        ("find . \\( -name a \\) -exec ls {} \\;", [("find", ".", "(", "-name", "a", ")", "-exec", "ls", "{}", ";")]),
        ("git diff HEAD~2 HEAD^ @{u} stash@{0}", [("git", "diff", "HEAD~2", "HEAD^", "@{u}", "stash@{0}")]),
        ("ls a 2>/dev/null | wc -l", [("ls", "a"), ("wc", "-l")]),
        ("ls >/dev/null 2>&1; ls < /dev/null", [("ls",), ("ls",)]),
        ("# first\nls # and then\n\npwd;", [("ls",), ("pwd",)]),
        ("echo 'é ü' \"→\"", [("echo", "é ü", "→")]),
        ("x '' \"\" a'b'\"c\"d\\ e", [("x", "", "", "abcd e")]),
    ],
)
def test_what_is_certain_is_understood(command, commands):
    assert list(literal(command)) == commands


@pytest.mark.parametrize(
    "command",
    [
        *(
            "ls $x",
            "ls ${x}",
            "ls $(a)",
            "ls `a`",
            "ls $'a'",
            'ls $"a"',
            'ls "$x"',
            'ls "`a`"',
            'ls "$(a)"',
            "ls $((1))",
        ),
        *("ls *", "ls ?", "ls [a]", "ls {a,b}", "ls {1..3}", "ls a@{b,c}", "ls +(a)", "ls @(a|b)", "ls {", "ls }"),
        *("ls ~", "ls ~/a", "ls a=~/b", "ls a:~", "ls --x=~", "A=b", "A=b ls", "A+=b ls", "a[1]=b ls", "A=(b) ls"),
        *(
            "ls > a",
            "ls >> a",
            "ls < a",
            "ls 2> a",
            "ls >| a",
            "ls &> /dev/null",
            "ls <<< a",
            "cat <<E\na\nE",
            "ls >&3",
        ),
        *("ls >/dev/nullx", "ls 12>/dev/null", "ls a>/dev/null", "ls > /dev/null -a", "ls >/dev/tcp/h/1", "ls <(a)"),
        *("ls &", "a & b", "a |& b", "a ;; b", "(ls)", "{ ls; }", "! ls", "a() { b; }", "function a { b; }", "[[ a ]]"),
        *(
            "time ls",
            "coproc ls",
            "if a",
            "while a",
            "%1",
            "'%1'",
            "\\%+",
            "((1))",
            "case a in",
            "select a",
            "time",
            "then ls",
        ),
        *("ls &&", "ls |", "| ls", "&& ls", "ls; | a", "ls 'a", 'ls "a', "ls a\\", "ls \\\na", "l\\\ns", "ls 'a\nb'"),
        *(
            "ls\ra",
            "ls\va",
            "ls\fa",
            "ls\0",
            "ls\x1b",
            "ls a\u00a0b",
            "ls 'a\u00a0b'",
            "ls 'a\u200bb'",
            "ls é",
            "ls '\u202e'",
        ),
        *("ls \ud800", "", " ", "\n", "# a", ";", "ls a#b", "ls !a", "ls =(a)", "ls a\u3000b"),
    ],
)
def test_what_a_shell_would_expand_or_read_otherwise_is_not(command):
    assert literal(command) == ()


def test_the_words_of_one_command_and_of_nothing_else():
    assert literal_words("git commit -m 'two words'") == ("git", "commit", "-m", "two words")
    for command in ("a; b", "a | b", "a && b", "a\nb", "a;", "a > b", "$(a)", "a *", "a &", "", "~/a", "a \\", "a 'b"):
        assert literal_words(command) == ()


@given(st.text(alphabet="abc -'\"=;|&*?(){}[]~#!\\\t$@>2/dn", max_size=40))
def test_the_words_are_those_of_the_usual_rules_of_quoting(command):
    words = literal_words(command)
    if words and not set(command) & set("#>"):
        assert list(words) == shlex.split(command)


@given(st.text(max_size=2_000))
def test_any_text_gets_an_answer(command):
    assert isinstance(literal(command), tuple)


def test_a_simpler_shell_builds_the_same_words(tmp_path):
    if shutil.which("dash") is None:
        pytest.skip("no dash here")
    lines = ["x a 'b c' \"d;e\"", 'x "\\a" "\\$" "a$" \'\\\'', "x a\\ b \\; \\* {} HEAD~1 @{u} a=b", "x 2>&1 # c"]
    show = 'x() { printf \'%s\\0\' "$#" "$@"; }\n'
    done = subprocess.run(["dash", "-c", show + "\n".join(lines)], cwd=tmp_path, capture_output=True, check=True)
    words = [literal(line)[0][1:] for line in lines]
    assert done.stdout.decode() == "".join(f"{word}\0" for line in words for word in (len(line), *line))


def test_long_commands_are_read_in_linear_time():
    assert len(literal("ls -la a; " * 10_000)) == 10_000
    assert literal("ls; " * 10_000 + "$x") == ()
    assert literal("cat '" * 20_001) == ()
    for broken in ("a|", "a|;", "a|\n|", "a|>/dev/null|", "a|#\n"):
        assert literal(broken * 20_000) == ()
    assert literal("a" * 100_000 + "$") == ()
