"""What runs in the end, out of what it is wrapped in; a wrapper that does more than run it is none."""

import pytest

from kimicode.workspace.commands.unwrap import innermost


@pytest.mark.parametrize(
    ("command", "inside"),
    [
        ("nice ls -l", [("ls", "-l")]),
        ("nice -n 5 nohup ls", [("ls",)]),
        ("nice -n5 ls; nice -10 pwd", [("ls",), ("pwd",)]),
        ("timeout 5 ls", [("ls",)]),
        ("timeout -s KILL -k 5 --foreground 1.5m ls", [("ls",)]),
        ("stdbuf -oL grep x | head", [("grep", "x"), ("head",)]),
        ("ionice -c 3 ls", [("ls",)]),
        ("command ls", [("ls",)]),
        ("command -v ls", [("command", "-v", "ls")]),
        ("builtin cd a", [("cd", "a")]),
        ("env LC_ALL=C TZ=UTC sort a", [("sort", "a")]),
        ("bash -c 'cd a && ls'", [("cd", "a"), ("ls",)]),
        ("timeout 5 sh -c 'nice ls'", [("ls",)]),
        ("bash -c \"bash -c 'ls -l'\"", [("ls", "-l")]),
        ("sudo ls", [("sudo", "ls")]),
        ("bash x.sh", [("bash", "x.sh")]),
    ],
)
def test_a_wrapper_is_taken_off(command, inside):
    assert list(innermost(command)) == inside


@pytest.mark.parametrize(
    "command",
    [
        *(
            "env",
            "env ls=a",
            "env PATH=. ls",
            "env LD_PRELOAD=x ls",
            "env -i ls",
            "env -S ls",
            "env -u A ls",
            "env A=b ls",
        ),
        *("timeout ls", "timeout", "timeout -x 5 ls", "nice", "nice -x ls", "command -p ls", "command", "nohup"),
        *("bash -c 'ls $x'", "bash -c 'ls > a'", "bash -c ''", "stdbuf -x ls", "nice " * 20 + "ls", "timeout 5 $x"),
    ],
)
def test_what_is_not_certain_is_nothing(command):
    assert innermost(command) == ()


def test_wrappers_without_end_end():
    assert innermost("nice " * 50_000 + "ls") == ()
    assert innermost("env LC_ALL=C " * 5_000 + "ls") == ()
