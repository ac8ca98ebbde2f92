"""What of a change counts as its author's words, and which repetitions of them are seen."""

from hypothesis import given
from hypothesis import strategies as st

from kimicode.review.borrowed import Borrowed, authors_code, authors_words
from kimicode.review.change import Change, ChangedFile, Hunk, Line

LINES = (
    Line(" ", 1, 1, "# kept from before"),
    Line("-", 2, 0, "# gone with this change"),
    Line("+", 0, 2, 'raise ValueError("no such cart")  # as agreed'),
    Line("+", 0, 3, "for item in items: count += price[item]"),
    Line("+", 0, 4, "   A sentence that goes"),
    Line("+", 0, 5, "on"),
    Line("+", 0, 6, "in the next line."),
)
FILE = ChangedFile("a.py", "a.py", "modified", "100644", "100644", False, (Hunk(1, 2, 1, 6, "", LINES),))
CHANGE = Change("a" * 40, "b" * 40, (FILE,), "The title", "The description", ("A commit",))


def test_title_description_commits_names_comments_strings_and_sentences_are_words():
    words = list(authors_words(CHANGE))
    assert words[:4] == ["The title", "The description", "A commit", "a.py"]
    assert "no such cart" in words[4]
    assert "as agreed" in words[4]
    assert "A sentence that goes on in the next line" in words[5]


def test_what_was_there_before_is_nobodys():
    assert "kept" not in " ".join(authors_words(CHANGE))
    assert "gone" not in " ".join(authors_words(CHANGE))


def test_all_added_lines_are_code():
    (code,) = authors_code(CHANGE)
    assert code.split("\n") == [line.text for line in LINES[2:]]


def test_five_words_are_anybodys_and_six_are_not():
    hay = Borrowed(["one two three four five six seven"])
    assert not hay.lends("one two three four five")
    assert not hay.lends("one two three and four five six")
    assert hay.lends("TWO, three; four (five) six-seven")


def test_words_are_whole():
    assert not Borrowed(["one two three four five sixteen"]).lends("one two three four five six")


def test_runs_do_not_reach_from_one_text_into_another():
    assert not Borrowed(["one two three", "four five six"]).lends("one two three four five six")


def test_nothing_lends_nothing():
    assert not Borrowed([]).lends("one two three four five six seven")
    assert not Borrowed(["", "  "]).lends("")


@given(st.text(min_size=1), st.text(max_size=20), st.text(max_size=20))
def test_a_long_text_is_seen_within_any_other(text, before, after):
    hay = Borrowed([text])
    assert hay.lends(f"{before} {text} {after}") == hay.lends(text)
