"""What a sent text asks for."""

import pytest

from kimicode.tui.composing.draft import Draft
from kimicode.tui.composing.intent import Command, CommandHint, Prompt, Shell, Unknown, read

COMMANDS = (CommandHint("model", "[name]"), CommandHint("help"), CommandHint("quit", aliases=("exit", "q")))


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("  fix the test \n", Prompt(Draft("fix the test"))),
        ("!ls -l", Shell("ls -l")),
        ("! make\n all", Shell("make\n all")),
        ("!", Prompt(Draft("!"))),
        ("/model kimi k2\nfast", Command("model", "kimi k2\nfast")),
        ("/HELP", Command("help", "")),
        ("/q", Command("quit", "")),
        ("//model is a word", Prompt(Draft("/model is a word"))),
        ("/usr/bin/python is missing", Prompt(Draft("/usr/bin/python is missing"))),
        ("/ a slash", Prompt(Draft("/ a slash"))),
    ],
)
def test_words_commands_and_shell(text, wish):
    assert read(Draft(text), COMMANDS) == wish


def test_an_unknown_command_is_told_with_its_nearest_name():
    wish = read(Draft("/modle x"), COMMANDS)
    assert isinstance(wish, Unknown)
    assert "/model" in wish.reason
    assert "//" in wish.reason


def test_pastes_are_in_their_places_everywhere():
    draft = Draft("!cat [Pasted text #1 +2 lines]", ("a\nb",))
    assert read(draft, COMMANDS) == Shell("cat a\nb")
    assert read(Draft("/model [Pasted text #1 +2 lines]", ("a\nb",)), COMMANDS) == Command("model", "a\nb")
