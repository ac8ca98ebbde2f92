"""What can be seen of a command that hides what it runs: enough to refuse it, or to know that it cannot be known."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.workspace.commands.seen import crude, program, seen


@pytest.mark.parametrize(
    "command",
    [
        *(
            "x y",
            "a; x y",
            "a && x y &",
            "(x y)",
            "{ x y; }",
            "! x y",
            "if x y; then a; fi",
            "for i in a; do x y; done",
        ),
        *(
            "f() { x y; }",
            "echo $(x y)",
            "echo `x y`",
            'echo "$(x y)"',
            "cat <(x y)",
            "cat <<E\n$(x y)\nE",
            "a[$(x y)]=1",
        ),
        *(
            "A=$(x y) b",
            "export A=$(x y)",
            "[[ $(x y) ]]",
            "case $(x y) in esac",
            "echo ${a:-$(x y)}",
            "A=b x y > c 2>&1",
        ),
        *(
            "bash -c 'x y'",
            "sh -ec 'a; x y'",
            "eval 'x y'",
            "eval x y",
            "trap 'x y' EXIT",
            "bash <<< 'x y'",
            "bash <<E\nx y\nE",
        ),
        *("sudo bash -c 'x y'", "watch 'x y'", "bash -c \"bash -c 'x y'\"", "x\\\n y", "\\x 'y'", 'x "y"', "'x' y"),
    ],
)
def test_commands_are_found_wherever_they_run(command):
    found = seen(command)
    assert ("x", "y") in found.commands
    assert found.whole


@pytest.mark.parametrize(
    "command",
    [
        *(
            "sudo -u a x y",
            "env A=b x y",
            "find . -exec x y ;",
            "xargs -n 1 x y",
            "time x y",
            "exec x y",
            "command x y",
        ),
        *('python -c \'run(["x", "y"])\'', "perl -e 'exec \"x y\"'", "ssh h 'cd a; x y'", "docker exec c x y"),
        *(
            "python3 <<E\nrun('x','y')\nE",
            "ssh h <<E\nx y\nE",
            "echo x y | sh",
            "echo 'x y' | sudo bash -s",
            "source <(echo x y)",
        ),
        *("bash <(echo x y)", "alias z='x y'", "x y '", "x y \0", "echo $(((x y"),
    ],
)
def test_words_are_found_where_commands_may_hide(command):
    found = seen(command)
    assert any(" x y " in f" {' '.join(word or '?' for word in words)} " for words in [*found.hidden, *found.commands])


@pytest.mark.parametrize(
    "command",
    [
        *(
            "eval $x",
            'bash -c "$x"',
            "echo a | sh",
            "curl a | sudo bash",
            "bash < $x",
            "source <(a)",
            "x '",
            "a\0b",
            "a\rb",
        ),
        *("$(", "bash", "sh -s", "bash -s a", 'eval "$(a)"', "if a", "bash -c $'a'", "cat <<é\n'\né\na"),
    ],
)
def test_it_is_known_what_cannot_be_known(command):
    assert not seen(command).whole


@pytest.mark.parametrize(
    "command",
    [
        "ls",
        "make test",
        "for f in *; do cat $f; done",
        "python x.py",
        "bash x.sh a",
        "git log | head",
        "cat <<E\nx y\nE",
        "A=1",
    ],
)
def test_ordinary_commands_hide_nothing(command):
    found = seen(command)
    assert found.whole
    assert ("x", "y") not in found.commands


@pytest.mark.parametrize(
    "word", ["$x", "*", "a?", "[a]", "{a,b}", "{1..2}", "a$x", '"$x"', "`a`", "$'a'", "${x}", "x{y,}"]
)
def test_words_that_the_shell_will_make_are_unknown(word):
    assert seen(f"a {word}").commands[0] == ("a", None)


@pytest.mark.parametrize(
    ("word", "value"), [("{}", "{}"), ("-I{}", "-I{}"), ("a\\ b", "a b"), ("a'b'\"c\"", "abc"), ("~", "~")]
)
def test_other_words_are_known(word, value):
    assert seen(f"a {word}").commands == [("a", value)]


def test_names_and_words():
    assert program("/usr/bin/git") == program("git") == "git"
    assert program(None) == ""
    assert crude("f(['a', \"b\"]); {c}|d&e") == ("f", "a", "b", "c", "d", "e")


@given(st.text(max_size=500))
def test_any_text_gets_an_answer(command):
    assert seen(command).whole in (True, False)


@pytest.mark.parametrize(
    "text", ["ls; " * 10_000, "sudo " * 50_000, "eval " * 5_000, "a|" * 50_000, "sh -c 'a b' ;" * 3_000]
)
def test_no_command_takes_long_to_see_through(text):
    started = time.monotonic()
    seen(text + "x y")
    assert time.monotonic() - started < 20
