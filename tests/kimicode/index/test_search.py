"""Which file a question is about."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kimicode.index.graph import empty, up_to_date
from kimicode.index.search import Files, find, stem
from tests.fakes.indexed import SHOP, index_of, plant


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    store = index_of(folder / "index", plant(folder / "tree"))
    yield store
    store.close()


def ask(store, question, **more):
    return find(store, Files.of(store), up_to_date(store), question, **more)


def paths(store, question, **more):
    return [one.path for one in ask(store, question, **more).found]


@pytest.mark.parametrize(
    ("question", "path"),
    [
        ("how is a file locked", "shop/storage.py"),
        ("acquireFileLock", "shop/storage.py"),
        ("rounding errors", "shop/invoice.py"),
        ("price of the whole cart", "shop/cart.py"),
        ("splitting an amount evenly among people", "shop/money.py"),
        ("splitting", "docs/money.md"),
    ],
)
def test_the_right_file_comes_first(shop, question, path):
    assert paths(shop, question)[0] == path


def test_the_symbols_that_fit_come_along_in_the_order_of_their_lines(shop):
    best = ask(shop, "divide an amount that was split evenly").found[0]
    assert best.path == "shop/money.py"
    assert [symbol.name for symbol in best.symbols] == ["split_evenly", "divide"]
    assert {symbol.path for symbol in best.symbols} == {"shop/money.py"}


def test_a_file_with_every_word_is_marked(shop):
    found = {one.path: one.whole for one in ask(shop, "total price").found}
    assert found["shop/cart.py"]
    assert not found.get("docs/money.md", False)


def test_a_folder_narrows_and_is_no_prefix_of_another(shop):
    assert set(paths(shop, "money", below="docs")) == {"docs/money.md"}
    assert paths(shop, "money", below="doc") == []
    assert paths(shop, "money", below="shop/cart.py") == ["shop/cart.py"]


def test_what_the_conversation_is_about_draws_its_neighbours_up(shop):
    files, graph = Files.of(shop), up_to_date(shop)
    plain = {one.path: one.score for one in find(shop, files, graph, "money").found}
    drawn = {
        one.path: one.score for one in find(shop, files, graph, "money", seen=["shop/invoice.py", "gone.py"]).found
    }
    assert drawn["shop/invoice.py"] > plain["shop/invoice.py"]
    assert drawn["shop/money.py"] > plain["shop/money.py"]
    assert drawn["docs/money.md"] == plain["docs/money.md"]


def test_without_a_graph_words_alone_decide(shop):
    finding = find(shop, Files.of(shop), empty(), "acquire lock")
    assert finding.found[0].path == "shop/storage.py"
    assert finding.count >= 1


@pytest.mark.parametrize("question", ["", "the of", "zzz qqq", "\x00", '"', "names: OR NEAR("])
def test_what_says_nothing_finds_nothing_or_little(shop, question):
    finding = ask(shop, question)
    assert len(finding.found) <= finding.count <= len(SHOP)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(max_size=80))
def test_no_question_is_an_error(shop, question):
    found = ask(shop, question).found
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_endings_do_not_matter():
    assert stem("opened") == stem("opens") == stem("opening") == "open"
    assert stem("es") == "es"
