"""The record of the last look: read back whole, whatever names there are, and up to where it was cut off."""

import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.workspace.changes import Known
from kimicode.workspace.lastlook import LastLook, Seen, Underway
from kimicode.workspace.snapshots import ABSENT, State

NAMED = Known("a\nb/\udcff\udcfe", (1, 2, 3, 4, 0o100644), State("file", 0o644, "d" * 64, 3), True)
GONE = Known("gone", None, ABSENT, False)
STEP = Underway("t3", "bash make", "call.t3.7", None)


@pytest.fixture
def look(tmp_path):
    return LastLook(tmp_path / "undo")


def test_what_was_known_comes_back_in_the_order_in_which_it_became_known(look, tmp_path):
    look.begin(tmp_path, "tree", [NAMED] * 1200)
    look.add([GONE])
    assert look.seen() == Seen(tmp_path, "tree", (*[NAMED] * 1200, GONE))
    look.begin(tmp_path, "", [])
    assert look.seen() == Seen(tmp_path, "", ())


@given(st.binary(max_size=60))
def test_a_record_that_was_cut_off_or_damaged_is_read_as_far_as_it_is_whole(tmp_path_factory, rest):
    folder = tmp_path_factory.mktemp("undo")
    look = LastLook(folder)
    look.begin(folder, "", [GONE])
    with (folder / "look/seen.jsonl").open("ab") as file:
        file.write(rest)
    seen = look.seen()
    assert seen is None or seen.known[:1] == (GONE,)


def test_a_step_is_known_from_its_beginning_to_its_end_and_when_it_was_last_alive(look, tmp_path):
    look.begin(tmp_path, "", [])
    assert look.cut_off() is None
    look.enter(STEP)
    os.utime(tmp_path / "undo/look/step.json", ns=(0, 0))
    look.breathe()
    step, alive = look.cut_off()
    assert step == STEP
    assert abs(alive - time.time_ns()) < 60_000_000_000
    look.leave()
    assert look.cut_off() is None


def test_named_paths_come_back_as_they_were(look, tmp_path):
    look.begin(tmp_path, "", [])
    step = Underway("t1", "createfile x", "c", ("x/\udcff", "x"))
    look.enter(step)
    assert look.cut_off()[0] == step


def test_where_nothing_can_be_written_nothing_is_known_and_nothing_breaks(tmp_path):
    (tmp_path / "undo").write_text("in the way")
    look = LastLook(tmp_path / "undo")
    look.begin(tmp_path, "", [GONE])
    look.add([GONE])
    look.enter(STEP)
    look.breathe()
    look.leave()
    look.forget()
    assert look.seen() is None
    assert look.cut_off() is None
