"""The questions are what they claim to be, and recall is counted right."""

import pytest

from kimicode.benchmarks.search_quality import recall, table
from kimicode.benchmarks.search_questions import Question, from_changelog, from_docstrings, from_history
from kimicode.git.repository import Repository

CHANGELOG = """\
2022-04-13  A Person  <a@example.org>

\ttail: detect that standard output was closed
\tThis keeps it from running for ever.  See
\thttps://example.org/17
\t* src/tail.c (check): Poll.
\t* NEWS: Mention it.

\tcp: copy holes of sparse files faster
\t* src/copy.c (copy_reg):
\tSeek.
\t* src/gone.c: Likewise.

2022-04-12  A Person  <a@example.org>

\tmaint: update copyright year of all files
\t* src/tail.c: Update.

\t* src/tail.c: No reason given at all here.
"""


def test_a_change_log_asks_for_the_files_that_each_change_lists(tmp_path):
    source = tmp_path / "tool-1.0"
    for name in ("src/tail.c", "src/copy.c", "NEWS", "po/de.po", "configure"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(name)
    (source / "ChangeLog").write_text(CHANGELOG)
    corpus = from_changelog(source, tmp_path / "tree", 10)
    assert corpus.files == ("src/copy.c", "src/tail.c")  # nothing that repeats the question
    assert sorted((question.text, question.files) for question in corpus.questions) == [
        ("cp: copy holes of sparse files faster", ("src/copy.c",)),
        ("tail: detect that standard output was closed This keeps it from running for ever. See", ("src/tail.c",)),
    ]
    assert {path.name for path in (tmp_path / "tree").rglob("*.*")} == {"tail.c", "copy.c"}


def test_docstrings_are_asked_for_and_taken_out(tmp_path):
    source = tmp_path / "lib"
    source.mkdir()
    docstring = '    """Find the first of all things\n    that are there.\n\n    Slowly.\n    """\n'
    (source / "a.py").write_text(f'"""All about things."""\n\n\ndef f():\n{docstring}    return 1\n')
    (source / "broken.py").write_text("def (:\n")
    corpus = from_docstrings(source, tmp_path / "tree", 10)
    assert corpus.questions == (Question("Find the first of all things that are there.", ("a.py",)),)
    assert (tmp_path / "tree/a.py").read_text() == '""\n\n\ndef f():\n    ""\n\n\n\n\n    return 1\n'


def test_a_history_asks_for_the_files_of_its_commits(tmp_path):
    import git

    root = tmp_path / "project"
    with git.Repo.init(root) as repo:
        for number, message in enumerate(["Count the words of every line", "fix", "Print all totals at the very end"]):
            (root / f"f{number}.py").write_text(str(number))
            repo.index.add([f"f{number}.py"])
            repo.index.commit(message)
    found = Repository.discover(root)
    corpus = from_history(found, tmp_path / "tree", 10)
    assert sorted(question.files for question in corpus.questions) == [("f0.py",), ("f2.py",)]
    assert corpus.files == ("f0.py", "f1.py", "f2.py")


@pytest.mark.parametrize(
    ("found", "wanted", "share"),
    [
        (["a", "b"], ["a"], 1),
        (["b"], ["a"], 0),
        (["a"], ["a", "b"], 0.5),
        (list("abcdefghij"), list("abcdefghijkl"), 1),
    ],
)
def test_recall_is_the_share_that_ten_files_could_hold(found, wanted, share):
    assert recall(found, wanted) == share


def test_the_table_weighs_corpora_by_their_questions():
    rows = [
        {"corpus": c, "way": "ours", "questions": n, "recall": r, "other_questions": 1, "other_recall": r}
        for c, n, r in (("a", 1, 1.0), ("b", 3, 0.0))
    ]
    assert table(rows).splitlines()[2] == "| ours | 1.00 | 0.00 | 0.25 | 0.50 |"
