"""What a file defines, as lines."""

from kimicode.index.outline import MOST, outline
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


def test_a_file_without_definitions_has_no_outline():
    assert outline("a.txt", b"words\n") == ""
    assert outline("a.py", b"") == ""


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
