"""The ways out of the interface and back: each leaves the terminal as it was, and nothing of the work is lost."""

import re
import signal
import sys

from kimicode.errors import ExitCode
from kimicode.llm.scripted import Reply
from tests.fakes.person import CTRL_C, CTRL_D, CTRL_U, CTRL_Z, ENDLESS, ESC, Place, idle, leave, stop_hard

TAKEN = {"1049", "1000", "1002", "1006", "1004", "2004"}
"""Modes of the terminal that the interface takes: the other screen, mouse, focus, marked pastes."""


def held(received: bytes) -> set[str]:
    """The modes that are on after all this, and whatever else was not given back."""
    on: set[str] = set()
    for number, letter in re.findall(r"\x1b\[\?(\d+)([hl])", received.decode("utf-8", "replace")):
        (on.add if letter == "h" else on.discard)(number)
    on -= {"25", "7"}  # a visible cursor and wrapping are on in any terminal
    if received.count(b"\x1b[>") != received.count(b"\x1b[<u"):
        on.add("kitty keyboard")
    if received.count(b"\x1b[22;2t") != received.count(b"\x1b[23;2t"):
        on.add("title")
    if received.rfind(b"\x1b[?25h") < received.rfind(b"\x1b[?25l"):
        on.add("hidden cursor")
    if received.rfind(b"\x1b[?7h") < received.rfind(b"\x1b[?7l"):
        on.add("no wrapping")
    return on


def test_ctrl_c_twice_and_ctrl_d_leave_and_one_line_tells_the_way_back(tmp_path):
    with Place(tmp_path, [Reply("Hello.")]) as place:
        unused = place.open()
        unused.type(ESC)  # which alone never leaves
        unused.read(0.2)
        unused.type(ESC)
        unused.type("here")
        unused.until("here")
        unused.type(CTRL_U + CTRL_D)
        assert unused.wait() == 0
        assert b"To go on" not in unused.received
        assert held(bytes(unused.received)) == set()
        terminal = place.open()
        terminal.type("hi\r")
        terminal.until("Hello.")
        idle(terminal)
        assert held(bytes(terminal.received)) >= TAKEN | {"title"}
        terminal.type("half a thought" + CTRL_C)
        terminal.until(lambda: "half a thought" not in terminal.text)
        assert leave(terminal) == 0
        assert held(bytes(terminal.received)) == set()
        _, _, after = bytes(terminal.received).rpartition(b"\x1b[?1049l")
        assert after.decode().rpartition("l")[2] == f"To go on: kimicode --resume {place.session()}\r\n"


def test_a_signal_to_end_is_obeyed_in_the_middle_of_an_answer(tmp_path):
    with Place(tmp_path, [ENDLESS, Reply("Going on."), ENDLESS]) as place:
        terminal = place.open()
        terminal.type("go\r")
        terminal.until("word9 word10")
        terminal.signal(signal.SIGTERM)
        assert terminal.wait() == ExitCode.TERMINATED
        assert held(bytes(terminal.received)) == set()
        again = place.open("--continue")
        again.until("word9 word10")
        assert b"/help, or F1" not in again.received  # a resumed session begins with its own words
        again.type("and now?\r")
        again.until("Going on.")
        idle(again)
        before = len(again.received)
        again.type("once more\r")
        again.until(lambda: b"word10" in again.received[before:])
        again.signal(signal.SIGHUP)
        assert again.wait() == ExitCode.TERMINATED
        assert held(bytes(again.received)) == set()


def test_ctrl_z_gives_the_terminal_to_the_shell_and_fg_takes_it_again(tmp_path):
    with Place(tmp_path, [Reply("Hello."), Reply("Back again.")]) as place:
        terminal = place.start(["bash", "--norc", "-i"], PS1="shell$ ")
        terminal.until("shell$")
        terminal.type(f"{sys.executable} -m kimicode\r")
        terminal.until(" ask")
        terminal.type("hi\r")
        terminal.until("Hello.")
        idle(terminal)
        before = len(terminal.received)
        terminal.type(CTRL_Z)
        terminal.until(lambda: b"Stopped" in terminal.received[before:])
        assert held(bytes(terminal.received)) - {"title"} <= {"2004"}  # which bash itself may have taken
        before = len(terminal.received)
        terminal.type("fg\r")
        terminal.until(lambda: b"\x1b[?1049h" in terminal.received[before:])
        terminal.until(lambda: "Hello." in terminal.text and " ask" in terminal.lines[-1])
        assert held(bytes(terminal.received)) >= TAKEN
        terminal.type("still there?\r")
        terminal.until("Back again.")


def test_a_killed_session_comes_back_with_its_words_and_the_draft(tmp_path):
    with Place(tmp_path, [Reply("First answer."), ENDLESS, Reply("Third answer.")]) as place:
        terminal = place.open()
        terminal.type("first\r")
        terminal.until("First answer.")
        idle(terminal)
        terminal.type("second\r")
        terminal.until("word9 word10")
        terminal.type("a half-written thou")
        terminal.until("› a half-written thou")
        place_of_draft = place.home / "sessions" / place.session() / "draft.json"
        terminal.until(place_of_draft.exists)
        terminal.until(lambda: "half-written thou" in place_of_draft.read_text())
        stop_hard(terminal)
        again = place.open("--continue")
        again.until(lambda: "First answer." in again.text and "second" in again.text)
        again.until("› a half-written thou")
        again.type("ght\r")
        again.until("Third answer.")
        assert place.server.asked.endswith("a half-written thought")
