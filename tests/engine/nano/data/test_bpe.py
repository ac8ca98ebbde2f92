"""The vocabulary: learnt quickly, digits apart, and read by the engine exactly as it was learnt."""

import inspect
import textwrap

import regex  # type: ignore[import-untyped]

from kimicode_engine.tokenizer import PATTERN
from nano_training.data import bpe

TEXT = inspect.getsource(textwrap)


def test_texts_are_cut_as_the_engine_cuts_them():
    tokens = bpe.tokenizer(bpe.learn(bpe.count([TEXT]), 300))
    pieces = regex.findall(PATTERN, TEXT, regex.V1)
    assert "".join(pieces) == TEXT
    assert [token for piece in pieces for token in tokens.encode(piece)] == tokens.encode(TEXT)


def test_the_most_frequent_pair_comes_first_and_longer_words_follow():
    learnt = bpe.learn({b"return": 10, b"turn": 5, b"ret": 1}, 5)
    assert learnt[0] == b"rn"
    assert b"turn" in learnt


def test_no_token_joins_digits():
    learnt = bpe.learn(bpe.count(["x = 100\ny = 100\n"] * 50 + ["v12 v12 v12"]), 50)
    assert learnt
    assert not [token for token in learnt if any(byte in b"0123456789" for byte in token)]


def test_fewer_tokens_than_asked_where_the_text_gives_no_more():
    assert bpe.learn({b"ab": 3}, 10) == [b"ab"]


def test_the_same_words_give_the_same_tokens_in_any_order():
    words = bpe.count([TEXT])
    backwards = dict(reversed(words.items()))
    assert bpe.learn(words, 200) == bpe.learn(backwards, 200)


def test_shares_count_instead_of_sizes():
    assert bpe.scaled({b"a": 1, b"b": 3}, 400) == {b"a": 100, b"b": 300}
    assert bpe.scaled({b"a": 1, b"b": 10_000}, 10)[b"a"] == 1
