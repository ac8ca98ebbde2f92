"""Two trees compared and read from objects alone, whatever the repository asks git for."""

import pytest

from kimicode.git import changes
from kimicode.git.command import GitError
from kimicode.git.shadow import Shadow


@pytest.fixture
def differing(project, git, found):
    """The patch of the two newest commits, as `changes` tells it."""

    def patch() -> str:
        base, head = git(project, "rev-parse", "HEAD~1", "HEAD").split()
        return changes.patch(found(project).origin, base, head).decode()

    return patch


def test_a_patch_names_moved_files_and_shows_what_changed(project, git, commit, differing):
    git(project, "mv", "b", "moved")
    commit(project, a="1\n2\nthree\n")
    assert "rename from b\nrename to moved\n" in differing()
    assert "--- a/a\n+++ b/a\n@@ -1,3 +1,3 @@\n 1\n 2\n-3\n+three\n" in differing()


def test_attributes_of_the_change_cannot_hide_code_as_binary(project, commit, differing):
    (project / ".git/info/attributes").write_text("* -diff\n")
    commit(project, **{".gitattributes": "* binary\n", "a": "1\n2\nbad\n"})
    assert "+bad" in differing()


def test_nothing_that_a_repository_names_is_started(project, git, commit, differing, tmp_path):
    git(project, "mv", "b", "moved")
    commit(project, a="1\n")
    trap = tmp_path / "sprung"
    for key in ("diff.external", "diff.x.command", "diff.x.textconv", "filter.x.clean", "core.fsmonitor", "core.pager"):
        git(project, "config", key, f"touch '{trap}';")
    git(project, "config", "diff.renames", "false")
    (project / ".git/info/attributes").write_text("* diff=x filter=x\n")
    assert "rename to moved" in differing()
    assert not trap.exists()


@pytest.mark.parametrize(
    ("key", "value"),
    [("diff.noprefix", "true"), ("diff.mnemonicPrefix", "true"), ("diff.context", "0"), ("color.ui", "always")],
)
def test_how_a_person_likes_their_differences_does_not_matter(project, git, commit, differing, key, value):
    git(project, "config", key, value)
    commit(project, a="1\n2\nthree\n")
    assert "--- a/a\n+++ b/a\n@@ -1,3 +1,3 @@\n 1\n" in differing()


def test_a_file_beyond_every_measure_has_no_lines_and_is_not_read(project, commit, differing, git, found):
    large = "x\n" * changes.LARGEST_BYTES
    commit(project, a="changed\n", large=large)
    assert "+changed" in differing()
    assert "Binary files /dev/null and b/large differ" in differing()
    origin = found(project).origin
    held = changes.entries(origin, "HEAD")
    assert dict(changes.read(origin, [held["large"].id, held["a"].id])) == {held["a"].id: b"changed\n"}


def test_a_difference_is_told_in_a_linked_work_tree_and_with_sha256_too(tmp_path, git, found):
    root, linked = tmp_path / 'ro"ot\\', tmp_path / "linked"
    root.mkdir()
    git(root, "init", "--object-format=sha256", "--initial-branch=main")
    for text in ("one\n", "two\n"):
        (root / "a").write_text(text)
        git(root, "add", "a")
        git(root, "commit", "-qm", text)
    git(root, "worktree", "add", "-q", str(linked))
    base, head = git(root, "rev-parse", "HEAD~1", "HEAD").split()
    assert b"-one\n+two\n" in changes.patch(found(linked).origin, base, head)


def test_entries_are_files_links_and_submodules_under_any_name(project, git, commit, found):
    (project / "two\nlines").symlink_to("a")
    git(project, "update-index", "--add", "--cacheinfo", f"160000,{git(project, 'rev-parse', 'HEAD')},sub")
    git(project, "add", "two\nlines")
    git(project, "commit", "-qm", "more")
    held = changes.entries(found(project).origin, "HEAD")
    assert {path: entry.mode for path, entry in held.items()} == {
        "a": "100644",
        "b": "100644",
        "sub": "160000",
        "two\nlines": "120000",
    }


def test_a_tree_that_only_a_shadow_holds_is_compared_with_its_objects(project, found, tmp_path, git):
    (project / "a").write_text("not committed\n")
    origin = found(project).origin
    shadow = Shadow.create(origin, tmp_path / "shadow")
    shadow.run(["add", "--all"])
    tree = shadow.run(["write-tree"]).line
    head = git(project, "rev-parse", "HEAD")
    assert b"+not committed\n" in changes.patch(origin, head, tree, more=[shadow.git_dir / "objects"])
    assert changes.entries(shadow, tree).keys() == {"a", "b"}
    with pytest.raises(GitError):
        changes.patch(origin, head, tree)


def test_a_clone_without_the_contents_of_files_is_explained_and_nothing_is_fetched(
    project, git, commit, found, tmp_path
):
    commit(project, a="another\n")
    git(project, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--no-checkout", "--filter=blob:none", project.as_uri(), "partial")
    base, head = git(project, "rev-parse", "HEAD~1", "HEAD").split()
    with pytest.raises(GitError, match="--filter"):
        changes.patch(found(tmp_path / "partial").origin, base, head)


def test_blobs_are_read_in_portions_and_what_is_not_there_is_left_out(project, commit, found, git):
    texts = {f"f{number}": f"{number}\n" * 900_000 for number in range(10)}
    commit(project, **texts, empty="")
    origin = found(project).origin
    held = changes.entries(origin, "HEAD")
    assert sum(map(len, texts.values())) > changes.BATCH_BYTES
    ids = [held[name].id for name in texts]
    read = dict(changes.read(origin, [*ids, "0" * 40, git(project, "rev-parse", "HEAD"), held["empty"].id, *ids]))
    assert read == {**{held[name].id: text.encode() for name, text in texts.items()}, held["empty"].id: b""}
    assert dict(changes.read(origin, [])) == {}


def test_subjects_are_those_of_the_commits_between_newest_first(project, git, found):
    base = git(project, "rev-parse", "HEAD")
    for subject in ("one", "two\nlines", "", "ümlaut"):
        git(project, "commit", "--allow-empty", "--allow-empty-message", "-m", subject)
    origin = found(project).origin
    assert changes.subjects(origin, base, "HEAD", 10) == ("ümlaut", "", "two lines", "one")
    assert changes.subjects(origin, base, "HEAD", 1) == ("ümlaut",)
    assert changes.subjects(origin, "HEAD", "HEAD", 10) == ()


def test_messages_are_whole_and_name_who_made_the_commits(project, git, found):
    base = git(project, "rev-parse", "HEAD")
    git(project, "commit", "--allow-empty", "-m", "one\n\nand more", "--author=Eve <eve@example.org>")
    (message,) = changes.messages(found(project).origin, base, "HEAD", 10)
    assert message.startswith("one\n\nand more\n")
    assert "Eve" in message
