"""When nothing matches, the model is shown where it probably meant, and what differs."""

import time

import pytest

from kimicode.workspace.nearest import nearest

LINES = ["import os", "", "def greet(name):", '    message = "Hello, " + name', "    return message", "# the end"]


@pytest.mark.parametrize(
    ("old", "reason"),
    [
        ('def greet(name):\n  message = "Hello, " + name\n    return message', "whitespace only"),
        ("    message = 'Hello, ' + name", "quotes only"),
        ("    message = “Hello, ” + name", "typographic"),
        ("DEF GREET(NAME):", "case only"),
        ('    message = \\"Hello, \\" + name', "escaping only"),
        ('def greet(name):\n    message = "Hi, " + name', "line 4, where old_str has"),
        ("    return message\n# the end\nmore", "goes on after line 6"),
    ],
)
def test_the_difference_is_named(old, reason):
    assert reason in nearest(LINES, old)


def test_the_lines_come_with_their_numbers():
    assert "3\tdef greet(name):" in nearest(LINES, "def greet(nam):\n    massage = 1")


def test_bytes_that_only_look_like_replacement_characters_are_explained():
    line = b"name = caf\xff and more".decode("utf-8", "surrogateescape")
    shown = nearest([line], "name = caf\ufffd and more")
    assert "bytes without a character" in shown
    assert shown.encode()


def test_at_most_fifteen_lines_are_shown():
    lines = [f"value_{n} = {n}" for n in range(100)]
    shown = nearest(lines, "\n".join([*lines[20:60], "changed"]))
    assert len(shown.splitlines()) == 16


def test_nothing_similar_gives_nothing():
    assert nearest(LINES, "SELECT zebra FROM zoo") == ""
    assert nearest([], "x") == ""
    assert nearest(LINES, "%%%") == ""


@pytest.mark.parametrize("count", [10_000, 100_000])
def test_a_long_file_is_searched_quickly(count):
    lines = [f"    result_{n % 97} = compute(value_{n}, other, {n})" for n in range(count)]
    old = "\n".join(f"    result_{n} = compute(value_{n}, another, {n})" for n in range(40))
    began = time.process_time()
    nearest(lines, old)
    assert time.process_time() - began < 1
