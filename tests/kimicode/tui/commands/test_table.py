"""Every command can be found, and a slip of the finger is told the nearest one."""

import pytest

from kimicode.tui.commands.table import COMMANDS, Table
from kimicode.tui.screens.help import documents

PROMISED = [
    "help",
    "model",
    "thinking",
    "plan",
    "mode",
    "compact",
    "context",
    "cost",
    "diff",
    "undo",
    "rewind",
    "fork",
    "resume",
    "sessions",
    "export",
    "init",
    "review",
    "tasks",
    "theme",
    "keys",
    "copy",
    "btw",
    "clear",
    "doctor",
    "quit",
]


@pytest.mark.parametrize("name", PROMISED)
def test_what_is_promised_is_there(name):
    assert Table().find(name) is not None


def test_no_name_means_two_commands():
    names = [name for each in COMMANDS for name in (each.name, *each.aliases)]
    assert len(names) == len(set(names))


def test_names_are_found_whatever_their_case():
    assert Table().find("HELP") is Table().find("help")


@pytest.mark.parametrize(("typed", "meant"), [("hlep", "help"), ("modell", "model"), ("zzzz", "")])
def test_a_slip_is_told_the_nearest(typed, meant):
    assert Table().nearest(typed) == meant


def test_the_document_names_every_command():
    text = documents()["tui"]
    missing = [each.name for each in COMMANDS if f"/{each.name}" not in text]
    assert not missing
