"""From an edit to what is told of it, with ruff itself and with checkers that are slow, broken or gone mad."""

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from kimicode.workspace.diagnostics.checks import Checks
from kimicode.workspace.processes import MARK_VARIABLE, family
from tests.fakes.confined import sandbox

BINARIES = Path(sys.executable).parent
HANG_S = 20.0
RUFF = '[tool.ruff.lint]\nselect = ["F"]\n'


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
async def bench(project):
    bench = Bench(project)
    yield bench
    for checks in bench.made:
        await checks.close()


class Bench:
    """A project, a folder of programs, and checks made for them."""

    def __init__(self, project):
        self.project = project
        self.programs = project.parent / "bin"
        self.programs.mkdir()
        self.made = []

    def checks(self, *, patience=HANG_S, broken=lambda path, text: 0):
        path = f"{self.programs}:{BINARIES}:/usr/bin:/bin"
        environment = {**os.environ, "PATH": path, MARK_VARIABLE: f"{self.project};"}
        permits = lambda command, code_of: True  # noqa: E731
        made = Checks((self.project,), self.project.parent / "kept", environment, permits, broken, patience=patience)
        self.made.append(made)
        return made

    def program(self, name, script):
        (self.programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (self.programs / name).chmod(0o755)

    def running(self):
        """The processes that were started here."""
        return family(f"{self.project};")

    def edit(self, checks, name, before, after):
        path = self.project / name
        path.write_text(after)
        checks.edited(path, before, after)

    async def told(self, checks, name, before, after):
        self.edit(checks, name, before, after)
        return await checks.news()


def files_in(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


# --- with ruff ----------------------------------------------------------------------------------------------


async def test_ruff_tells_what_an_edit_brought_in(bench, project):
    (project / "pyproject.toml").write_text(RUFF)
    told = await bench.told(bench.checks(), "a.py", "x = 1\n", "x = 1\ny = z\n")
    assert told == "Diagnostics (what is new, or near the change):\na.py:2: F821 Undefined name `z`"
    assert files_in(project) == ["a.py", "pyproject.toml"], "nothing else was written"


async def test_what_was_wrong_before_is_not_told(bench, project):
    (project / "pyproject.toml").write_text(RUFF)
    old = "import os\n" + "\n" * 10
    assert await bench.told(bench.checks(), "a.py", old, f"{old}x = 1\n") == ""


async def test_of_a_new_file_everything_is_told(bench, project):
    (project / "pyproject.toml").write_text(RUFF)
    assert "a.py:1: F401" in await bench.told(bench.checks(), "a.py", None, "import os\n")


async def test_ruff_is_never_asked_to_fix_even_where_the_project_wants_it(bench, project):
    (project / "ruff.toml").write_text('fix = true\nunsafe-fixes = true\n[lint]\nselect = ["F"]\n')
    assert "F401" in await bench.told(bench.checks(), "a.py", None, "import os\n")
    assert (project / "a.py").read_text() == "import os\n"


async def test_a_file_that_ruff_is_to_leave_out_is_left_out(bench, project):
    (project / "ruff.toml").write_text('extend-exclude = ["a.py"]\n')
    assert await bench.told(bench.checks(), "a.py", None, "import os\n") == ""


async def test_a_broken_configuration_tells_nothing(bench, project):
    (project / "ruff.toml").write_text("select = [[[\n")
    assert await bench.told(bench.checks(), "a.py", None, "import os\n") == ""


async def test_a_file_that_does_not_parse_is_not_checked_since_the_edit_says_so(bench, project):
    (project / "pyproject.toml").write_text(RUFF)
    assert await bench.told(bench.checks(), "a.py", "x = 1\n", "x = (\n") == ""


# --- checkers of a whole project ----------------------------------------------------------------------------


CALLERS = 'grep -n wrong *.rs | sed "s/:\\([0-9]*\\):.*/:\\1:1: error[E1]: is wrong/"; exit 101'


async def test_of_a_whole_project_only_what_is_near_is_told_first_and_later_all_that_is_new(bench, project):
    (project / "Cargo.toml").touch()
    (project / "old.rs").write_text("wrong\n")
    bench.program("cargo", CALLERS)
    checks = bench.checks()
    assert (await bench.told(checks, "a.rs", "\n", "wrong\n")).splitlines()[1:] == ["a.rs:1: E1 is wrong"]
    (project / "other.rs").write_text("\nwrong\n")
    told = await bench.told(checks, "a.rs", "wrong\n", "right\n")
    assert told.splitlines()[1:] == ["other.rs:2: E1 is wrong"]


async def test_paths_may_be_relative_to_a_workspace_above_the_configuration(bench, project):
    (project / "member" / "src").mkdir(parents=True)
    (project / "member" / "Cargo.toml").touch()
    bench.program("cargo", 'echo "member/src/a.rs:1:1: error: bad"; echo "/usr/lib/x.rs:1:1: error: bad"; exit 101')
    told = await bench.told(bench.checks(), "member/src/a.rs", "\n", "x\n")
    assert told.splitlines()[1:] == ["member/src/a.rs:1: cargo bad"]


async def test_a_checker_that_fails_without_a_finding_does_not_count_as_clean(bench, project):
    (project / "Cargo.toml").touch()
    (project / "old.rs").write_text("wrong\n")
    bench.program("cargo", "exit 101")
    checks = bench.checks()
    assert await bench.told(checks, "a.rs", "\n", "x\n") == ""
    bench.program("cargo", CALLERS)
    assert await bench.told(checks, "a.rs", "x\n", "y\n") == "", "old.rs may have been wrong all the time"


# --- slow ones ----------------------------------------------------------------------------------------------


def slow(bench, project):
    """A cargo that finds something as soon as the gate is open, and counts how often it was started."""
    (project / "Cargo.toml").touch()
    gate, starts = bench.programs / "gate", bench.programs / "starts"
    bench.program(
        "cargo",
        f'echo x >> "{starts}"; while [ ! -e "{gate}" ]; do sleep 0.05; done; echo "a.rs:1:1: error: bad"; exit 1',
    )
    return gate, starts


async def until(condition):
    limit = time.monotonic() + HANG_S
    while not condition():
        assert time.monotonic() < limit, "it never came"
        await asyncio.sleep(0.02)


async def news(checks):
    """The next news that there are."""
    limit = time.monotonic() + HANG_S
    while not (told := await checks.news()):
        assert time.monotonic() < limit, "there were no news"
        await asyncio.sleep(0.02)
    return told


async def silence(checks):
    """Whether there are no news, for long enough that what a process printed before its end would be among them."""
    return not any([await checks.news() for _ in range(25) if not await asyncio.sleep(0.02)])


async def test_a_slow_one_is_not_waited_for_and_told_with_a_later_result(bench, project):
    gate, _ = slow(bench, project)
    checks = bench.checks(patience=0.2)
    assert await bench.told(checks, "a.rs", "\n", "x\n") == ""
    assert await checks.news() == ""
    gate.touch()
    told = await news(checks)
    assert told == "Diagnostics of an earlier edit (what is new, or near the change):\na.rs:1: cargo bad"
    assert await checks.news() == "", "it is told once"


async def test_what_is_late_is_dropped_where_the_file_has_changed_since(bench, project):
    gate, _ = slow(bench, project)
    checks = bench.checks(patience=0.1)
    await bench.told(checks, "a.rs", "\n", "x\n")
    (project / "a.rs").write_text("changed by somebody else\n")
    gate.touch()
    await until(lambda: not bench.running())
    assert await silence(checks)


async def test_a_new_edit_takes_the_place_of_the_check_before(bench, project):
    gate, starts = slow(bench, project)
    checks = bench.checks(patience=0.1)
    await bench.told(checks, "a.rs", "\n", "x\n")
    await until(starts.exists)
    await bench.told(checks, "b.rs", "\n", "x\n")
    await until(lambda: starts.read_text() == "x\nx\n")
    await until(lambda: sum("cargo" in process.name for process in bench.running()) == 1)
    gate.touch()
    await until(lambda: not bench.running())
    assert await silence(checks), "a.rs is not what was edited last, and nothing is known of it before"


async def test_nothing_outlives_the_end(bench, project):
    (project / "Cargo.toml").touch()
    pid = bench.programs / "pid"
    bench.program("cargo", f'(trap "" TERM; echo $$ > "{pid}"; exec sleep 300) & sleep 300')
    checks = bench.checks(patience=0.1)
    await bench.told(checks, "a.rs", "\n", "x\n")
    await until(pid.exists)
    assert bench.running()
    await checks.close()
    assert not bench.running()


async def test_an_interrupt_while_waiting_leaves_the_news_for_later(bench, project):
    gate, starts = slow(bench, project)
    checks = bench.checks()
    bench.edit(checks, "a.rs", "\n", "x\n")
    waiting = asyncio.create_task(checks.news())
    await until(starts.exists)
    waiting.cancel()
    await asyncio.wait([waiting])
    gate.touch()
    assert "a.rs:1: cargo bad" in await news(checks)


# --- strange ones -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "script",
    [
        "kill -9 $$",
        "exec 0<&-; exit 0",
        "head -c 100000000 /dev/zero",
        "printf 'a.rs\\000x:1:1: error: bad\\n'; exit 1",
        "printf '\\377\\376:1:1: error: bad\\n'; exit 1",
        "echo '../../../etc/passwd:1:1: error: bad'; exit 1",
    ],
)
async def test_a_strange_checker_tells_nothing_and_breaks_nothing(bench, project, script):
    (project / "Cargo.toml").touch()
    bench.program("cargo", script)
    assert await bench.told(bench.checks(), "a.rs", "\n", "x\n") == ""


async def test_what_is_found_in_one_file_is_not_known_of_another_with_the_same_text(bench, project):
    bench.program("shellcheck", "echo '-:1:1: warning: odd [SC1]'; exit 1")
    checks = bench.checks()
    far = "\n" * 9
    assert "a.sh:1: SC1" in await bench.told(checks, "a.sh", None, f"echo\n{far}")
    assert await bench.told(checks, "b.sh", f"echo\n{far}", f"echo\n{far}echo\n") == ""


async def test_one_that_does_not_read_its_input_is_no_trouble(bench, project):
    bench.program("shellcheck", "exec 0<&-; echo '-:1:1: warning: odd [SC1]'; exit 1")
    assert "a.sh:1: SC1 odd" in await bench.told(bench.checks(), "a.sh", None, "x" * 1_000_000 + "\n")


async def test_one_that_is_no_program_is_no_trouble(bench, project):
    (bench.programs / "shellcheck").write_bytes(b"\x7fELF nonsense")
    (bench.programs / "shellcheck").chmod(0o755)
    assert await bench.told(bench.checks(), "a.sh", None, "echo\n") == ""


async def test_it_has_no_terminal_no_keys_and_no_pager(bench, project):
    bench.program("shellcheck", 'echo "-:1:1: warning: $PAGER $PWD [SC1]"; exit 1')
    assert f"cat {project}" in await bench.told(bench.checks(), "a.sh", None, "echo\n")


# --- without a checker --------------------------------------------------------------------------------------


async def test_without_a_checker_it_is_told_that_the_file_does_not_parse_any_more(bench):
    checks = bench.checks(broken=lambda path, text: 7 if "(" in text else 0)
    assert "a.c:7: syntax" in await bench.told(checks, "a.c", "x\n", "(\n")
    assert await bench.told(checks, "a.c", "(\n", "((\n") == "", "it did not before either"
    assert await bench.told(checks, "a.c", "((\n", "x\n") == ""


# --- in the sandbox -----------------------------------------------------------------------------------------


async def test_what_a_project_configures_is_confined_as_commands_are(project, tmp_path):
    # On the machine itself this would be the way out: an edit of the configuration, and the next check runs it.
    escaped = tmp_path / "escaped"
    (project / "mypy.ini").write_text("[mypy]\n")
    own = project / ".venv/bin"
    own.mkdir(parents=True)
    text = f'echo x > "{escaped}"; echo "$DEPLOY_TOKEN" > "{project}/seen"; echo "a.py:1: error: found  [misc]"; exit 1'
    (own / "mypy").write_text(f"#!/bin/sh\n{text}\n")
    (own / "mypy").chmod(0o755)
    environment = {**os.environ, "DEPLOY_TOKEN": "secret-4711-secret"}
    confined = sandbox(project)
    checks = Checks(
        (project,),
        project / "kept",
        environment,
        lambda command, code_of: True,
        lambda path, text: 0,
        patience=HANG_S,
        sandbox=confined,
    )
    try:
        (project / "a.py").write_text("x = 2\n")
        checks.edited(project / "a.py", "x = 1\n", "x = 2\n")
        assert "found" in await checks.news()
    finally:
        await checks.close()
        await confined.close()
    assert not escaped.exists()
    assert (project / "seen").read_text() == "\n"


async def test_ruff_reads_an_edit_in_the_sandbox_as_outside(project):
    (project / "ruff.toml").write_text('[lint]\nselect = ["F"]\n')
    confined = sandbox(project)
    environment = {**os.environ, "PATH": f"{BINARIES}:/usr/bin:/bin"}
    checks = Checks(
        (project,), project / "kept", environment, lambda c, o: True, lambda p, t: 0, patience=HANG_S, sandbox=confined
    )
    try:
        (project / "a.py").write_text("import os\n")
        checks.edited(project / "a.py", "", "import os\n")
        assert "F401" in await checks.news()
        assert list(confined.exchange.iterdir()) == []
    finally:
        await checks.close()
        await confined.close()
