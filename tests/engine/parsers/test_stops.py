import random

from hypothesis import example, given
from hypothesis import strategies as st

from kimicode_engine.parsers.stops import StopScanner

SMALL = st.text("ab", max_size=12)


def scan(stops, fragments):
    """What is seen of a text that comes in fragments, and the stop string found in it."""
    scanner = StopScanner(tuple(stops))
    seen = "".join(map(scanner.feed, fragments))
    return (seen if scanner.hit else seen + scanner.flush()), scanner.hit


def plainly(stops, text):
    """The definition: the stop string that is complete first, the longest of several."""
    for end in range(1, len(text) + 1):
        complete = [stop for stop in stops if stop and text[:end].endswith(stop)]
        if complete:
            longest = max(complete, key=len)
            return text[: end - len(longest)], longest
    return text, None


def test_a_stop_string_ends_the_text_and_is_not_part_of_it():
    assert scan(["END"], ["some text END and more"]) == ("some text ", "END")


def test_a_stop_string_across_fragments_never_leaks():
    assert scan(["</answer>"], list("42</answer>ignored")) == ("42", "</answer>")


def test_what_only_begins_like_a_stop_string_comes_after_all():
    scanner = StopScanner(("\n\nUser:",))
    assert scanner.feed("a\n\nUs") == "a"
    assert scanner.feed("age") == "\n\nUsage"


def test_only_what_may_become_a_stop_string_is_held_back():
    scanner = StopScanner(("aaab",))
    assert scanner.feed("aaaaaa") == "aaa"
    assert scanner.flush() == "aaa"


def test_a_flush_starts_anew():
    scanner = StopScanner(("ab",))
    assert scanner.feed("a") + scanner.flush() + scanner.feed("b") == "ab"
    assert scanner.hit is None


def test_nothing_comes_after_a_hit():
    scanner = StopScanner(("x",))
    assert scanner.feed("axb") == "a"
    assert scanner.feed("more") == scanner.flush() == ""


@given(st.lists(SMALL, max_size=4), SMALL, st.randoms(use_true_random=False))
@example(["bab", "ab"], "abab", random.Random(0))
def test_any_cut_of_any_text_gives_what_the_definition_says(stops, text, cut):
    cuts = sorted(cut.sample(range(len(text) + 1), cut.randrange(len(text) + 1)))
    fragments = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert scan(stops, fragments) == plainly(stops, text)
