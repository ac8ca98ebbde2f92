"""What runs on trial runs in a copy, in the sandbox: it changes nothing else, reaches nobody, and leaves nothing."""

import asyncio
from pathlib import Path

import pytest

from kimicode.config.schema import Settings
from kimicode.config.secrets import unredacted
from kimicode.review.trial import MOST_BYTES, hindrance, trial
from tests.fakes.confined import walls

CANARY = "canary-1b9f2c77d0e4"


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "tree"
    (root / "src").mkdir(parents=True)
    (root / "src" / "a.py").write_text("def double(x):\n    return x + x + 1\n")
    (root / "ignored.txt").write_text(CANARY)
    (root / "link.py").symlink_to("/etc/hostname")
    return root


NAMES = ("src/a.py", "link.py", "gone.py")


async def test_a_command_runs_the_reviewed_code_in_a_copy(tree):
    walls()
    async with trial(tree, NAMES, unredacted) as place:
        assert place is not None
        assert place.confinement
        result = await place.shell.run("cd src && python3 -c 'import a; print(a.double(2))'; echo x > src.txt; ls ..")
        assert result.output.split() == ["5", "src"]
        folder = place.folder
    assert not folder.exists()
    assert not (tree / "src" / "src.txt").exists()


async def test_the_copy_holds_neither_links_nor_files_that_do_not_belong_to_the_change(tree):
    walls()
    async with trial(tree, NAMES, unredacted) as place:
        assert place is not None
        assert sorted(path.name for path in place.folder.rglob("*")) == ["a.py", "src"]


async def test_nothing_but_the_copy_can_be_changed_and_nobody_be_reached(tree, tmp_path):
    walls()
    outside = tmp_path / "outside.txt"
    async with trial(tree, NAMES, unredacted) as place:
        assert place is not None
        wrote = await place.shell.run(f"echo x > {outside} || echo x >> {tree}/src/a.py || echo kept")
        assert "kept" in wrote.output
        net = await place.shell.run(
            "python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", 1), 2)' 2>&1 | tail -1"
        )
        assert "Error" in net.output
    assert not outside.exists()
    assert (tree / "src" / "a.py").read_text().endswith("+ 1\n")


async def test_what_is_installed_beside_the_project_is_there_to_be_read(tree):
    walls()
    (tree / "node_modules" / "dep").mkdir(parents=True)
    (tree / "node_modules" / "dep" / "index.js").write_text("exports.x = 1\n")
    async with trial(tree, NAMES, unredacted) as place:
        assert place is not None
        read = await place.shell.run("cat node_modules/dep/index.js; echo y > node_modules/dep/index.js; echo $?")
        assert read.output.startswith("exports.x = 1")
    assert (tree / "node_modules" / "dep" / "index.js").read_text() == "exports.x = 1\n"


async def test_a_tree_that_is_too_large_is_not_copied(tree):
    walls()
    with (tree / "large.bin").open("wb") as file:
        file.truncate(MOST_BYTES)  # takes no room on the disk
    async with trial(tree, ("src/a.py", "large.bin"), unredacted) as place:
        assert place is None


def test_who_switched_the_sandbox_off_has_nothing_run():
    assert "switched off" in hindrance(Settings(sandbox="off"))


def test_where_there_is_a_sandbox_nothing_hinders():
    walls()
    assert hindrance(Settings()) == ""


async def test_it_is_cleared_away_however_often_it_is_told_to_stop(tree):
    """As when a review is interrupted: whoever waits for several of them cancels each more than once."""
    walls()
    entered: asyncio.Future[Path] = asyncio.get_running_loop().create_future()

    async def work():
        async with trial(tree, NAMES, unredacted) as place:
            entered.set_result(place.folder.parent)
            await asyncio.Event().wait()

    working = asyncio.create_task(work())
    folder = await entered
    for _ in range(6):
        working.cancel()
        await asyncio.sleep(0)
    await asyncio.wait([working])
    assert working.cancelled()
    assert not folder.exists()
