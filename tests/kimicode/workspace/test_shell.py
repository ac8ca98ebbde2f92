"""The shell as the agent uses it: what lasts from one command to the next, and what surrounds a command."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from kimicode.errors import ToolError
from kimicode.workspace.shell import Shell
from tests.fakes.confined import WORLDS, in_world


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "work"
    (root / "sub").mkdir(parents=True)
    return root


@pytest.fixture(params=WORLDS)
async def shell(request, root, tmp_path):
    shell = Shell(root, tmp_path / "spill", sandbox=in_world(request.param, root))
    yield shell
    await shell.close()


async def output(shell: Shell, command: str) -> str:
    return (await shell.run(command)).output.strip()


async def test_the_folder_and_exported_variables_pass_to_the_next_command(shell, root):
    await shell.run("cd sub && export A='one\ntwo' B=3")
    assert shell.cwd == root / "sub"
    assert await output(shell, 'pwd; echo "$A"; unset B') == f"{root}/sub\none\ntwo"
    assert await output(shell, "echo ${B-unset}; cd - >/dev/null; pwd") == f"unset\n{root}"


async def test_functions_aliases_options_and_plain_variables_do_not_pass(shell):
    await shell.run("f() { echo function; }; export -f f; alias ll='ls -l'; set -eu; local_only=1")
    assert await output(shell, 'type f ll 2>/dev/null; echo "$- ${local_only-unset}"') == "hBc unset"


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("cd sub; exit 3", 3),
        ("set -e; cd sub; false; echo not reached", 1),
        ("set -eux; cd sub; true", 0),
        ("set -o noclobber; cd sub", 0),
        ("trap 'echo bye' EXIT; cd sub; (exit 7)", 7),
        ("cd sub; exec 1>&- 2>&-", 0),
        ("cd sub; (exit 5) # a comment", 5),
        ("cd sub; cat <<END\ntext\nEND", 0),
    ],
)
async def test_the_state_is_kept_however_a_command_ends(shell, root, command, code):
    assert (await shell.run(command)).exit_code == code
    assert shell.cwd == root / "sub"


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("exec true", 0),
        ("kill -9 $$", 137),
        ("if then", 2),
        ("echo $(unfinished", 2),
        ("cd sub; kill -9 $$", 137),
        ("no-such-program", 127),
    ],
)
async def test_a_command_that_cannot_save_its_state_leaves_that_of_the_one_before(shell, root, command, code):
    await shell.run("cd sub; export KEPT=yes; cd ..")
    assert (await shell.run(command)).exit_code == code
    assert await output(shell, "echo $KEPT; pwd") == f"yes\n{root}"


async def test_an_error_names_the_line_of_the_command(shell):
    assert await output(shell, "true\nno-such-program") == "bash: line 2: no-such-program: command not found"


async def test_a_deleted_folder_is_left_for_the_root_and_that_is_said(shell, root):
    await shell.run("cd sub && rmdir ../sub")
    result = await shell.run("pwd")
    assert result.output.strip() == str(root)
    assert "no longer exists" in result.notes[0]
    assert (await shell.run("pwd")).notes == ()


async def test_a_deleted_root_is_a_clear_refusal(shell, root):
    shutil.rmtree(root)
    with pytest.raises(ToolError, match="could not be started"):
        await shell.run("pwd")


@pytest.mark.parametrize("command", ["", "  \n", "echo \0", "echo \ud800", "true " + "x" * 200_000])
async def test_what_no_shell_can_take_is_refused_and_the_next_command_works(shell, command):
    with pytest.raises(ToolError):
        await shell.run(command)
    assert await output(shell, "echo fine") == "fine"


async def test_without_bash_the_command_runs_in_sh(root, tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    for program in ("rm", "mkdir"):
        (folder / program).symlink_to(shutil.which(program) or "")
    shell = Shell(root, tmp_path / "spill", environment={"PATH": str(folder)})
    assert await output(shell, 'cd sub; export A=1; echo "${BASH_VERSION-none}"') == "none"
    assert await output(shell, "echo $A; pwd") == f"1\n{root}/sub"
    assert (await shell.run("exit 4")).exit_code == 4
    assert (await shell.run("if then")).exit_code == 2
    await shell.close()


async def test_a_command_has_no_input_no_terminal_and_a_session_of_its_own(shell):
    result = await shell.run(f"cat; python3 -c 'import os; print(os.getsid(0) == os.getpgid(0) != {os.getsid(0)})'")
    assert result.output.strip() == "True"
    assert (await shell.run("exec </dev/tty")).exit_code != 0
    asked = await shell.run("python3 -c 'input()'")
    assert asked.exit_code == 1
    assert "EOFError" in asked.output


async def test_keys_and_start_up_files_do_not_reach_the_command_and_path_does_unchanged(root, tmp_path):
    startup = tmp_path / "startup"
    startup.write_text("echo started up\n")
    environment = {
        "PATH": f"/opt/first:{os.environ['PATH']}",
        "KIMICODE_API_KEY": "secret-1",
        "MOONSHOT_API_KEY": "secret-2",
        "OPENROUTER_API_KEY": "secret-3",
        "KIMICODE_GITLAB_TOKEN": "secret-4",
        "BASH_ENV": str(startup),
        "ENV": str(startup),
        "BASH_FUNC_ls%%": "() { echo replaced; }",
        "MINE": "kept",
        "PAGER": "less",
    }
    shell = Shell(root, tmp_path / "spill", environment=environment)
    text = await output(shell, "env; ls")
    lines = text.splitlines()
    assert "secret" not in text
    assert "started up" not in text
    assert "replaced" not in text
    assert {"MINE=kept", "PAGER=cat", "TERM=dumb", "GIT_TERMINAL_PROMPT=0", f"PATH={environment['PATH']}"} <= {*lines}
    assert not any(line.startswith("CI=") for line in lines)
    await shell.close()


async def test_a_command_that_damages_the_private_files_only_loses_its_own_state(shell, root):
    # The trap that saves names the file, so a command can find it.
    find_it = "f=$(trap -p EXIT | grep -o '/[^ ;>]*/kimicode-[^ ;>]*' | head -1)"
    for damage in ("echo /etc >$f", "ln -s /etc/passwd $f", "head -c 2000000 /dev/zero >$f", "mkdir $f"):
        assert (await shell.run(f"cd sub; {find_it}; {damage}")).exit_code == 0
        assert shell.cwd == root, damage
    await shell.run("cd sub")
    assert shell.cwd == root / "sub"


async def test_a_bare_command_has_no_positional_parameters_and_a_plain_environment(shell):
    text = await output(shell, 'echo "$0 $#"; env')
    assert text.startswith("bash 0\n")
    assert "KIMICODE_COMMAND" not in text


async def test_commands_given_at_once_run_one_after_the_other(shell):
    results = await asyncio.gather(*(shell.run(f"export RUNS=$((RUNS + 1)); echo $RUNS; true {i}") for i in range(4)))
    assert [r.output.strip() for r in results] == ["1", "2", "3", "4"]


async def test_nothing_is_created_before_it_is_needed(root, tmp_path):
    shell = Shell(root, tmp_path / "spill")
    await shell.run("echo short")
    await shell.close()
    assert not (tmp_path / "spill").exists()
    assert sorted(p.name for p in Path(root).iterdir()) == ["sub"]


async def test_an_inner_kimicode_keeps_the_marks_of_the_outer_one(root, tmp_path):
    shell = Shell(root, tmp_path / "spill", environment={**os.environ, "KIMICODE_JOB": "outer.1;"})
    for _ in range(2):
        marks = await output(shell, "echo $KIMICODE_JOB")
        assert marks.startswith("outer.1;")
        assert marks.count(";") == 2
    await shell.close()
