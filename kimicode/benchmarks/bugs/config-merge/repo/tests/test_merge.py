import json

from settings.merge import load, merge


def test_nested_values_are_merged():
    base = {"log": {"level": "info", "file": "a.log"}, "port": 80}
    assert merge(base, {"log": {"level": "debug"}}) == {
        "log": {"level": "debug", "file": "a.log"},
        "port": 80,
    }


def test_the_base_is_left_alone():
    base = {"log": {"level": "info"}}
    merge(base, {"log": {"level": "debug"}})
    assert base == {"log": {"level": "info"}}


def test_later_files_win(tmp_path):
    first, second = tmp_path / "a.json", tmp_path / "b.json"
    first.write_text(json.dumps({"port": 80, "host": "x"}))
    second.write_text(json.dumps({"port": 81}))
    assert load([first, second, tmp_path / "none.json"]) == {"port": 81, "host": "x"}
