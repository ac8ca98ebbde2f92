"""Words of identifiers, questions and files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.index.identifiers import LONGEST, STOP_WORDS, body, pieces, spread, words_of


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
    assert set(words_of("where is readFile, for größe 文件?")) <= set(
        body("readFile(größe, 文件) where".encode()).split()
    )


def test_a_word_stands_in_the_body_once_for_each_identifier_that_has_it():
    words = body(b"read_file(read_bytes)").split()
    assert words.count("read") == 2
    assert words.count("readfile") == 1


def test_what_comes_often_counts_more_but_not_without_end():
    rare, common = body(b"alpha beta"), body(b"alpha " * 10_000 + b"beta")
    assert rare.split().count("alpha") == 1
    assert common.split().count("alpha") == 3


def test_encoded_data_gives_no_words():
    assert body(b"A" * (LONGEST + 1) + b" short") == "short"
    assert spread(["A" * (LONGEST + 1)]) == ""


@given(st.binary(max_size=2000))
def test_any_bytes_give_words_that_sqlite_takes(data):
    words = body(data)
    words.encode("utf-8")
    assert not STOP_WORDS & set(words.split())


@given(st.text(max_size=200))
def test_any_question_gives_words_that_sqlite_takes(text):
    for word in words_of(text):
        assert word.encode("utf-8")
        assert word == word.lower() or not word.isascii()
        assert '"' not in word
