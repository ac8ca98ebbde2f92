"""What the search tool answers to names, texts, questions and patterns."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kimicode.errors import ToolError
from kimicode.index.answer import MOST_FILES, answer, by_pattern, headline
from tests.fakes.indexed import index_of, place_of, plant


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    store = index_of(folder / "index", plant(folder / "tree"))
    yield place_of(store, folder / "tree")
    store.close()


def shown(reply):
    return {entry.path: [number for number, _ in entry.lines] for entry in reply.entries}


@pytest.mark.parametrize("query", ["Money", "`Money`", "shop.money.Money", "Money()"])
def test_a_name_is_answered_with_its_definitions_and_its_uses(shop, query):
    reply = answer(shop, query)
    assert [(symbol.path, symbol.line) for symbol in reply.definitions] == [("shop/money.py", 1), ("docs/money.md", 1)]
    assert shown(reply)["shop/cart.py"] == [5, 6]  # not the import
    assert (reply.files, reply.uses) == (2, 6)


def test_files_that_only_mention_a_name_come_after_those_that_use_it(shop):
    assert shown(answer(shop, "split_evenly")) == {"docs/money.md": [7]}


def test_code_that_uses_a_name_comes_before_tests_that_do(shop):
    assert list(shown(answer(shop, "total_price"))) == ["shop/invoice.py", "tests/test_cart.py"]


def test_a_text_comes_with_its_line_and_before_everything_else(shop):
    reply = answer(shop, "errors are for the house")
    assert next(iter(shown(reply).items())) == ("shop/invoice.py", [6])


def test_a_question_comes_with_the_symbols_that_fit(shop):
    first = answer(shop, "how to wait for a lock on a file").entries[0]
    assert first.path == "shop/storage.py"
    assert (4, "def acquire_file_lock(path)") in first.lines


def test_a_part_of_a_word_is_still_found(shop):
    assert shown(answer(shop, "voice(")) == {"shop/invoice.py": [5]}


def test_what_is_quoted_or_written_as_code_is_searched_for_as_it_is(shop):
    assert shown(answer(shop, "'for the house'")) == {"shop/invoice.py": [6]}
    assert shown(answer(shop, "sum(self.prices)")) == {"shop/cart.py": [6]}
    assert "shop/cart.py" in shown(answer(shop, "prices = sum(cart)"))  # nowhere as it is: then by its words


def test_what_is_written_nowhere_is_told_from_what_was_found(shop):
    assert answer(shop, "split_money").loose
    assert answer(shop, "prices = sum(cart)").loose
    for query in ("Money", "split_evenly", "sum(self.prices)", "how to wait for a lock on a file"):
        assert not answer(shop, query).loose


def test_what_stands_before_a_name_puts_its_own_definition_and_uses_first(tmp_path):
    tree = {
        "a.py": "class Door:\n    def open(self): pass\n",
        "b.py": "class Jar:\n    def open(self): pass\n",
        "use_door.py": "Door().open()\n",
        "use_jar.py": "Jar().open()\n",
        "more.py": "import a\nx.open()\ny.open()\nz.open()\n",
    }
    store = index_of(tmp_path / "index", plant(tmp_path / "tree", tree))
    place = place_of(store, tmp_path / "tree")
    for query, path, use in (("Jar.open", "b.py", "use_jar.py"), ("Door::open()", "a.py", "use_door.py")):
        reply = answer(place, query)
        assert reply.definitions[0].path == path
        assert reply.entries[0].path == use
    assert answer(place, "b.open").definitions[0].path == "b.py"
    store.close()


def test_a_pattern_is_answered_with_its_lines(shop):
    assert shown(by_pattern(shop, r"class \w+:")) == {"shop/money.py": [1], "shop/cart.py": [4]}
    with pytest.raises(ToolError, match="not a usable pattern"):
        by_pattern(shop, "(")


def test_an_answer_stays_in_a_folder(shop):
    inside = place_of(shop.store, shop.root, below="docs")
    assert answer(inside, "Money").definitions[0].path == "docs/money.md"
    assert set(shown(answer(inside, "evenly"))) == {"docs/money.md"}
    assert by_pattern(inside, "class").entries == ()


def test_what_is_not_shown_is_counted_by_folder(tmp_path):
    many = {f"{'abc'[i % 3]}/deep/er/f{i}.py": f"def unusual{i}():\n    banana()\n" for i in range(30)}
    store = index_of(tmp_path / "index", plant(tmp_path / "tree", many))
    place = place_of(store, tmp_path / "tree")
    for reply in (answer(place, "banana"), by_pattern(place, "banana"), answer(place, "banana unusual")):
        assert len(reply.entries) == MOST_FILES
        assert reply.files == 30
        assert "b/deep" in reply.folders
    store.close()


def test_files_that_changed_or_went_since_are_no_error(tmp_path):
    store = index_of(tmp_path / "index", plant(tmp_path / "tree"))
    (tmp_path / "tree/shop/invoice.py").unlink()
    (tmp_path / "tree/shop/cart.py").write_text("short\n")
    reply = answer(place_of(store, tmp_path / "tree"), "Money")
    assert "shop/invoice.py" not in shown(reply)
    store.close()


def test_a_headline_names_the_class_around(shop):
    (symbol,) = shop.store.definitions("split_evenly")
    assert headline(symbol) == "def split_evenly(self, people) (in Money)"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(st.text(st.characters(min_codepoint=32), max_size=40).filter(lambda text: any(map(str.isalnum, text))))
def test_no_query_is_an_error(shop, query):
    answer(shop, f"lock {query}")
