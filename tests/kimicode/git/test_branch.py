"""A branch against its base, the differences told of it, and the way messages are written in a repository."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.errors import UsageError
from kimicode.git.branch import against, fresh_name
from kimicode.git.diff import Difference, of_index, of_trees, shortened, split_patch
from kimicode.git.history import commits
from kimicode.git.style import style_of


@pytest.fixture
def topic(project, git, commit):
    git(project, "checkout", "-b", "topic")
    commit(project, a="1\n2\n4\n")
    git(project, "commit", "--amend", "-m", "Change a\n\nWith a reason.")
    return project


def test_a_branch_has_the_commits_and_changes_that_its_base_lacks(topic, found, git, commit):
    git(topic, "checkout", "main")
    commit(topic, b="meanwhile\n")
    git(topic, "checkout", "topic")
    branch = against(found(topic).origin)
    assert (branch.name, branch.base) == ("topic", "main")
    assert [(each.subject, each.body) for each in branch.commits] == [("Change a", "With a reason.")]
    assert [change.path for change in branch.difference.files] == ["a"]


def test_a_base_can_be_named_and_must_exist(topic, found, git):
    git(topic, "branch", "release", "main")
    assert against(found(topic).origin, "release").base == "release"
    for wrong in ("nothing", "--upload-pack=x"):
        with pytest.raises(UsageError, match="no branch or commit"):
            against(found(topic).origin, wrong)


def test_the_remotes_default_branch_is_the_likely_base(project, tmp_path, git, found, commit):
    clone = tmp_path / "clone"
    git(tmp_path, "clone", f"file://{project}", str(clone))
    git(clone, "checkout", "-b", "topic")
    commit(clone, a="x\n")
    assert against(found(clone).origin).base == "main"


def test_on_the_base_itself_there_is_nothing_to_merge(project, found):
    with pytest.raises(UsageError, match=r"not clear|nothing to merge"):
        against(found(project).origin)


def test_a_detached_head_has_no_name_and_still_a_base(topic, found, git):
    git(topic, "checkout", "--detach")
    assert against(found(topic).origin, "main").name == ""


def test_a_shallow_clone_without_a_common_commit_says_how_to_go_on(project, tmp_path, git, found, commit):
    git(project, "checkout", "-b", "topic")
    commit(project, a="x\n")
    git(project, "checkout", "main")
    commit(project, b="y\n")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--depth=1", "--no-single-branch", f"file://{project}", str(clone))
    git(clone, "checkout", "topic")
    with pytest.raises(UsageError, match="no common commit") as error:
        against(found(clone).origin, "origin/main")
    assert "unshallow" in error.value.hint


def test_what_is_staged_is_told_with_counts_also_before_the_first_commit(tmp_path, git, found):
    git(tmp_path, "init")
    (tmp_path / "a").write_text("a\n")
    (tmp_path / "b").write_bytes(b"\0")
    git(tmp_path, "add", ".")
    told = of_index(found(tmp_path).origin).told(10_000)
    assert told.startswith("A a +1 -0\nA b binary\n\ndiff --git")


def test_a_difference_is_read_from_objects_alone(project, git, found, commit, tmp_path):
    commit(project, a="x\n")
    git(project, "config", "diff.external", f"touch {tmp_path}/sung")
    git(project, "config", "diff.default.textconv", f"touch {tmp_path}/sung; cat")
    assert "+x" in of_trees(found(project).origin, "HEAD~1", "HEAD").told(1_000)
    assert not (tmp_path / "sung").exists()


@given(st.lists(st.integers(0, 300), max_size=8), st.integers(0, 600))
def test_small_files_are_shown_whole_and_large_ones_share_what_is_left(sizes, limit):
    patches = [f"diff --git a/{n} b/{n}\n" + "+x\n" * size for n, size in enumerate(sizes)]
    told = shortened(patches, limit)
    assert len(told) <= limit + sum(90 for _ in sizes)
    assert all(f"a/{n} " in told for n in range(len(sizes)))
    smallest = min(patches, key=len, default="")
    if patches and len(smallest) <= limit // len(patches):
        assert smallest in told


@given(st.lists(st.text("+- ad\n", max_size=30), max_size=5))
def test_a_patch_is_split_into_its_files(bodies):
    patches = [f"diff --git a/x b/x\n{body}\n" for body in bodies]
    assert list(split_patch("".join(patches))) == patches


def test_many_files_are_listed_up_to_a_bound():
    from kimicode.events import FileChange

    files = tuple(FileChange(f"f{n}", "A", 1, 0) for n in range(100))
    assert "... and 40 more files" in Difference(files, ()).told(100)


def test_the_style_is_learnt_from_the_log(project, git, found):
    for subject in ("feat(parser): read tabs", "fix: leave quotes alone", "docs: say why", "fix: one", "fix: two"):
        git(project, "commit", "--allow-empty", "-m", subject)
    told = style_of(found(project).origin).told
    assert "They begin with a type" in told
    assert "Most are a first line alone." in told
    assert "- feat(parser): read tabs" in told


def test_a_style_with_bodies_and_without_prefixes_is_seen(project, git, found):
    for number in range(5):
        git(project, "commit", "--allow-empty", "-m", f"Größe {number} prüfen", "-m", "Weil es nötig ist.")
    told = style_of(found(project).origin).told
    assert "no type prefix" in told
    assert "Most have a body." in told
    assert "- Größe 4 prüfen" in told


def test_before_the_first_commit_there_is_no_style_and_no_history(tmp_path, git, found):
    git(tmp_path, "init")
    assert style_of(found(tmp_path).origin).told == ""
    assert commits(found(tmp_path).origin, ["HEAD"], 5) == []


@pytest.mark.parametrize(
    ("words", "slug"),
    [("Fix the parser, please, now and here", "fix-the-parser-please-now"), ("修复", "task"), ("", "task")],
)
def test_names_tell_what_they_are_for(words, slug):
    name = fresh_name(words)
    assert name.rpartition("-")[0] == slug
    assert fresh_name(words) != name
