"""Who uses what a change touches, which tests there are, and what it calls: by words and by the index alike."""

import contextlib

import pytest

from kimicode.index.build import refresh
from kimicode.index.store import Store
from kimicode.review.mentions import Wanted, by_index, by_words, imports_of
from kimicode.review.neighbours import Files, neighbours

TREE = {
    "shop/money.py": "class Money:\n    def split(self, people):\n        return divide(self, people)\n\n\n"
    "def divide(amount, parts):\n    return amount / parts\n\n\ndef twice(amount):\n    return divide(amount, 2)\n",
    "shop/cart.py": "from shop.money import Money, divide\n\n\ndef total(cart):\n"
    "    share = divide(cart, 3)\n    return share\n",
    "shop/report.py": "import json\n\n\ndef divide(text):\n    return json.dumps(text).split()\n",
    "shop/notes.py": "from shop.money import Money\n\n# divide: see the handbook\ntext = 'divide'\nshow(divide=1)\n",
    "tests/test_money.py": "from shop.money import divide\n\n\ndef test_divide():\n    assert divide(4, 2) == 2\n",
    "web/store.js": "import { open } from './net.js'\n\nexport function save(x) {\n  return open(x)\n}\n",
    "web/net.js": "export function open(url) {\n  return fetch(url)\n}\n",
    "go/a.go": "package go\n\nfunc Area(x int) int {\n\treturn x\n}\n",
    "go/cmd/main.go": 'package main\n\nimport (\n\t"fmt"\n\t"example.org/x/go"\n)\n\n'
    "func main() {\n\tfmt.Println(go.Area(1))\n}\n",
    "go/b.go": "package go\n\nfunc Two() int {\n\treturn Area(2)\n}\n",
}


@pytest.fixture
def tree(tmp_path):
    for path, text in TREE.items():
        (tmp_path / "tree" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / path).write_text(text)
    return tmp_path / "tree"


def wanted(path, *changed, called=(), shown=()):
    imports = imports_of(TREE.get(path, ""))
    return Wanted(path, tuple(changed), tuple(called), frozenset(shown), imports)


def by_the_index(tree, one):
    with contextlib.closing(Store.open(tree.parent / "index", tree)) as store:
        refresh(store, tree, None)
        return by_index(store, [one])


@pytest.fixture(params=["words", "index"])
def around(request, tree):
    """What lies around a place, by both ways to find out."""

    def find(one):
        mentions = by_words(tree, [one]) if request.param == "words" else by_the_index(tree, one)
        return neighbours(Files(tree), one, mentions)

    return find


def told(found):
    return [(one.kind, one.path) for one in found]


def test_those_who_use_a_function_and_its_tests_are_found(around):
    found = around(wanted("shop/money.py", ("divide", ""), shown=range(6, 8)))
    assert told(found) == [("used", "shop/money.py"), ("used", "shop/cart.py"), ("tested", "tests/test_money.py")]
    assert (5, "    share = divide(cart, 3)") in found[1].lines
    assert [number for number, _ in found[1].lines] == [3, 4, 5, 6]


def test_what_has_only_the_name_in_common_is_not_told(around):
    assert "shop/report.py" not in [path for _, path in told(around(wanted("shop/money.py", ("divide", ""))))]


def test_words_of_comments_texts_and_keywords_are_no_uses(around):
    assert "shop/notes.py" not in [path for _, path in told(around(wanted("shop/money.py", ("divide", ""))))]


@pytest.mark.parametrize(
    ("path", "line", "counts"),
    [
        ("a.py", "x = y * RATE[0] // 2", True),
        ("a.py", "x = 7 // RATE", True),
        ("a.py", "x = 7  # RATE", False),
        ("a.py", "f('RATE')", False),
        ("a.py", "if x == RATE: pass", True),
        ("a.py", "RATE = 3", False),
        ("a.py", "f(RATE=3)", False),
        ("a.py", "x = RATE == 3", True),
        ("a.js", "x = 7 // RATE", False),
        ("a.js", " * RATE in a comment", False),
        ("a.js", "x = y * RATE", True),
        ("a.py", "class RATE:", False),
        ("a.py", "x = RATES", False),
    ],
)
def test_a_line_counts_where_its_code_has_the_name(tmp_path, path, line, counts):
    (tmp_path / path).write_text(f"first\n{line}\n")
    assert list(Files(tmp_path).uses(path, "RATE")) == ([2] if counts else [])


def test_lines_that_are_shown_anyway_are_not_told_again(around):
    found = around(wanted("shop/money.py", ("divide", ""), shown=range(1, 12)))
    assert "shop/money.py" not in [path for _, path in told(found)]


def test_a_method_is_used_where_its_class_is_named(around):
    assert told(around(wanted("shop/money.py", ("split", "Money")))) == []
    assert told(around(wanted("shop/report.py", ("Money", "")))) == []


def test_a_private_name_is_looked_for_in_its_own_file(tree):
    (tree / "shop/a.py").write_text("def _own():\n    pass\n\n\n_own()\n")
    (tree / "shop/b.py").write_text("from shop.a import _own\n\n_own()\n")
    one = Wanted("shop/a.py", (("_own", ""),), shown=frozenset([1, 2]))
    assert told(neighbours(Files(tree), one, by_words(tree, [one]))) == [("used", "shop/a.py")]


def test_what_is_called_is_told_by_its_head(around):
    found = around(wanted("shop/cart.py", called=["divide", "unknown", "len"]))
    assert told(found) == [("defined", "shop/money.py")]
    assert found[0].lines[0] == (6, "def divide(amount, parts):")


def test_a_file_that_does_not_import_a_definition_does_not_mean_it(around):
    assert told(around(wanted("shop/report.py", called=["split", "twice"]))) == []


def test_modules_are_known_by_relative_imports_and_by_their_folder(around):
    assert told(around(wanted("web/store.js", called=["open"]))) == [("defined", "web/net.js")]
    assert told(around(wanted("web/net.js", ("open", "")))) == [("used", "web/store.js")]
    assert told(around(wanted("go/a.go", ("Area", ""), shown=[3, 4, 5]))) == [
        ("used", "go/b.go"),
        ("used", "go/cmd/main.go"),
    ]


def test_files_with_secrets_links_and_ignored_folders_are_not_looked_into(tree):
    (tree / ".env").write_text("from shop.money import divide\ndivide(SECRET)\n")
    (tree / "id_rsa").write_text("from shop.money import divide\ndivide(SECRET)\n")
    (tree / "shop/linked.py").symlink_to(tree / "shop/cart.py")
    (tree / ".gitignore").write_text("built/\n")
    (tree / "built").mkdir()
    (tree / "built/x.py").write_text("from shop.money import divide\ndivide(1)\n")
    one = wanted("shop/money.py", ("divide", ""), shown=range(1, 12))
    found = neighbours(Files(tree), one, by_words(tree, [one]))
    assert told(found) == [("used", "shop/cart.py"), ("tested", "tests/test_money.py")]


def test_a_tree_that_takes_too_long_gives_what_was_found_until_then(tree):
    assert by_words(tree, [wanted("shop/money.py", ("divide", ""))], seconds=-1).used == {}


def test_a_file_that_is_gone_or_no_text_does_no_harm(tree):
    one = wanted("shop/money.py", ("divide", ""))
    mentions = by_words(tree, [one])
    (tree / "shop/cart.py").unlink()
    (tree / "tests/test_money.py").write_bytes(b"\0\xff")
    assert told(neighbours(Files(tree), one, mentions)) == [("used", "shop/money.py")]
