"""A project in a real repository, and what tests of it need."""

import subprocess
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import pytest

from kimicode.git.commit import Draft
from kimicode.git.repository import Repository
from kimicode.git.snapshot import WorkTree
from kimicode.git.work import of_work

Git = Callable[..., str]


@pytest.fixture
def git() -> Git:
    """Runs the git binary as a person would; what it wrote."""

    def run(cwd: Path, *arguments: str) -> str:
        identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "protocol.file.allow=always"]
        command = ["git", *identity, *arguments]
        answer = subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True, errors="replace")
        return answer.stdout.strip()

    return run


@pytest.fixture
def commit(git: Git) -> Callable[..., None]:
    def run(root: Path, **files: str) -> None:
        for name, text in files.items():
            (root / name).write_text(text)
        git(root, "add", "--all")
        git(root, "commit", "--allow-empty", "-m", "commit")

    return run


@pytest.fixture
def found() -> Callable[[Path], Repository]:
    def discover(path: Path) -> Repository:
        repository = Repository.discover(path)
        assert repository is not None
        return repository

    return discover


@pytest.fixture
def project(tmp_path: Path, git: Git, commit: Callable[..., None]) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    git(root, "init", "--initial-branch=main")
    commit(root, a="1\n2\n3\n", b="b\n")
    return root


@pytest.fixture
def opened(tmp_path: Path, found: Callable[[Path], Repository]) -> Iterator[Callable[[Path], WorkTree]]:
    """Opens the work tree around a path, with a scratch folder of its own."""
    trees: list[WorkTree] = []

    def open_tree(path: Path) -> WorkTree:
        trees.append(WorkTree(found(path), tmp_path / f"scratch {len(trees)}"))
        return trees[-1]

    yield open_tree
    for tree in trees:
        tree.close()


@pytest.fixture
def run(opened: Callable[[Path], WorkTree]) -> Callable[..., Draft]:
    """Runs `change` as a run of the agent would be, and drafts its commit."""

    def drafted(root: Path, change: Callable[[], object], edited: Collection[str] = ()) -> Draft:
        tree = opened(root)
        before = tree.snapshot()
        change()
        return of_work(tree, before, tree.snapshot(), edited)

    return drafted
