"""A person works with the agent at a real terminal: questions and answers, approvals, steering, going back."""

import re

from kimicode.llm.scripted import Reply
from tests.fakes.person import CTRL_S, CTRL_U, DOWN, ENDLESS, ESC, SHIFT_TAB, UP, Place, answer, idle

MAKE = Reply("I make a file.", calls=[("createfile", {"path": "made.py", "file_text": "x = 1\n"})])
TOUCH = Reply(calls=[("bash", {"command": "touch touched"})])
AGAIN = Reply(calls=[("bash", {"command": "touch touched"})])
OTHER = Reply(calls=[("bash", {"command": "touch other"})])
REMOVE = Reply(calls=[("bash", {"command": "rm -r /tmp/never-was"})])


def test_calls_run_as_the_person_allows_them(tmp_path):
    turns = [MAKE, TOUCH, AGAIN, REMOVE, Reply("All is **done**."), OTHER, Reply("Once."), OTHER, Reply("Twice.")]
    with Place(tmp_path, turns) as place, place.open() as terminal:
        terminal.type("make it\r")
        terminal.until("Create made.py?")
        terminal.type("1y")  # whoever was still typing approves nothing
        terminal.until("› 1y")
        assert not (place.project / "made.py").exists()
        answer(terminal, "y")
        terminal.until("Run this command in")
        assert (place.project / "made.py").read_text() == "x = 1\n"
        answer(terminal, "2")  # for the session: the same command is not asked about again
        terminal.until("rm -r /tmp/never-was")
        assert (place.project / "touched").exists()
        answer(terminal, "4")
        terminal.type("better keep it\r")
        terminal.until("All is done.")
        assert "better keep it" in str(place.server.requests[-1]["messages"][-1])
        assert "› 1y" in terminal.text  # what was typed meanwhile is still there
        idle(terminal)
        terminal.type(CTRL_U + "go\r")
        answer(terminal, "3")  # a rule is seen before it is made
        terminal.until("rules.toml in the configuration keeps it")
        assert not (place.home / "rules.toml").exists()
        terminal.type("3")
        terminal.until("Once.")
        assert "touch other" in (place.home / "rules.toml").read_text()
        idle(terminal)
        terminal.type("again\r")
        terminal.until("Twice.")


def test_words_wait_are_said_at_once_or_taken_back_with_what_came_of_them(tmp_path):
    slow = Reply("I wait.", calls=[("bash", {"command": "while ! test -e go; do sleep 0.05; done"})])
    turns = [slow, Reply("Heard."), Reply("Second answer."), ENDLESS, Reply("Fourth answer."), Reply("Other answer.")]
    with Place(tmp_path, turns) as place, place.open("--mode", "auto") as terminal:
        terminal.type("first\r")
        terminal.until(lambda: "while" in terminal.text and "I wait." in terminal.text)
        terminal.type("second\r")
        terminal.until("Queued")
        terminal.type(UP)  # it comes back to be changed
        terminal.until(lambda: "Queued" not in terminal.text and "› second" in terminal.text)
        terminal.type(CTRL_U + "by the way" + CTRL_S)
        terminal.until("» by the way")
        assert "read at the next step" in terminal.text
        terminal.type("second\r")
        terminal.until("Queued")
        (place.project / "go").touch()
        terminal.until("Second answer.")
        said = [message["content"] for message in place.server.requests[1]["messages"] if message["role"] == "user"]
        assert "by the way" in str(said[-1])
        assert "read at the next step" not in terminal.text
        assert place.server.asked == "second"
        idle(terminal)
        terminal.type("third prompt\r")
        terminal.until("word9 word10")
        terminal.type(ESC)
        terminal.until("interrupted")
        idle(terminal)
        assert "word9 word10" in terminal.text
        terminal.type("fourth prompt\r")
        terminal.until("Fourth answer.")
        assert "word9 word10" in str(place.server.requests[-1]["messages"])
        idle(terminal)
        terminal.type(ESC)
        terminal.read(0.2)
        terminal.type(ESC)
        terminal.until("Back to before which prompt?")
        terminal.type("\r")
        terminal.until(lambda: not re.search("Back to|Fourth answer", terminal.text))
        terminal.until("› fourth prompt")
        terminal.type(" anew\r")
        terminal.until("Other answer.")
        said = str(place.server.requests[-1]["messages"])
        assert "fourth prompt anew" in said
        assert "Fourth answer." not in said


def test_shift_tab_plans_the_plan_is_carried_out_and_commands_open_and_close_their_screens(tmp_path):
    turns = [Reply(calls=[("submit", {"summary": "1. make made.py"})]), MAKE, Reply("Done as planned.")]
    with Place(tmp_path, turns) as place, place.open(columns=120, rows=40) as terminal:
        for mode in ("auto-edit", "auto", "plan"):
            terminal.type(SHIFT_TAB)
            terminal.until(lambda mode=mode: terminal.lines[-1].strip().startswith(mode))
        terminal.type("plan it\r")
        terminal.until("The plan is made")
        terminal.type("\r")
        terminal.until("Done as planned.")
        assert (place.project / "made.py").exists()
        idle(terminal)
        for typed, seen in (
            ("/help\r", "all keys, and how to change them"),
            ("/context\r", "What fills the window"),
            ("/diff\r", "Changed in this session"),
            ("/model\r", "Search"),
            ("/theme\r", "High contrast"),
            ("/sessions\r", "3 steps"),
        ):
            terminal.type(typed)
            terminal.until(seen)
            terminal.type(DOWN + UP + ESC)
            terminal.until(lambda seen=seen: seen not in terminal.text)
        terminal.type("still here")
        terminal.until("› still here")
    assert len(list((place.home / "sessions").iterdir())) == 1
