import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from kimicode.git import command
from kimicode.git.command import GitError


@pytest.mark.parametrize("everywhere", [False, True])
def test_a_command_that_is_stopped_ends_at_once_with_all_that_it_started(tmp_path, everywhere):
    told: list[str] = []

    def wait_for_git():
        with pytest.raises(GitError) as error:
            command.run(["-c", "alias.wait=!sleep 60", "wait"], cwd=tmp_path, env={"PATH": os.environ["PATH"]})
        told.append(error.value.message)

    waiting = threading.Thread(target=wait_for_git)
    waiting.start()
    time.sleep(0.3)
    command.stop(tmp_path / "elsewhere")
    time.sleep(0.1)
    assert waiting.is_alive()
    began = time.monotonic()
    command.stop(None if everywhere else tmp_path)
    waiting.join(20)
    assert time.monotonic() - began < 20
    assert "stopped" in told[0]


@pytest.mark.parametrize("arguments", [["rev-parse", "--verify", "nothing"], ["no-such-command"]])
def test_a_failure_says_what_git_said(tmp_path, arguments):
    assert shutil.which("git")
    with pytest.raises(GitError, match=arguments[0]):
        command.run(arguments, cwd=tmp_path, env={})
    assert command.run(arguments, cwd=Path(tmp_path), env={}, check=False).status > 0


def test_a_git_that_is_too_old_counts_as_none_and_is_named(tmp_path):
    old = tmp_path / "bin/git"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho git version 2.25.1\n")
    old.chmod(0o755)
    program = "from kimicode.git.command import missing, version; print(missing(), version())"
    path = f"{old.parent}:{os.environ['PATH']}"
    told = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "PATH": path}, capture_output=True, text=True, check=True
    )
    assert told.stdout == "git 2.25 is too old: kimicode needs 2.31 None\n", told.stderr
