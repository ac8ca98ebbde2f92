"""What is protected of real repositories, work trees and submodules, and what is not believed of forged ones."""

import subprocess

import pytest

from kimicode.workspace.sandbox.gitfolders import guard, guard_nested, linked_folder


def git(folder, *words):
    identity = ("-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "protocol.file.allow=always")
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True, timeout=30)


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def project(tmp_path):
    folder = (tmp_path / "project").resolve()
    folder.mkdir()
    git(folder, "init", "-q")
    git(folder, "commit", "-qm", "one", "--allow-empty")
    return folder


def relative(paths, folder):
    return {path.relative_to(folder).as_posix() for path in paths if folder in path.parents}


def test_settings_and_hooks_of_a_repository_are_protected_and_the_rest_is_writable(project, home):
    found = guard(project, home)
    assert found.writable == [project / ".git"]
    names = {"config", "config.worktree", "hooks", "info/attributes", "commondir"}
    assert relative(found.protected, project / ".git") == names
    assert found.gaps == []


def test_where_there_is_no_repository_none_may_be_made(tmp_path, home):
    assert guard(tmp_path, home).protected == [tmp_path / ".git"]
    assert guard(tmp_path, home).writable == []


def test_files_that_the_settings_include_and_the_hooks_that_they_name_are_protected(project, home):
    (project / "shared").mkdir()
    (project / "shared" / "gitconfig").write_text("[Include]\n path = deeper.inc\n")
    settings = '[include]\n\tpath = ../shared/gitconfig\n[includeIf "gitdir:/x"] path = "~/own.inc"\n'
    with open(project / ".git" / "config", "a") as config:
        config.write(settings + "[core]\n\thooksPath = .husky\n")
    found = guard(project, home).protected
    assert {project / "shared" / "gitconfig", project / "shared" / "deeper.inc", project / ".husky"} <= set(found)
    assert home.resolve() / "own.inc" in found


def test_settings_that_include_each_other_come_to_an_end(project, home):
    (project / ".git" / "config").write_text("[include]\npath = config\npath = config\n")
    assert len(guard(project, home).protected) < 100


def test_a_linked_work_tree_gives_the_repository_that_it_belongs_to(project, home, tmp_path):
    tree = tmp_path.resolve() / "tree"
    git(project, "worktree", "add", "-q", str(tree))
    admin = project / ".git" / "worktrees" / "tree"
    assert linked_folder(tree) == (admin, project / ".git")
    found = guard(tree, home)
    assert found.writable == [project / ".git", admin]
    assert tree / ".git" in found.protected
    assert relative(found.protected, project / ".git") >= {
        *("config", "hooks", "commondir", "worktrees/tree/commondir", "worktrees/tree/gitdir"),
        "worktrees/tree/config.worktree",
    }


def test_a_submodule_gives_its_own_git_folder_alone(project, home, tmp_path):
    outer = tmp_path.resolve() / "outer"
    outer.mkdir()
    git(outer, "init", "-q")
    git(outer, "submodule", "add", "-q", str(project), "vendor/lib")
    assert linked_folder(outer / "vendor" / "lib") == (outer / ".git" / "modules" / "vendor" / "lib", None)
    found = guard(outer / "vendor" / "lib", home)
    assert found.writable == [outer / ".git" / "modules" / "vendor" / "lib"]
    assert {"modules/vendor/lib/config", "modules/vendor/lib/hooks"} <= relative(
        guard(outer, home).protected, outer / ".git"
    )


def test_a_file_that_names_the_folder_of_another_repository_is_not_believed(project, home, tmp_path):
    liar = tmp_path.resolve() / "liar"
    liar.mkdir()
    (liar / ".git").write_text(f"gitdir: {project / '.git'}\n")
    found = guard(liar, home)
    assert found.writable == []
    assert found.protected == [liar / ".git"]
    assert "do not agree" in found.gaps[0]


def test_a_forged_work_tree_that_shares_another_repository_is_not_believed(project, home, tmp_path):
    liar = tmp_path.resolve() / "liar"
    forged = liar / "forged"
    forged.mkdir(parents=True)
    (liar / ".git").write_text("gitdir: forged\n")
    (forged / "HEAD").write_text("ref: refs/heads/master\n")
    (forged / "gitdir").write_text(f"{liar / '.git'}\n")
    (forged / "commondir").write_text(f"{project / '.git'}\n")
    assert linked_folder(liar) == (None, None)
    assert guard(liar, home).writable == []


@pytest.mark.parametrize(
    "text", ["", "gitdir: ", "gitdir: nowhere", "\0", "gitdir: \0", "gitdir: .", "x" * 9999, f"gitdir: {'x/' * 9999}"]
)
def test_a_file_that_is_no_link_is_protected_and_leads_nowhere(tmp_path, home, text):
    (tmp_path / ".git").write_text(text)
    assert guard(tmp_path, home).writable == []


@pytest.mark.parametrize("name", ["hooks", "config", "info"])
def test_a_link_in_the_git_folder_makes_all_of_it_read_only(project, home, name):
    target = project / f"my-{name}"
    (project / ".git" / name).rename(target)
    (project / ".git" / name).symlink_to(target)
    found = guard(project, home)
    assert found.writable == []
    assert project / ".git" in found.protected
    assert any(target == path or target in path.parents for path in found.protected)
    assert "is a link" in found.gaps[0]


def test_many_work_trees_are_protected_as_one(project, home):
    for number in range(12):
        place = project / ".git" / "worktrees" / str(number)
        place.mkdir(parents=True)
        (place / "commondir").write_text("../..\n")
    assert project / ".git" / "worktrees" in guard(project, home).protected


def test_many_submodules_are_protected_as_one(project, home):
    for number in range(12):
        place = project / ".git" / "modules" / str(number)
        place.mkdir(parents=True)
        (place / "HEAD").write_text("ref: x\n")
    assert project / ".git" / "modules" in guard(project, home).protected


def test_a_nested_repository_keeps_its_settings_and_its_place(project):
    found = guard_nested(project / ".git")
    assert found.writable == [project / ".git"]
    assert relative(found.protected, project / ".git") == {"config", "hooks"}
    (project / "file").touch()
    assert guard_nested(project / "file").protected == [project / "file"]


def test_settings_too_large_to_be_read_make_all_of_it_read_only(project, home):
    with (project / ".git/config").open("ab") as file:
        file.truncate(2_000_000)
    found = guard(project, home)
    assert project / ".git" in found.protected
    assert "larger" in found.gaps[0]
