"""Programs for which no rule may stand, and options by which a harmless one becomes such a program."""

import pytest

from kimicode.workspace.commands.anything import SHELLS, WRAPPERS, escapes, hides_others, may_do_anything


@pytest.mark.parametrize(
    "command",
    [
        *(
            "bash",
            "sudo ls",
            "python",
            "python3.11 a",
            "python -m http.server",
            "perl5.36",
            "vim a",
            "ssh h",
            "docker run",
        ),
        *(
            "git",
            "git push",
            "git config a b",
            "make",
            "make -j",
            "npm exec",
            "cargo run",
            "/usr/bin/ls",
            "./x",
            "A=b",
            "",
        ),
        *("capsh", "ld.so a", "split a", "printf x", "tcpdump", "1", "-x"),
    ],
)
def test_what_may_do_anything(command):
    assert may_do_anything(command.split(" "))


@pytest.mark.parametrize(
    "command", ["git commit", "make test", "pytest", "python -m pytest", "npm run x", "ruff check", "ls"]
)
def test_what_does_what_it_says(command):
    assert not may_do_anything(command.split())


@pytest.mark.parametrize(
    "command",
    [
        "git diff --output=a",
        "git diff --outp a",
        "rg --pre x",
        "rg --hostname-bin x",
        "sort --compress-program=x",
        "make a B=c",
    ],
)
def test_options_that_make_more_of_it(command):
    assert escapes(command.split())


def test_commands_hide_behind_whole_languages():
    assert {"bash", "sh"} <= SHELLS
    assert {"sudo", "env", "xargs", "find", "time"} <= WRAPPERS
    assert all(map(hides_others, ["bash", "python3.12", "awk", "ssh", "docker", "vim"]))
    assert not any(map(hides_others, ["git", "ls", "pytest", "echo"]))
