"""What the index answers."""

import pytest

from kimicode.index.build import refresh
from kimicode.index.database import NAME, DamagedIndex
from kimicode.index.store import Reference, Store


def test_a_symbol_is_found_by_its_name(built):
    (reader,) = built.definitions("FileReader")
    assert (reader.path, reader.kind, reader.line, reader.end_line) == ("app/reader.py", "class", 6, 10)
    assert reader.signature == "class FileReader(Base)"
    (method,) = built.definitions("read_lines")
    assert (method.kind, method.container) == ("method", "FileReader")


def test_a_beginning_finds_every_name_that_has_it(built):
    assert [one.name for one in built.definitions("read", prefix=True)] == ["reader", "read_lines"]
    assert built.definitions("read") == []
    assert built.definitions("READ", prefix=True) == []


def test_wildcards_in_a_name_are_letters_like_others(built):
    assert built.definitions("%", prefix=True) == []
    assert built.definitions("read%") == []


def test_a_file_tells_its_symbols_in_order(built):
    assert [one.name for one in built.symbols_of("app/reader.py")] == ["LIMIT", "FileReader", "read_lines", "open_file"]
    assert [one.name for one in built.symbols_of("docs/guide.md")] == ["Guide", "Install"]
    assert built.symbols_of("absent.py") == []


def test_references_come_with_their_lines(built):
    assert built.references("open_file") == [
        Reference("open_file", "app/main.py", 1),
        Reference("open_file", "app/main.py", 4),
        Reference("open_file", "app/main.py", 5),
        Reference("open_file", "app/reader.py", 10),
    ]


def test_words_find_files_by_content_names_and_path(built, asked):
    assert asked(built, "tokenizer") == ["notes.txt"]
    assert asked(built, "file reader")[0] == "app/reader.py"
    assert asked(built, "guide")[0] == "docs/guide.md"
    assert asked(built, "tokenizers") == ["notes.txt"], "other forms of a word count, too"


@pytest.mark.parametrize("question", ['"', "NOT", "a AND b", "words:x", "*", "^", "(", "\udc80", "\0", "", "NEAR(a b)"])
def test_no_question_is_taken_as_the_query_language(built, asked, question):
    asked(built, question)


def test_files_tell_language_and_size(built):
    rows = {row.path: row for row in built.files()}
    assert list(rows) == ["app/main.py", "app/reader.py", "docs/guide.md", "notes.txt"]
    assert rows["notes.txt"].language == "text"
    assert rows["notes.txt"].size == len("the tokenizer splits words\n")


def test_the_generation_grows_when_something_else_can_be_found_and_no_other_time(built, tree, asked):
    before = built.generation
    refresh(built, tree, None)
    (tree / "notes.txt").write_bytes((tree / "notes.txt").read_bytes())
    refresh(built, tree, None)
    asked(built, "read")
    assert built.generation == before
    (tree / "notes.txt").write_text("other\n")
    refresh(built, tree, None)
    assert built.generation > before


def test_two_work_trees_share_contents_and_see_their_own_files(tmp_path, built, tree, asked):
    other = tmp_path / "other"
    (other / "lib").mkdir(parents=True)
    (other / "lib/moved.py").write_bytes((tree / "app/reader.py").read_bytes())
    (other / "own.py").write_text("def only_here(): pass\n")
    second = Store.open(built.folder, other)
    contents = built.connection.execute("SELECT count(*) FROM content").fetchone()[0]
    refresh(second, other, None)
    assert built.connection.execute("SELECT count(*) FROM content").fetchone()[0] == contents + 1
    assert [one.path for one in second.definitions("FileReader")] == ["lib/moved.py"]
    assert [one.path for one in built.definitions("FileReader")] == ["app/reader.py"]
    assert built.definitions("only_here") == []
    assert asked(second, "reader") == ["lib/moved.py"]
    second.close()


def test_an_index_of_another_version_or_no_database_is_called_damaged(tmp_path, built, tree):
    built.connection.execute("PRAGMA user_version=999")
    with pytest.raises(DamagedIndex, match="version"):
        Store.open(built.folder, tree)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / NAME).write_bytes(b"this is no database at all, not even a bit of one" * 100)
    with pytest.raises(DamagedIndex):
        Store.open(tmp_path / "bad", tree)
