"""What lies on the disk and is read again may come back damaged, or be written by somebody else: it never does more
harm than an error that says so.
"""

import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.agent.rulebook import Rules
from kimicode.config.load import load
from kimicode.config.trust import Record
from kimicode.config.write import change_settings
from kimicode.errors import KimicodeError
from kimicode.llm.local import read_state
from kimicode.tui.composing.draft import Draft, DraftFile
from kimicode.tui.composing.history import History
from kimicode.tui.keys import KeyMap
from kimicode.workspace.lastlook import LastLook
from kimicode.workspace.pending import claimed
from kimicode.workspace.restore import plan
from kimicode.workspace.sandbox import ghosts
from kimicode.workspace.steplog import StepLog
from tests.fakes.damage import damaged, out_of_place

STEP = {
    "number": 1,
    "author": "agent",
    "turn": "t1",
    "title": "bash make",
    "time": 1.5,
    "token": "",
    "call": "call.t1.1",
    "changes": [["/nowhere/a", ["absent", 0, "", 0], ["file", 420, "d" * 64, 3]]],
}
PLAN = {"token": "ab12", "log": "/nowhere", "title": "undo", "turn": "t1", "rewind": "t1", "call": ""} | {
    "changes": STEP["changes"]
}
SEEN = ["/nowhere", "tree"], [["a", [1, 2, 3, 4, 33188], ["file", 420, "d" * 64, 3], False], ["b", None, None, True]]
ENGINE = {"pid": 1, "base_url": "http://127.0.0.1:1/v1", "api_key": "k", "model": "m", "window": 4096}


def steps_of(folder):
    log = StepLog(folder / "undo")
    plan(log.steps, log.last_number)
    return log.steps


def plan_in(folder):
    with claimed(folder / "plan.json") as restore:
        return restore


def swept(folder):
    records = folder / "ghosts"
    ghosts.sweep(records)
    return not (records / "1.json").exists()


def changed(folder):
    return change_settings({"theme": "dark"}, file=folder / "config.toml").read_bytes()


def drafts_in(folder):
    return History(folder / "history.jsonl", Path("/project")).drafts()


def trust_in(folder):
    record = Record(folder / "trust.toml")
    assert record.trust_in(folder).answer is None
    return record.entries()


@dataclass(frozen=True)
class Place:
    """A file, what stands in it by rights, and how it is read: to something that is not empty."""

    file: str
    good: bytes
    read: Callable[[Path], Any]


def as_lines(*values):
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def settings_in(folder):
    return load({}, cwd=folder, environ={"KIMICODE_HOME": str(folder)}).settings.model


PLACES = {
    "steps of undo": Place("undo/steps.jsonl", as_lines(STEP, STEP), steps_of),
    "plan of a restore": Place("plan.json", as_lines(PLAN), plan_in),
    "last look": Place("undo/look/seen.jsonl", as_lines(*SEEN), lambda folder: LastLook(folder / "undo").seen()),
    "step under way": Place(
        "undo/look/step.json",
        as_lines({"turn_id": "t1", "title": "make", "call_id": "c", "named": ["a"]}),
        lambda folder: LastLook(folder / "undo").cut_off(),
    ),
    "draft": Place(
        "draft.json",
        as_lines(Draft("text", ("paste",)).to_json()),
        lambda folder: DraftFile(folder / "draft.json").load(),
    ),
    "prompts of before": Place("history.jsonl", as_lines({"text": "a", "project": "/project"}), drafts_in),
    "keys": Place("keys.toml", b'"app.help" = "f1"\n', lambda folder: KeyMap.load(folder / "keys.toml").keys),
    "rules": Place(
        "rules.toml",
        b'deny = ["bash: git push", {rule = "edit: a", match = ["a"]}]\nallow = ["bash: make test"]\n',
        lambda folder: Rules.load(folder / "rules.toml").deny,
    ),
    "answers of trust": Place(
        "trust.toml",
        b'[[folder]]\npath = "/project"\nanswer = "trusted"\n[folder.items]\n"AGENTS.md" = ["ab"]\n',
        trust_in,
    ),
    "settings": Place("config.toml", b'model = "m"\nwindow = 4096\n[models.m]\nwindow = 1\n', settings_in),
    "settings that are changed": Place("config.toml", b'# mine\nmodel = "m"\n', changed),
    "state of an engine": Place("engine.json", as_lines(ENGINE), lambda folder: read_state(folder / "engine.json")),
    "names of a sandbox": Place("ghosts/1.json", as_lines(["/nowhere/.kimicode"]), swept),
}
NAMES = sorted(PLACES)


def read(place, folder, content):
    file = folder / place.file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return place.read(folder)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_whole_is_read(name, tmp_path):
    assert read(PLACES[name], tmp_path, PLACES[name].good)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_what_is_torn_is_passed_over_or_said_to_be(name, tmp_path_factory, data):
    content = data.draw(damaged(PLACES[name].good))
    with contextlib.suppress(KimicodeError):
        read(PLACES[name], tmp_path_factory.mktemp("torn"), content)


@pytest.mark.parametrize("name", NAMES)
def test_what_does_not_belong_there_is_passed_over_or_said_to_be(name, tmp_path):
    for content in out_of_place(PLACES[name].good):
        with contextlib.suppress(KimicodeError):
            read(PLACES[name], tmp_path, content)
