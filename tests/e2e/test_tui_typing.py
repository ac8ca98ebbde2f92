"""Writing prompts at a real terminal: pastes, lines, history, files, the person's own commands."""

from kimicode.llm.scripted import Reply
from tests.fakes.person import BACKSPACE, CTRL_C, CTRL_J, CTRL_U, ESC, LEFT, TAB, UP, Place, git, idle

ALT_ENTER = "\x1b\r"
SHIFT_ENTER = "\x1b[13;2u"
HOSTILE = "a\x1b]52;c;aGk=\x07b\x1b[2Jc\u202ed\U000e0041e\x9bf"


def test_what_is_written_is_what_the_model_reads(tmp_path):
    with Place(tmp_path, [Reply(f"Answer {number}.") for number in range(8)]) as place, place.open() as terminal:
        said = iter(range(8))

        def sent(keys):
            terminal.type(keys + "\r")
            terminal.until(f"Answer {next(said)}.")
            idle(terminal)
            return place.server.asked

        assert sent("typed before anything was pasted") == "typed before anything was pasted"
        terminal.paste("small\npaste")
        assert sent("!") == "small\npaste!"
        large = "\n".join(f"line {number}" for number in range(2000))
        terminal.paste(large)
        terminal.until("+2000 lines")
        assert "line 7" not in terminal.text
        assert sent(" and so on") == f"{large} and so on"
        terminal.type("\x1b[200~the end of it was lost")  # the marker behind it never comes
        terminal.until("› the end of it was lost")
        assert sent("") == "the end of it was lost"
        terminal.paste(HOSTILE)
        terminal.until("› a")
        assert not set(sent("")) & set("\x1b\x07\x9b\u202e\U000e0041")
        assert sent(f"one\\\rtwo{CTRL_J}three{ALT_ENTER}four{SHIFT_ENTER}five") == "one\ntwo\nthree\nfour\nfive"
        terminal.type(UP)
        terminal.until("five")
        terminal.type(CTRL_U + CTRL_C)
        terminal.type("日本語 🎉 שלום")
        terminal.until("🎉")
        assert sent("") == "日本語 🎉 שלום"


def test_files_are_found_by_parts_of_their_names(tmp_path):
    with Place(tmp_path, [Reply("Read."), Reply("Read again.")]) as place:
        git(place.project, "init", "-q")
        for name in ("two words.md", "🎉 party.txt", "plain.py"):
            (place.project / name).write_text("x\n")
        git(place.project, "add", "-A")
        git(place.project, "commit", "-qm", "start")
        terminal = place.open()
        terminal.until("main")  # the branch, once git has answered
        terminal.type("look at @two")
        terminal.until("two words.md")
        terminal.type(TAB)
        terminal.until(lambda: '@"two words.md"' in terminal.text)
        terminal.type("and @party")
        terminal.until("🎉 party.txt")
        terminal.type("\r")
        terminal.until(lambda: '@"🎉 party.txt"' in terminal.text.replace("🎉  ", "🎉 "))
        terminal.type("\r")
        terminal.until("Read.")
        assert place.server.asked.startswith('look at @"two words.md" and @"🎉 party.txt"')


def test_keys_that_arrive_all_at_once_mean_what_they_would_one_by_one(tmp_path):
    with Place(tmp_path, [Reply("Hello."), Reply("Seen.")]) as place, place.open() as terminal:
        terminal.type("/help\r")
        terminal.until("all keys, and how to change them")
        terminal.type("\x1b")
        terminal.until(lambda: "all keys" not in terminal.text)
        terminal.type(f"wrong{CTRL_U}with{LEFT}{LEFT}X\x05{LEFT}{BACKSPACE}Y")
        terminal.until("› wiXYh")
        terminal.type(CTRL_U)
        terminal.type("!echo the person ran this\r")
        terminal.until(lambda: terminal.text.count("the person ran this") > 1)
        terminal.type("what was that?\r")
        terminal.until("Hello.")
        assert "the person ran this" in str(place.server.requests[-1]["messages"])
        idle(terminal)
        terminal.type("a very much quicker hand\r")
        terminal.until("Seen.")
        assert place.server.asked == "a very much quicker hand"
        idle(terminal)
        for command, seen in (
            ("/rewind", "Back to before which"),
            ("/theme", "High contrast"),
            ("/tasks", "In the back"),
        ):
            terminal.type(f"{command}\r")
            terminal.until(seen)
            terminal.type(ESC)
            terminal.until(lambda seen=seen: seen not in terminal.text)
            terminal.quiet()  # an escape and a letter at once would be another key
