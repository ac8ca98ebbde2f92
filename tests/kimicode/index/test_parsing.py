"""One parser after the other: stopped, used again, asked by several threads, and without a growing memory."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from kimicode.index.parsing import matches, parse

LONG = b"table = [1, 2, (3, 4), run(5)]\n" * 20_000


def names(source, language="python"):
    tree = parse(source, language, 10.0)
    return [node.start_byte for _, found in matches(language, tree.root_node) for node in found.get("reference", [])]


def test_a_language_without_a_grammar_has_no_tree():
    assert parse(b"words", "text", 1.0) is None


def test_a_parse_that_was_stopped_leaves_nothing_behind():
    assert parse(LONG, "python", 0.0) is None
    assert names(b"run()\nwalk()\n") == [0, 6]


def test_a_short_text_after_a_long_one_is_not_mixed_with_it():
    assert len(names(LONG)) == 20_000
    assert names(b"a_name()") == [0]
    assert names(b"") == []


def test_several_threads_get_the_trees_of_their_own_texts():
    with ThreadPoolExecutor(4) as threads:
        sources = [b"x = 1\n" * number + b"run()" for number in range(40)]
        assert list(threads.map(names, sources)) == [[6 * number] for number in range(40)]


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc how much memory is used")
def test_memory_does_not_grow_with_what_was_parsed():
    def used():
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    size = len(LONG) // 4
    for _ in range(3):
        parse(bytes(bytearray(LONG[:size])), "python", 10.0)
    before = used()
    for _ in range(40):
        parse(bytes(bytearray(LONG[:size])), "python", 10.0)
    assert used() - before < 20 * size, "forty texts would be forty times that size"


def test_a_script_in_any_alphabet_does_not_end_the_process_and_keeps_its_names():
    # In a process of its own: what this guards against is a crash.
    code = "from pathlib import PurePath; from kimicode.index.syntax import first_error; "
    code += "[first_error(PurePath('a.sh'), '{' + chr(c)) for c in (0x102EAD, 0x1F600, 0xE9, 0x4E2D, 0x10FFFF)]"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
