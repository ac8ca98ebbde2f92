"""What of a changed file is shown: whole functions where they are short, and every changed line once."""

import difflib
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.git import changes
from kimicode.git.repository import Repository
from kimicode.index.symbols import definitions_of
from kimicode.review import diff
from kimicode.review.change import ChangedFile
from kimicode.review.diff import hunks
from kimicode.review.excerpts import LARGEST, WHOLE, Outline, Sheet, excerpts
from tests.fakes.diffs import random_change, recorded

SHOP = """\
import json
from shop import (
    prices,
    taxes,
)

RATE = 0.2
UNUSED = 1


class Cart:
    \"\"\"Items.\"\"\"

    size = 3

    @property
    def total(self):
        net = sum(prices.of(item) for item in self.items)
        return net + tax(net)

    def clear(self):
        self.items = []


def tax(net):
    return net * RATE


def unrelated():
    return json.dumps({})
"""


def changed(before: str, after: str, context: int = 3) -> ChangedFile:
    patch = difflib.unified_diff(before.splitlines(), after.splitlines(), n=context, lineterm="")
    text = "\n".join(list(patch)[2:]) + "\n"
    return ChangedFile("shop.py", "shop.py", "modified", "100644", "100644", False, hunks(text))


def sheet_of(before: str, after: str) -> Sheet:
    return Sheet.of(changed(before, after), diff.lines(after.encode()))


def found(before: str, after: str, language: str = "python"):
    sheet = sheet_of(before, after)
    outline = Outline(sheet, definitions_of(after.encode(), language) or ())
    return sheet, excerpts(outline)


def shown(sheet, excerpt):
    return [sheet.lines[at].text for at in sorted(excerpt.shown)]


def test_a_sheet_has_the_new_lines_in_order_and_the_removed_ones_where_they_stood():
    sheet = sheet_of("a\nb\nc\nd\n", "a\nB\nc\nd\ne\n")
    told = [(line.kind, line.old, line.new, line.text) for line in sheet.lines]
    assert told == [
        (" ", 1, 1, "a"),
        ("-", 2, 0, "b"),
        ("+", 0, 2, "B"),
        (" ", 3, 3, "c"),
        (" ", 4, 4, "d"),
        ("+", 0, 5, "e"),
    ]


def test_a_file_that_changed_meanwhile_is_shown_by_its_hunks_alone():
    file = changed("".join(f"{n}\n" for n in range(50)), "".join(f"{n}\n" for n in range(50) if n != 40))
    sheet = Sheet.of(file, ["another", "file"])
    assert [line.text for line in sheet.lines] == ["37", "38", "39", "40", "41", "42", "43"]


def test_a_change_in_a_method_shows_all_of_it_its_decorator_and_its_class():
    sheet, (excerpt,) = found(SHOP, SHOP.replace("net + tax(net)", "net - tax(net)"))
    lines = shown(sheet, excerpt)
    assert lines[lines.index("    @property") :][:5] == [
        "    @property",
        "    def total(self):",
        "        net = sum(prices.of(item) for item in self.items)",
        "        return net + tax(net)",
        "        return net - tax(net)",
    ]
    assert "class Cart:" in lines
    assert [one.name for one in excerpt.touched] == ["total"]


def test_what_the_function_uses_of_its_file_is_shown_and_what_it_does_not_use_is_not():
    sheet, (excerpt,) = found(SHOP, SHOP.replace("net + tax(net)", "net - tax(net)"))
    lines = shown(sheet, excerpt)
    assert {"def tax(net):", "    return net * RATE", "    prices,"} <= set(lines)
    assert not {"    taxes,", "import json", "UNUSED = 1", "def unrelated():"} & set(lines)


def test_of_a_long_function_that_is_used_the_head_is_shown():
    long = SHOP.replace("def tax(net):\n", "def tax(net):\n" + "    net += 1\n" * 20)
    sheet, (excerpt,) = found(long, long.replace("net + tax(net)", "net - tax(net)"))
    assert "def tax(net):" in shown(sheet, excerpt)
    assert "    net += 1" not in shown(sheet, excerpt)


def test_a_change_inside_a_value_shows_its_name():
    table = "\n".join(["TABLE = {", *(f"    {number}: {number}," for number in range(80)), "}", ""])
    sheet, (excerpt,) = found(table, table.replace("    60: 60,", "    60: 61,"))
    lines = shown(sheet, excerpt)
    assert lines[0] == "TABLE = {"
    assert "    60: 61," in lines
    assert len(lines) < 20
    assert [one.name for one in excerpt.touched] == ["TABLE"]


def test_a_constant_that_a_changed_function_uses_is_shown():
    sheet, (excerpt,) = found(SHOP, SHOP.replace("net * RATE", "net / RATE"))
    assert "RATE = 0.2" in shown(sheet, excerpt)


def test_two_changes_in_one_function_are_one_place_and_two_functions_are_two():
    both = SHOP.replace("net = sum", "net = max").replace("net + tax(net)", "net")
    assert len(found(SHOP, both)[1]) == 1
    apart = SHOP.replace("net = sum", "net = max").replace("json.dumps({})", "None")
    assert [[one.name for one in each.touched] for each in found(SHOP, apart)[1]] == [["total"], ["unrelated"]]


def test_a_removed_function_stands_where_it_stood():
    sheet, (excerpt,) = found(SHOP, SHOP.replace("def tax(net):\n    return net * RATE\n\n\n", ""))
    removed = [sheet.lines[at].text for at in excerpt.changed]
    assert "def tax(net):" in removed
    assert "def unrelated():" in shown(sheet, excerpt)


def test_of_a_long_function_what_is_near_the_change_is_shown_with_its_head():
    body = "".join(f"    x{n} = {n}\n" for n in range(3 * WHOLE))
    text = f"def long(\n    first,\n    second,\n):\n{body}"
    sheet, (excerpt,) = found(text, text.replace("x200 = 200", "x200 = 201"))
    lines = shown(sheet, excerpt)
    assert lines[:4] == ["def long(", "    first,", "    second,", "):"]
    assert "    x200 = 200" in lines
    assert "    x200 = 201" in lines
    assert len(lines) < 25


def test_a_new_file_of_thousands_of_lines_is_cut_between_its_functions():
    text = "".join(f"def f{n}(x):\n" + "    x += 1\n" * 20 + "\n\n" for n in range(200))
    sheet, found_ones = found("", text)
    assert len(found_ones) > 20
    for excerpt in found_ones:
        assert len(excerpt.changed) <= LARGEST
        assert sheet.lines[excerpt.changed[0]].text.startswith("def f")


def test_a_long_list_without_functions_is_cut_all_the_same():
    _, found_ones = found("", "".join(f"x{n} = {n}\n" for n in range(1_000)))
    assert max(len(excerpt.changed) for excerpt in found_ones) <= LARGEST


def test_of_many_removed_lines_the_first_and_last_are_shown():
    before = "".join(f"x{n} = {n}\n" for n in range(500))
    sheet, (excerpt,) = found(before, "x0 = 0\n")
    assert len(excerpt.changed) == 499
    lines = shown(sheet, excerpt)
    assert len(lines) < 80
    assert "x1 = 1" in lines
    assert "x499 = 499" in lines


def test_a_type_on_the_line_above_belongs_to_a_function():
    text = "static int\nnext(int at)\n{\n    return at;\n}\n"
    sheet, (excerpt,) = found(text, text.replace("return at", "return at + 1"), "c")
    assert shown(sheet, excerpt)[:2] == ["static int", "next(int at)"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def f(a): pass\n" * 8_000, "def f(a): pass\nf(1)\n" * 8_000),
        ("", "".join(f"def f{n}(): return f{n + 1}()\n" for n in range(8_000))),
        (
            "".join(f"import m{n}\nx{n} = m{n}\n\n\n" for n in range(1_000)),
            "".join(f"import m{n}\n\n" for n in range(1_000)),
        ),
        ("", "".join(" " * n + f"def f{n}():\n" for n in range(500))),
    ],
    ids=["many", "new", "imports", "deep"],
)
def test_a_file_with_thousands_of_definitions_takes_no_square_of_time(before, after):
    _, found_ones = found(before, after)
    assert len(found_ones) >= 1


@pytest.mark.parametrize("language", ["python", "text", "javascript", "c"])
def test_nothing_to_parse_is_no_reason_to_fail(language):
    sheet, found_ones = found("def (\n{", "}}}\nclass \\\n", language)
    assert sum(len(excerpt.changed) for excerpt in found_ones) == sum(line.kind != " " for line in sheet.lines)


@given(st.integers(0, 10**9))
def test_every_changed_line_is_in_exactly_one_place_and_shown_or_one_of_many_removed(seed):
    random = Random(seed)
    names = [f"def f{n}():\n" for n in range(30)]
    before = "".join(random.choice(names) + "    x = 1\n" * random.randint(0, 300) for _ in range(random.randint(0, 8)))
    lines = before.splitlines(keepends=True)
    for _ in range(random.randint(1, 12)):
        at = random.randint(0, len(lines))
        lines[at : at + random.randint(0, 5)] = [random.choice([*names, "    y = 2\n"])] * random.randint(0, 200)
    sheet, found_ones = found(before, "".join(lines))
    expected = [at for at, line in enumerate(sheet.lines) if line.kind != " "]
    assert sorted(at for excerpt in found_ones for at in excerpt.changed) == expected
    for excerpt in found_ones:
        assert all(at in excerpt.shown for at in excerpt.changed if sheet.lines[at].kind == "+")


def test_the_sheet_of_a_real_change_is_the_new_file_line_by_line(tmp_path):
    pairs = [random_change(Random(seed)) for seed in range(30)]
    ids = recorded(tmp_path / "repository", pairs)
    repository = Repository.discover(tmp_path / "repository")
    for (base, head), (before, after) in zip(ids, pairs, strict=True):
        for file in diff.parse(changes.patch(repository.origin, base, head)):
            if file.path in after and file.hunks and file.status != "type":
                new, old = (
                    diff.lines(after[file.path].data),
                    diff.lines(before.get(file.old_path, after[file.path]).data),
                )
                sheet = Sheet.of(file, new)
                assert [line.text for line in sheet.lines if line.new] == new
                assert [line.new for line in sheet.lines if line.new] == list(range(1, len(new) + 1))
                if file.status != "added":
                    assert [line.text for line in sheet.lines if line.old] == old
                    assert [line.old for line in sheet.lines if line.old] == list(range(1, len(old) + 1))
