"""Whether a text parses, by the grammars of the index."""

import time
from pathlib import PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.index.syntax import first_error

WHOLE = {
    "a.go": "package a\n\nfunc f() int { return 1 }\n",
    "a.rs": "fn f() -> u32 { 1 }\n",
    "a.ts": "export const f = (x: number): number => x;\n",
    "a.tsx": "export const A = () => <b>{1}</b>;\n",
    "a.js": "function f() { return 1; }\n",
    "A.java": "class A { int f() { return 1; } }\n",
    "a.c": "int f(void) { return 1; }\n",
    "a.cpp": "namespace a { template <class T> T f(T x) { return x; } }\n",
    "a.cs": "class A { int F() => 1; }\n",
    "a.rb": "def f\n  1\nend\n",
    "a.php": "<?php function f() { return 1; }\n",
    "a.sh": 'f() { echo "$1"; }\n',
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_file_has_no_error_and_one_with_a_broken_line_has(name):
    text = WHOLE[name]
    assert first_error(PurePath(name), text) == 0
    assert first_error(PurePath(name), f"{text}\n}}}} ) (\n") > 0


def test_the_line_is_where_it_begins():
    assert first_error(PurePath("a.go"), "package a\n\nfunc f() {\n\tx := ]\n}\n") == 4


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a", "a.zig"])
def test_of_other_files_nothing_is_said(name):
    assert first_error(PurePath(name), "((((\n") == 0


def test_a_file_that_nobody_wrote_by_hand_is_left_alone():
    assert first_error(PurePath("a.js"), "(" * 600_000) == 0


@given(st.text(max_size=200))
def test_any_text_is_taken(text):
    assert 0 <= first_error(PurePath("a.ts"), text) <= text.count("\n") + 1


def test_a_text_that_is_hard_to_parse_costs_its_time_box_only():
    began = time.monotonic()
    first_error(PurePath("a.cpp"), "a<(" * 150_000)
    assert time.monotonic() - began < 20
