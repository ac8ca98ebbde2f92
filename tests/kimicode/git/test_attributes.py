"""Attributes come from the .gitattributes files of a commit, and from nowhere else."""

import pytest

from kimicode.git import changes
from kimicode.git.attributes import given
from kimicode.git.repository import Repository
from tests.fakes.diffs import LINK, File, recorded

NAMES = ("linguist-generated", "linguist-vendored")


@pytest.fixture
def asked(tmp_path):
    """What the attribute files in a commit say of some paths."""

    def ask(files, *paths):
        before = {
            path: content if isinstance(content, File) else File(content.encode()) for path, content in files.items()
        }
        ((base, _),) = recorded(tmp_path / "repository", [(before, {})])
        repository = Repository.discover(tmp_path / "repository")
        return given(repository.origin, changes.entries(repository.origin, base), paths, NAMES)

    return ask


def test_nested_files_negations_and_values_count_as_git_has_them(asked):
    lines = ("*.gen linguist-generated", "kept.gen -linguist-generated", "api/** linguist-generated=true")
    top = "\n".join([*lines, "*.no linguist-generated=false", ""])
    files = {".gitattributes": top, "lib/.gitattributes": "* linguist-vendored\nown.c !linguist-vendored\n"}
    found = asked(files, "a.gen", "deep/b.gen", "kept.gen", "api/x/y.py", "x.no", "lib/z.c", "lib/own.c", "plain.py")
    assert found == {
        "a.gen": {"linguist-generated"},
        "deep/b.gen": {"linguist-generated"},
        "api/x/y.py": {"linguist-generated"},
        "lib/z.c": {"linguist-vendored"},
    }


@pytest.mark.parametrize(
    "name", ["two words.gen", "-dash.gen", ":(top)x.gen", 'quo"te.gen', "line\nbreak.gen", "\udcff.gen"]
)
def test_names_of_any_kind_can_be_asked_for(asked, name):
    assert asked({".gitattributes": "*.gen linguist-generated\n"}, name) == {name: {"linguist-generated"}}


def test_a_commit_without_attributes_and_a_link_in_their_place_say_nothing(asked):
    assert asked({"a.gen": "x"}, "a.gen") == {}


def test_a_link_in_their_place_is_not_followed(asked):
    assert asked({".gitattributes": File(b"other", LINK), "other": "*.gen linguist-generated\n"}, "a.gen") == {}


def test_the_work_tree_the_index_and_the_persons_settings_have_no_say(asked, tmp_path):
    root = tmp_path / "repository"
    files = {".gitattributes": "x linguist-generated\n"}
    assert asked(files, "x") == {"x": {"linguist-generated"}}
    (root / ".gitattributes").write_text("* linguist-vendored\n")
    (root / ".git/info").mkdir(exist_ok=True)
    (root / ".git/info/attributes").write_text("* linguist-vendored\n")
    (root / "attributes").write_text("* linguist-vendored\n")
    with (root / ".git/config").open("a") as config:
        config.write(f"[core]\n\tattributesFile = {root / 'attributes'}\n")
    repository = Repository.discover(root)
    entries = changes.entries(repository.origin, "refs/heads/c0")
    assert given(repository.origin, entries, ["x", "y"], NAMES) == {"x": {"linguist-generated"}}
