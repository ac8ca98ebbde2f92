"""A worktree that kimicode made is trusted as the repository that it was made from."""

import os
import shutil
import subprocess

import pytest

from kimicode.cli.beside import Beside
from kimicode.config.load import record


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "project"
    (root / "inside").mkdir(parents=True)
    (root / "inside/a").write_text("a\n")
    as_somebody = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*as_somebody, *words], cwd=root, check=True)
    return root


def test_its_trust_is_that_of_the_repository_and_its_entry_goes_with_its_folder(project):
    kept = record(os.environ)
    beside = Beside(project / "inside", "?", "Fix it", carry=False)
    assert kept.trust_in(beside.folder).answer is None
    kept.remember(project, "trusted")
    assert kept.trust_in(beside.folder).given
    shutil.rmtree(beside.tree.own.root)
    kept.remember(project, "untrusted")
    assert project in [entry.path for entry in kept.entries()]
    assert beside.tree.own.root not in [entry.path for entry in kept.entries()]


def test_a_repository_that_only_git_finds_lends_it_no_trust(project):
    """The folder's own `.git` is the nearest by name, and not valid to git, which goes on to the one around it."""
    (project / "inside/.git").touch()
    kept = record(os.environ)
    kept.remember(project / "inside", "trusted")
    kept.remember(project, "trusted")
    beside = Beside(project / "inside", "?", "Fix it", carry=False)
    assert kept.trust_in(beside.folder).answer is None
