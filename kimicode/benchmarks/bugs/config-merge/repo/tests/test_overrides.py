from settings.merge import parse_overrides


def test_dots_make_nests():
    assert parse_overrides(["a.b=1", "a.c=true"]) == {"a": {"b": 1, "c": True}}


def test_each_call_starts_empty():
    assert parse_overrides(["name=x"]) == {"name": "x"}
    assert parse_overrides(["port=8080"]) == {"port": 8080}


def test_a_tree_can_be_extended():
    tree = {"a": 1}
    assert parse_overrides(["b=2"], into=tree) is tree
    assert tree == {"a": 1, "b": 2}
