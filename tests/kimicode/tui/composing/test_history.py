"""The history file: shared by processes, bounded, and never the reason that anything fails."""

import json
import multiprocessing

from hypothesis import given
from hypothesis import strategies as st

from kimicode.tui.composing import history
from kimicode.tui.composing.draft import Draft
from kimicode.tui.composing.history import History, Walk


def texts(shared):
    return [draft.text for draft in shared.drafts()]


def test_this_projects_prompts_come_first_and_each_once(tmp_path):
    here, there = History(tmp_path / "h", tmp_path / "a"), History(tmp_path / "h", tmp_path / "b")
    for owner, text in ((here, "one"), (there, "other"), (here, "two"), (here, "one"), (there, "two")):
        owner.add(Draft(text))
    assert texts(here) == ["one", "two", "other"]
    assert texts(there) == ["two", "other", "one"]


def test_a_prompt_that_begins_with_a_blank_is_not_kept(tmp_path):
    kept = History(tmp_path / "h", tmp_path)
    kept.add(Draft(" export TOKEN=secret"))
    kept.remember(Draft(" export TOKEN=secret"))
    kept.add(Draft("  \n"))
    assert texts(kept) == []
    assert not (tmp_path / "h").exists()


def test_pastes_come_back_and_the_file_is_private(tmp_path):
    kept = History(tmp_path / "folder" / "h", tmp_path)
    kept.add(Draft("see [Pasted text #1 +2 lines]", ("a\nb",)))
    assert kept.drafts()[0].expanded == "see a\nb"
    assert (tmp_path / "folder" / "h").stat().st_mode & 0o077 == 0


def test_what_was_cleared_is_found_until_the_end(tmp_path):
    kept = History(tmp_path / "h", tmp_path)
    kept.add(Draft("sent"))
    kept.remember(Draft("given up"))
    assert texts(kept) == ["given up", "sent"]
    assert texts(History(tmp_path / "h", tmp_path)) == ["sent"]


@given(st.binary(max_size=300), st.integers(0, 60))
def test_torn_and_foreign_lines_are_passed_over(noise, cut):
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "h"
        kept = History(path, Path(folder))
        kept.add(Draft("first"))
        with open(path, "ab") as stream:
            stream.write(noise + b"\n" + json.dumps({"text": "torn"}).encode()[: min(cut, 15)])
        kept.add(Draft("second"))
        found = texts(kept)
        assert found[0] == "second"
        assert "first" in found


def test_a_disk_that_takes_nothing_loses_nothing_while_the_program_runs(tmp_path):
    kept = History(tmp_path, tmp_path)  # a folder cannot be written
    kept.add(Draft("kept anyway"))
    assert texts(kept) == ["kept anyway"]


def test_the_file_stays_bounded_and_keeps_the_newest(tmp_path):
    kept = History(tmp_path / "h", tmp_path)
    for number in range(30):
        kept.add(Draft(f"{number} " + "x" * 200_000))
    assert (tmp_path / "h").stat().st_size <= history._ROOM
    found = [text.split()[0] for text in texts(kept)]
    assert found[:3] == ["29", "28", "27"]
    assert "0" not in found


def test_a_huge_prompt_is_remembered_but_not_written(tmp_path):
    kept = History(tmp_path / "h", tmp_path)
    kept.add(Draft("[Pasted text #1 +1 lines]", ("x" * history.LARGEST_ENTRY,)))
    assert not (tmp_path / "h").exists()
    assert len(kept.drafts()) == 1


def write_many(path, project, name):
    kept = History(path, project)
    for number in range(60):
        kept.add(Draft(f"{name} {number} " + "y" * 20_000))


def test_several_processes_write_whole_lines_even_while_it_is_shortened(tmp_path):
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=write_many, args=(tmp_path / "h", tmp_path, name)) for name in "abcd"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(30)
        assert writer.exitcode == 0
    lines = (tmp_path / "h").read_bytes().splitlines()
    assert all(json.loads(line)["text"] for line in lines)
    last = {json.loads(line)["text"].split()[0]: json.loads(line)["text"].split()[1] for line in lines}
    assert set(last.values()) == {"59"}
    assert len(last) >= 1


def test_a_walk_goes_back_and_forth_and_keeps_what_was_changed():
    walk = Walk([Draft(), Draft("newest"), Draft("oldest")])
    assert walk.step(Draft("being written"), -1) is None
    assert walk.step(Draft("being written"), 1) == Draft("newest")
    assert walk.step(Draft("newest, changed"), 1) == Draft("oldest")
    assert walk.step(Draft("oldest"), 1) is None
    assert walk.step(Draft("oldest"), -1) == Draft("newest, changed")
    assert walk.step(Draft("newest, changed"), -1) == Draft("being written")
