"""The composer as a person uses it: keys in, messages out."""

import pytest

from kimicode.tui.composing.draft import Draft
from tests.fakes.writer import COMMANDS, composing

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 50


async def test_enter_sends_and_the_other_ways_make_new_lines(tmp_path):
    async with composing(tmp_path) as person:
        await person.types("a")
        for key in ("shift+enter", "ctrl+j", "alt+enter"):
            await person.keys(key)
        await person.types("b\\\nc")
        assert person.text == "a\n\n\nb\nc"
        await person.keys("enter")
        assert person.told == [("sent", "a\n\n\nb\nc")]
        assert person.text == ""
        await person.keys("enter", "space", "enter")
        assert len(person.told) == 1


async def test_while_the_agent_works_a_key_steers_and_up_fetches_the_queued(tmp_path):
    async with composing(tmp_path) as person:
        await person.types("one")
        await person.keys("ctrl+s")
        person.composer.working = True
        await person.types("two")
        await person.keys("ctrl+s")
        person.composer.queued = 1
        await person.keys("up")
        assert person.told == [("sent", "one"), ("steered", "two"), ("recall",)]


async def test_commands_and_shell(tmp_path):
    async with composing(tmp_path) as person:
        await person.types("!ls -l\n")
        await person.types("/model k2\n")
        await person.types("/he")
        await person.keys("enter")
        assert person.told == [("shell", "ls -l"), ("command", "model", "k2"), ("command", "help", "")]
        await person.types("/modell k2\n")
        assert person.told[-1][0] == "refused"
        assert "/model" in person.told[-1][1]
        assert person.text == "/modell k2"


async def test_the_list_of_commands_is_walked_and_closed(tmp_path):
    async with composing(tmp_path) as person:
        shown = person.composer.input.completion
        await person.types("/mo")
        assert shown.display
        await person.keys("down", "tab")
        assert person.text == "/mode "
        assert not shown.display
        await person.keys("ctrl+u")
        await person.types("/mo")
        await person.keys("escape")
        assert not shown.display
        await person.types("d")
        assert not shown.display
        await person.keys("escape")
        assert person.told == [("escaped",)]


async def test_files_are_proposed_quoted_and_folders_go_on(tmp_path):
    (tmp_path / "my docs").mkdir()
    (tmp_path / "my docs" / "plan 🦊.md").write_text("")
    async with composing(tmp_path) as person:
        shown = person.composer.input.completion
        await person.types("see @my")
        await person.until(lambda: shown.chosen)
        await person.keys("tab")
        assert person.text == 'see @"my docs/'
        await person.keys("down", "tab")
        assert person.text == 'see @"my docs/plan 🦊.md" '
        await person.keys("enter")
        assert person.told == [("sent", 'see @"my docs/plan 🦊.md"')]


async def test_paths_of_shell_commands_are_completed_by_tab(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file.txt").write_text("")
    async with composing(tmp_path) as person:
        await person.types("!cat fo")
        assert not person.composer.input.completion.display
        await person.keys("tab", "tab")
        assert person.text == "!cat folder/file.txt "
        await person.keys("enter")
        assert person.told == [("shell", "cat folder/file.txt")]


async def test_the_arrow_keys_walk_the_history(tmp_path):
    async with composing(tmp_path) as person:
        await person.types("first\n")
        await person.types("/model x\n")
        await person.types("draft")
        await person.keys("up")
        assert person.text == "/model x"
        await person.keys("up", "up", "up")
        assert person.text == "first"
        await person.keys("down", "down")
        assert person.text == "draft"
        await person.keys("down")
        assert person.text == "draft"


async def test_the_arrow_keys_move_within_many_lines_first(tmp_path):
    async with composing(tmp_path) as person:
        await person.types("first\n")
        await person.types("a")
        await person.keys("ctrl+j")
        await person.types("b")
        await person.keys("up")
        assert person.text == "a\nb"
        await person.keys("up")
        assert person.text == "first"


async def test_the_history_is_searched_while_typing(tmp_path):
    async with composing(tmp_path) as person:
        for text in ("fix the loop\n", "write docs\n", "fix docs\n"):
            await person.types(text)
        await person.types("draft")
        await person.keys("ctrl+r")
        await person.types("fix")
        await person.keys("ctrl+r", "enter")
        assert person.text == "fix the loop"
        await person.keys("ctrl+r")
        await person.types("nothing like it")
        await person.keys("enter", "escape")
        assert person.text == "fix the loop"
        assert len(person.told) == 3


async def test_control_c_clears_then_asks_to_quit_and_what_was_cleared_comes_back(tmp_path):
    async with composing(tmp_path) as person:
        await person.types("precious")
        await person.keys("ctrl+c")
        assert (person.text, person.told) == ("", [])
        await person.keys("ctrl+c", "ctrl+d")
        assert person.told == [("quit", False), ("quit", True)]
        await person.keys("up")
        assert person.text == "precious"
        await person.keys("ctrl+a", "ctrl+d")
        assert person.text == "recious"


async def test_a_draft_outlives_a_crash(tmp_path):
    async with composing(tmp_path) as person:
        person.composer.keep_draft_in(tmp_path / "draft.json")
        await person.types("half a thou")
        await person.until((tmp_path / "draft.json").exists)
        saved = (tmp_path / "draft.json").read_bytes()
    (tmp_path / "draft.json").write_bytes(saved)
    async with composing(tmp_path) as person:
        person.composer.keep_draft_in(tmp_path / "draft.json")
        await person.pilot.pause()
        assert "half a thou".startswith(person.text)
        assert person.text
        await person.keys("enter")
        assert not (tmp_path / "draft.json").exists()


async def test_a_draft_that_could_not_be_sent_comes_back_before_what_was_typed_since(tmp_path):
    async with composing(tmp_path) as person:
        await person.types("since")
        person.composer.restore(Draft("failed [Pasted text #1 +2 lines]", ("a\nb",)))
        assert person.composer.draft.expanded == "failed a\nb\nsince"


@pytest.mark.parametrize(("size", "rows"), [((80, 24), 8), ((40, 15), 5)])
async def test_it_grows_to_a_third_of_the_screen_and_no_further(tmp_path, size, rows):
    async with composing(tmp_path, size) as person:
        assert person.composer.size.height == 1
        await person.pastes("a\nb")
        assert person.composer.size.height == 2
        for _ in range(20):
            await person.keys("ctrl+j")
        assert person.composer.size.height == rows


async def test_nothing_ticks_while_nobody_types(tmp_path):
    async with composing(tmp_path) as person:
        timers = [timer for node in person.app.screen.walk_children() for timer in node._timers]
        assert not [timer for timer in timers if timer._active.is_set()]


async def test_without_a_terminal_to_give_away_the_external_editor_is_refused(tmp_path):
    async with composing(tmp_path) as person:
        await person.types("text")
        await person.keys("ctrl+g")
        await person.until(lambda: person.told)
        assert person.told[0][0] == "refused"
        assert person.text == "text"


async def test_the_list_stands_above_the_composer_and_moves_nothing(tmp_path):
    async with composing(tmp_path) as person:
        shown = person.composer.input.completion
        before = person.composer.region
        await person.types("/")
        assert person.composer.region == before
        assert shown.region.height == len(COMMANDS)
        assert shown.region.bottom == before.y
        assert shown.region.width == before.width


async def test_a_draft_file_that_is_named_again_changes_nothing(tmp_path):
    async with composing(tmp_path) as person:
        person.composer.keep_draft_in(tmp_path / "draft.json")
        await person.types("words")
        person.composer.save_draft()
        person.composer.keep_draft_in(tmp_path / "draft.json")
        assert person.text == "words"
        assert person.composer.input.history.drafts() == []
