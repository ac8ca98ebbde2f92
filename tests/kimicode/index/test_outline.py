"""What a file defines, as lines."""

import pytest

from kimicode.index.outline import CUT_OFF, MOST, NONE, PACKED, outline
from tests.fakes.indexed import SHOP


def test_definitions_stand_indented_under_their_lines():
    data = SHOP["shop/money.py"].encode()
    assert outline("money.py", data).splitlines() == [
        "1-5 class Money",
        "  4-5 def split_evenly(self, people)",
        "8-9 def divide(amount, parts)",
    ]


def test_markdown_has_its_sections():
    assert outline("a.md", SHOP["docs/money.md"].encode()).splitlines() == ["1-8 # Money", "  5-8 ## Splitting"]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("a.sh", "walk() {\n  rest\n}\n"),
        ("a.c", "int walk(int far) { return far; }\n"),
        ("a.h", "namespace zoo { void walk(int far); }\n"),
        ("a.cs", "class Dog { void walk(int far) { } }\n"),
        ("a.go", "package p\nfunc walk(far int) { }\n"),
        ("A.java", "class Dog { void walk(int far) { } }\n"),
        ("a.mjs", "function walk(far) { }\n"),
        ("a.md", "# How to walk\n"),
        ("a.php", "<?php function walk($far) { }\n"),
        ("a.pyi", "def walk(far: int) -> None: ...\n"),
        ("Rakefile", "def walk(far)\nend\n"),
        ("a.rs", "fn walk(far: u8) { }\n"),
        ("a.ts", "function walk(far: number): void { }\n"),
        ("a.tsx", "function walk(far: number) { return <a/>; }\n"),
        ("tool", "#!/usr/bin/env python3\ndef walk(far): pass\n"),
    ],
)
def test_every_language_has_an_outline(path, source):
    assert "walk" in outline(path, source.encode())


def test_a_file_in_another_encoding_has_one_too():
    assert outline("a.py", "def walk(): pass\n".encode("utf-16")) == "1 def walk()"
    assert outline("a.py", b"def walk(): '\xe9t\xe9'\n") == "1 def walk()"


def test_a_long_file_loses_values_first_then_what_lies_deep():
    values = "".join(f"V{i} = {i}\n" for i in range(100))
    methods = "".join(f"    def m{i}(self):\n        pass\n" for i in range(100))
    text = outline("a.py", f"{values}class Wide:\n{methods}".encode())
    assert "V1" not in text
    assert "def m99" in text
    assert text.endswith("[100 more definitions are not shown]")
    classes = "".join(f"class C{i}:\n    def m(self):\n        pass\n" for i in range(100))
    assert "def m" not in outline("a.py", classes.encode())
    assert outline("a.py", ("def f():\n    pass\n" * 1000).encode()).count("\n") == MOST


def test_a_file_that_was_not_read_to_its_end_is_not_said_to_be_empty():
    data = b"x = 1\n" * 100_000
    assert outline("a.py", data, time_box_s=0.01) == CUT_OFF.format(0.01)


def test_a_packed_file_says_so_and_one_without_definitions_does_as_well():
    assert outline("a.js", b"function a(){b()};" * 5_000) == PACKED
    assert outline("a.py", b"walk()\n") == outline("a.txt", b"words\n") == NONE
