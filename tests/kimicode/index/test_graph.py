"""The graph of a real little tree, kept in a file that may be damaged or gone."""

import pytest

from kimicode.index import graph
from kimicode.index.build import refresh
from kimicode.index.store import Store


def path_of(store, content):
    return store.connection.execute("SELECT path FROM file WHERE content = ?", (content,)).fetchone()[0].decode()


def test_files_point_at_those_whose_names_they_use(built, linked):
    assert linked(built) == {("app/main.py", "app/reader.py")}
    made = graph.make(built)
    best = max(range(len(made.ranks)), key=lambda place: made.ranks[place])
    assert path_of(built, made.contents[best]) == "app/reader.py"


def test_a_name_that_everybody_defines_leads_nowhere(store, tree, linked):
    for number in range(20):
        (tree / f"run{number}.py").write_text(f"def run(): pass\ndef run{number}(): pass\n")
    (tree / "caller.py").write_text("run()\nrun7()\n")
    refresh(store, tree, None)
    assert {target for source, target in linked(store) if source == "caller.py"} == {"run7.py"}


def test_a_file_that_came_later_has_an_average_rank(built):
    made = graph.make(built)
    assert made.place(10**9) == -1
    assert made.rank(10**9) == 1.0


def test_it_is_kept_until_the_index_changes(built, tree):
    first = graph.up_to_date(built)
    assert graph.load(built) == first
    (tree / "app/more.py").write_text("from app.reader import open_file\nopen_file(3)\n")
    refresh(built, tree, None)
    second = graph.up_to_date(built)
    assert second.generation == built.generation != first.generation
    assert len(second.contents) == len(first.contents) + 1


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: data[:-1], lambda data: b"x" + data, bytes.upper])
def test_a_damaged_file_is_no_graph_and_is_made_anew(built, damage):
    whole = graph.up_to_date(built)
    file = next(built.folder.glob("graph-*.bin"))
    file.write_bytes(damage(file.read_bytes()))
    assert graph.load(built) == graph.empty()
    assert graph.up_to_date(built) == whole


def test_a_folder_that_cannot_be_written_costs_only_the_keeping(built, tmp_path):
    made = graph.make(built)
    (built.folder / f"graph-{built.tree}.bin").mkdir()
    graph.save(built, made)
    assert graph.load(built) == graph.empty()


def test_another_work_tree_of_the_same_index_has_its_own(built, tree, tmp_path):
    other = tmp_path / "other"
    (other / "app").mkdir(parents=True)
    (other / "app/reader.py").write_bytes((tree / "app/reader.py").read_bytes())
    second = Store.open(built.folder, other)
    refresh(second, other, None)
    assert len(graph.up_to_date(second).contents) == 1
    assert len(graph.up_to_date(built).contents) == 4
    second.close()
