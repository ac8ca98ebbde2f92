"""Words of identifiers, questions and files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.index.identifiers import LONGEST, MOST_WORDS, STOP_WORDS, pieces, words_in, words_of


@pytest.mark.parametrize(
    ("identifier", "words"),
    [
        ("readFileSync", ["read", "file", "sync", "readfilesync"]),
        ("read_file", ["read", "file", "readfile"]),
        ("HTTPServer", ["http", "server", "httpserver"]),
        ("MAX_LINES", ["max", "lines", "maxlines"]),
        ("__init__", ["init"]),
        ("int4_experts", ["int", "experts", "int4experts"]),
        ("plain", ["plain"]),
        ("the", []),
        ("x", []),
        ("1234", []),
        ("größe_neu", ["größe", "neu"]),
        ("读取文件", ["读取", "取文", "文件"]),
    ],
)
def test_an_identifier_gives_its_parts_and_itself(identifier, words):
    assert sorted(pieces(identifier)) == sorted(words)


def test_a_question_and_a_file_give_the_same_words():
    assert set(words_of("where is readFile, for größe 文件?")) <= words_in("readFile(größe, 文件) where".encode())


def test_generated_data_has_no_more_words_than_the_most():
    data = " ".join(f"w{'abcdefghij'[number % 10]}{number}q" for number in range(3 * MOST_WORDS)).encode()
    assert MOST_WORDS / 2 < len(words_in(data)) <= 2 * MOST_WORDS


def test_encoded_data_gives_no_words():
    assert words_in(b"A" * (LONGEST + 1) + b" short") == {"short"}


@given(st.binary(max_size=2000))
def test_any_bytes_give_words_that_sqlite_takes(data):
    words = words_in(data)
    " ".join(words).encode("utf-8")
    assert not STOP_WORDS & words


@given(st.text(max_size=200))
def test_any_question_gives_words_that_sqlite_takes(text):
    for word in words_of(text):
        assert word.encode("utf-8")
        assert word == word.lower() or not word.isascii()
        assert '"' not in word
