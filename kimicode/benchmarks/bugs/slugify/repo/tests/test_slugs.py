import pytest

from slugs import is_slug, slugify, unique_slug


def test_accents_and_punctuation():
    assert slugify("Crème brûlée, twice!") == "creme-brulee-twice"


def test_long_titles_end_at_a_word():
    assert slugify("one two three four", max_length=10) == "one-two"


@pytest.mark.parametrize("text", ["a", "a-b", "2024-in-review"])
def test_slugs_are_recognised(text):
    assert is_slug(text)


@pytest.mark.parametrize("text", ["", "-a", "A", "a--b", "a b", "a/../b", "news?id=3"])
def test_others_are_not(text):
    assert not is_slug(text)


def test_a_taken_slug_gets_a_number():
    assert unique_slug("Hello", {"hello", "hello-2"}) == "hello-3"
    assert unique_slug("Hello", set()) == "hello"
