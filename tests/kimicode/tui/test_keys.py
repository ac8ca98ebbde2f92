"""The key map: defaults, the person's file over them, and every fault told with its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App

from kimicode.tui.actions import ACTIONS, bindings
from kimicode.tui.keys import KeyMap, normal, show


def test_no_key_has_two_actions_in_a_context():
    taken = [(action.context, key) for action in ACTIONS for key in action.keys]
    assert len(taken) == len(set(taken))
    assert len({action.name for action in ACTIONS}) == len(ACTIONS)


def test_what_two_contexts_share_by_default_neither_loses():
    keymap = KeyMap.parse('[browser]\nnext = ["down", "n"]\n[completion]\nnext = "down"\n')
    assert keymap.warnings == ()
    assert "down" in keymap.keys["reader.line_down"]
    assert "down" in keymap.keys["composer.newer"]


def test_default_keys_are_written_as_textual_writes_them():
    assert [key for action in ACTIONS for key in action.keys if normal(key) != key] == []


def test_without_a_file_the_defaults_hold(tmp_path):
    keymap = KeyMap.load(tmp_path / "keys.toml")
    assert keymap == KeyMap.default()
    assert keymap.overrides() == {}
    assert keymap.shown("composer.search_history") == "Ctrl-R"


def test_the_persons_keys_replace_the_default_ones(tmp_path):
    (tmp_path / "keys.toml").write_text(
        '[composer]\nsubmit = ["Ctrl-Enter", "f2"]\n"steer" = []\n[editor]\nyank = "alt+y"\n'
    )
    keymap = KeyMap.load(tmp_path / "keys.toml")
    assert keymap.warnings == ()
    assert keymap.overrides() == {
        "composer.submit": "ctrl+enter,f2",
        "composer.steer": "unbound.composer.steer",
        "editor.yank": "alt+y",
    }
    assert keymap.shown("composer.steer") == ""
    assert ("composer.submit", "Ctrl-Enter, F2", "Send; while the agent works: queue") in keymap.describe()


@pytest.mark.parametrize(
    ("source", "warning"),
    [
        (
            '[composer]\n\nsubmitt = "x"\n',
            "keys.toml, line 3: there is no action composer.submitt; did you mean composer.submit?",
        ),
        ('"editor.yank" = "nokey"\n', "line 1: 'nokey' is no key"),
        ("[editor]\nyank = 3\n", "line 2: editor.yank takes a key or a list of keys"),
        (
            '[editor]\nyank = "f5"\nundo = "f5"\n',
            "line 3: f5 is already the key of editor.yank; editor.undo does not get it",
        ),
        ('[editor]\nyank = "ctrl+k"\n', "line 2: ctrl+k was the only key of editor.kill_to_end, which has none now"),
        (
            '[sessions]\nrename = "f5"\n[picker]\nchoose = "f5"\n',
            "line 4: f5 is already the key of sessions.rename; picker.choose does not get it",
        ),
        ('[app]\nsearch = "ctrl+g"\n', "ctrl+g was the only key of composer.external_editor, which has none now"),
        ("[editor\n", "no valid TOML"),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_left_out(source, warning):
    keymap = KeyMap.parse(source)
    assert len(keymap.warnings) == 1
    assert warning in keymap.warnings[0]


def test_an_action_whose_key_is_taken_keeps_the_one_it_had():
    keymap = KeyMap.parse('[editor]\nyank = "f5"\nundo = "f5"\n')
    assert keymap.keys["editor.undo"] == KeyMap.default().keys["editor.undo"]


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    (tmp_path / "keys.toml").write_bytes(b"\xff\xfe")
    assert "cannot be read" in KeyMap.load(tmp_path / "keys.toml").warnings[0]


@given(st.text(max_size=200))
def test_no_file_is_so_broken_that_it_breaks_anything(source):
    keymap = KeyMap.parse(source)
    assert keymap.keys.keys() == KeyMap.default().keys.keys()


@given(st.text(max_size=20))
def test_any_word_is_a_key_or_none(word):
    key = normal(word)
    if key is not None:
        assert normal(key) == key
        assert show(key)


@pytest.mark.parametrize(
    ("word", "key"),
    [
        ("Ctrl-S", "ctrl+s"),
        ("shift+ctrl+z", "ctrl+shift+z"),
        ("esc", "escape"),
        ("?", "question_mark"),
        ("alt+_", "alt+underscore"),
        ("ctrl+-", "ctrl+minus"),
        ("A", "A"),
        ("hyper", None),
        ("ctrl+ctrl+a", None),
        ("", None),
    ],
)
def test_keys_as_people_write_them(word, key):
    assert normal(word) == key


async def test_textual_obeys_the_overrides():
    class Pressed(App[None]):
        BINDINGS = bindings("editor")
        done = ""

        def action_yank(self):
            self.done += "y"

        def action_undo(self):
            self.done += "u"

    app = Pressed()
    async with app.run_test() as pilot:
        app.set_keymap(KeyMap.parse('[editor]\nyank = ["f6", "ctrl+k"]\nundo = "ctrl+y"\n').overrides())
        await pilot.press("ctrl+y", "f6", "ctrl+k", "ctrl+underscore")
        assert app.done == "uyy"
