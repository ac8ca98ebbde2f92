"""The document of promises names tests that exist, answers every class of attack, and its figures are counted."""

import re
from importlib import resources
from pathlib import Path

import pytest

from kimicode.agent.approval import MODES
from kimicode.cli.help import topics
from kimicode.workspace.sandbox import layers

TESTS = Path(__file__).parents[2]
CLASSES = 24
ESCAPES = TESTS / "kimicode" / "workspace" / "commands" / "escapes.txt"


def shipped(topic):
    return resources.files("kimicode").joinpath("docs", f"{topic}.md").read_text("utf-8")


def named_tests(text):
    return set(re.findall(r"`((?:kimicode|e2e)/[\w/]+\.py)`", text))


def test_every_test_that_is_named_exists_and_tests_something():
    for name in named_tests(shipped("security")):
        assert re.search(r"^(async )?def test_", (TESTS / name).read_text("utf-8"), flags=re.MULTILINE), name


def test_every_promise_names_its_tests():
    promised = shipped("security").partition("## Promised")[2].partition("## Not promised")[0]
    promises = re.split(r"^\d+\. ", promised, flags=re.MULTILINE)[1:]
    assert len(promises) > 10
    for promise in promises[:-1]:
        assert named_tests(promise), promise
    assert 'see "Fuzzing"' in promises[-1]


def test_every_class_of_attack_has_an_answer_and_those_with_one_a_test():
    rows = re.findall(r"^\| A(\d+) \| (.+) \| (.+) \| (.+) \|$", shipped("security"), flags=re.MULTILINE)
    assert [int(number) for number, *_ in rows] == list(range(1, CLASSES + 1))
    assert [number for number, _, _, tests in rows if not named_tests(tests)] == ["6"]


def test_promises_that_are_referred_to_exist():
    text = shipped("security")
    last = max(int(number) for number in re.findall(r"^(\d+)\. ", text, flags=re.MULTILINE))
    referred = [int(number) for each in re.findall(r"\((\d+(?:, \d+)*)\) \|", text) for number in each.split(", ")]
    assert referred
    assert max(referred) <= last


def test_the_number_of_known_ways_to_do_more_is_counted():
    ways = [line for line in ESCAPES.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    assert f"{len(ways)} known ways" in shipped("security")


@pytest.mark.parametrize("gap", [*layers.GAPS_OF_BUBBLEWRAP, layers.GAP_OF_ROOT, *layers.GAPS_OF_LANDLOCK])
def test_every_gap_of_a_layer_is_told_in_the_words_that_matter(gap):
    told = re.sub(r"\W+", " ", shipped("sandbox").lower())
    words = [word for word in re.findall(r"[a-z]{5,}", gap.lower()) if word not in ("command", "commands")]
    missing = [word for word in words if word not in told]
    assert len(missing) <= len(words) // 3, f"{gap}: {missing}"


def test_each_mode_has_its_line():
    table = shipped("modes").partition("\n\n- ")[0]
    assert [line.split()[0] for line in table.splitlines()[3:]] == list(MODES)


def test_they_are_topics_of_help():
    assert {"security", "sandbox", "modes"} <= set(topics())
