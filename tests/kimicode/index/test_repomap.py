"""The map: what matters first, within its budget, with the conversation in front."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kimicode.index.repomap import BYTES_PER_TOKEN, mentioned, repository_map
from tests.fakes.indexed import index_of, place_of, plant


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    store = index_of(folder / "index", plant(folder / "tree"))
    yield place_of(store, folder / "tree")
    store.close()


def drawn(place, tokens, **more):
    return repository_map(place.store, place.files, place.graph, tokens, **more)


def test_what_others_use_comes_first_with_its_lines(shop):
    assert drawn(shop, 1000).startswith("shop/money.py\n  1 class Money\n  4 def split_evenly(self, people)\n")


def test_headings_and_values_are_not_on_it(shop):
    assert "LOCK" not in drawn(shop, 1000)
    assert "Splitting" not in drawn(shop, 1000)


def test_what_the_conversation_names_comes_in_front(shop):
    assert drawn(shop, 1000, text="acquire_file_lock").startswith("shop/storage.py\n")
    assert "shop/storage.py" not in drawn(shop, 70)
    assert "shop/storage.py" in drawn(shop, 70, seen=["shop/storage.py"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(0, 300))
def test_it_keeps_to_its_budget(shop, tokens):
    assert len(drawn(shop, tokens).encode()) <= tokens * BYTES_PER_TOKEN


def test_an_empty_tree_has_an_empty_map(tmp_path):
    store = index_of(tmp_path / "index", plant(tmp_path / "tree", {"a.txt": "words\n"}))
    assert drawn(place_of(store, tmp_path / "tree"), 1000) == ""
    store.close()


def test_one_file_does_not_fill_the_map(tmp_path):
    wide = "".join(f"class Wide{i}:\n    pass\n\n\n" for i in range(60))
    users = {f"u{i}.py": f"def user{i}():\n    return {' '.join(f'Wide{j}(),' for j in range(60))}\n" for i in range(9)}
    main = {"main.py": "\n".join(f"user{i}()" for i in range(9))}
    store = index_of(tmp_path / "index", plant(tmp_path / "tree", {"wide.py": wide, **users, **main}))
    text = drawn(place_of(store, tmp_path / "tree"), 150)
    assert text.startswith("wide.py\n")
    assert "def user" in text
    store.close()


def test_paths_and_names_are_told_from_words(shop):
    text = "Fix `shop/cart.py`: total_price() and ShoppingCart.total, please. See gone/file.py"
    assert mentioned(text, shop.files) == (["shop/cart.py"], ["ShoppingCart", "total_price"])
