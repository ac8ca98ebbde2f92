"""The text field: pastes marked and unmarked, units, readline's keys."""

from kimicode.tui.composing.burst import SHADOW
from tests.fakes.writer import composing

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 50


async def test_a_large_paste_is_one_unit_and_is_sent_whole(tmp_path):
    pasted = "\r\n".join(f"line {number}" for number in range(42))
    async with composing(tmp_path) as person:
        await person.types("see ")
        await person.pastes(pasted)
        label = "[Pasted text #1 +42 lines]"
        assert person.text == f"see {label}"
        await person.keys("left")
        assert person.editor.cursor_location == (0, 4)
        await person.keys("right", "backspace")
        assert person.text == "see "
        await person.keys("ctrl+underscore")
        assert person.text == f"see {label}"
        await person.keys("ctrl+w", "ctrl+y", "enter")
        assert person.told == [("sent", "see " + pasted.replace("\r\n", "\n"))]
        await person.keys("up")
        assert person.composer.draft.expanded == "see " + pasted.replace("\r\n", "\n")


async def test_a_small_paste_is_text_and_never_sends(tmp_path):
    async with composing(tmp_path) as person:
        await person.pastes("one\rtwo\x1b[2J\n")
        assert person.text == "one\ntwo\n"
        assert person.told == []


async def test_a_paste_without_marks_is_noticed_by_its_pace(tmp_path):
    async with composing(tmp_path) as person:
        await person.bursts("one\ntwo\nthree")
        assert person.text == "one\ntwo\nthree"
        assert person.told == []


async def test_an_enter_in_the_shadow_of_a_paste_is_text_and_the_next_one_sends(tmp_path):
    async with composing(tmp_path) as person:
        await person.bursts("one line\n")
        assert person.text == "one line\n"
        assert person.told == [("refused", "That Enter came with a paste: once more sends")]
        await person.keys("enter", apart=SHADOW / 2)
        await person.until(lambda: person.text == "one line\n\n")
        await person.keys("enter", apart=SHADOW)
        await person.until(lambda: person.told[-1] == ("sent", "one line"))


async def test_an_enter_that_is_pressed_sends_what_stands_before_it_alone(tmp_path):
    async with composing(tmp_path) as person:
        person.editor.marks_pastes = False
        await person.types("typed\nand on", apart=0.03)
        assert person.told == [("sent", "typed")]
        assert person.text == "and on"
        await person.types("\n/hel\n", apart=0.03)  # the list's own Enter takes and runs the proposal
        await person.until(lambda: person.told[-1] == ("command", "help", ""))


async def test_an_enter_held_back_answers_no_question_that_comes_up_meanwhile(tmp_path):
    async with composing(tmp_path) as person:
        person.editor.marks_pastes = False
        await person.types("half", apart=0.03)
        await person.keys("enter", apart=0.03)
        person.app.set_focus(None)
        await person.until(lambda: not person.editor.bursting)
        assert person.told == []
        assert person.text == "half"


async def test_a_large_burst_is_one_label(tmp_path):
    async with composing(tmp_path) as person:
        await person.bursts("line\n" * 30)
        assert person.text == "[Pasted text #1 +30 lines]"
        assert person.composer.draft.expanded == "line\n" * 30


async def test_once_pastes_are_marked_fast_keys_are_typed(tmp_path):
    async with composing(tmp_path) as person:
        await person.pastes("a ")
        await person.types("quick\n", apart=0.0)
        assert person.told == [("sent", "a quick")]


async def test_dropped_files_become_names_and_images(tmp_path):
    (tmp_path / "shot 1.png").write_bytes(PNG)
    (tmp_path / "big.png").write_bytes(PNG + b"\0" * 6_000_000)
    (tmp_path / "notes.md").write_text("")
    async with composing(tmp_path) as person:
        await person.pastes(f"'{tmp_path}/shot 1.png'")
        await person.pastes(f"{tmp_path}/notes.md")
        assert person.text == "[Image #1] @notes.md "
        assert person.composer.draft.images[0].media_type == "image/png"
        await person.pastes(f"{tmp_path}/big.png")
        assert person.told == [("refused", "big.png is 6.0 MB large; images may have 5 MB")]
        assert person.text.endswith("@big.png ")


async def test_readlines_keys(tmp_path):
    async with composing(tmp_path) as person:
        await person.types("one two three")
        await person.keys("alt+b", "alt+b", "ctrl+k")
        assert person.text == "one "
        await person.keys("ctrl+y", "ctrl+a", "alt+d", "ctrl+e", "ctrl+y")
        assert person.text == " two threeone"
        await person.keys("ctrl+w", "ctrl+u")
        assert person.text == ""
        await person.keys("ctrl+underscore")
        assert person.text == " two "


async def test_wide_characters_and_emoji_are_one_step(tmp_path):
    async with composing(tmp_path) as person:
        await person.pastes("a👩‍👩‍👧你b")
        await person.keys("left", "left", "left")
        assert person.editor.cursor_location == (0, 1)
        await person.keys("delete")
        assert person.text == "a你b"


async def test_the_terminals_cursor_stands_where_ours_is(tmp_path):
    async with composing(tmp_path) as person:
        await person.pastes("你好ab")
        assert person.app.cursor_position == (2 + 6, 23)
        await person.keys("left", "left", "left")
        assert person.app.cursor_position == (2 + 2, 23)
        await person.keys("ctrl+j")
        assert person.app.cursor_position == (2, 23)
