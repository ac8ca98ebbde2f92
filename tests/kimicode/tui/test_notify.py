"""When the person is called, how each terminal is called, and that no text drives it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.events import ApprovalRequested
from kimicode.tui.notify import BEL, Notifier
from kimicode.tui.state import Problem, Queued, State

IDLE = State(phase="idle")
WORKING = State(phase="working", began=100.0)
ASKED = replace(WORKING, asking=(ApprovalRequested("c", "bash", "bash: ls"),))


class Terminal:
    def __init__(self, **environ: str) -> None:
        self.written: list[str] = []
        self.now = 100.0
        self.notifier = Notifier(self.written.append, environ, clock=lambda: self.now)

    def see(self, *states: State) -> list[str]:
        for state in states:
            self.notifier.watch(state)
        return self.written


def test_a_question_rings_at_once_but_not_to_somebody_who_looks():
    assert Terminal().see(WORKING, ASKED) == [BEL]
    looked_at = Terminal()
    looked_at.notifier.focused = True
    assert looked_at.see(WORKING, ASKED) == []


def test_a_turn_rings_when_it_took_a_while_and_nothing_follows():
    terminal = Terminal()
    assert terminal.see(WORKING, IDLE) == []
    terminal.now = 106.0
    assert terminal.see(WORKING, replace(IDLE, queue=(Queued("next"),))) == []
    assert terminal.see(WORKING, IDLE) == [BEL]


def test_a_failure_rings_however_short_the_turn():
    assert Terminal().see(WORKING, replace(IDLE, problem=Problem("model", "gone"))) == [BEL]
    assert Terminal().see(State(phase="opening"), State(phase="failed", problem=Problem("config", "no key"))) == [BEL]


def test_many_questions_ring_once_in_a_while():
    terminal = Terminal()
    assert terminal.see(ASKED, WORKING, ASKED, WORKING, ASKED) == [BEL]
    terminal.now += 4.0
    assert terminal.see(WORKING, ASKED) == [BEL, BEL]


def test_off_is_off():
    terminal = Terminal()
    terminal.notifier.way = "off"
    assert terminal.see(WORKING, ASKED) == []


@pytest.mark.parametrize(
    ("environ", "begins"),
    [
        ({"TERM_PROGRAM": "iTerm.app"}, "\x1b]9;kimicode asks"),
        ({"TERM": "xterm-kitty"}, "\x1b]99;;kimicode asks"),
        ({"TERM": "foot"}, "\x1b]777;notify;kimicode;kimicode asks"),
        ({"TERM": "xterm-256color"}, BEL),
        ({"TERM": "xterm-kitty", "TMUX": "/tmp/x"}, BEL),
    ],
)
def test_each_terminal_is_called_in_its_own_way(environ, begins):
    terminal = Terminal(**environ)
    terminal.notifier.way = "desktop"
    assert terminal.see(WORKING, ASKED)[0].startswith(begins)


@given(st.text())
def test_no_text_ends_its_own_sequence(text):
    terminal = Terminal(TERM_PROGRAM="iTerm.app")
    terminal.notifier.way = "desktop"
    terminal.notifier.call(text)
    terminal.notifier.title(text)
    for written in terminal.written:
        body = written.replace("\x1b[22;2t", "").removeprefix("\x1b]9;").removeprefix("\x1b]2;").removesuffix(BEL)
        assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in body)


def test_the_terminals_title_comes_back():
    terminal = Terminal()
    terminal.notifier.restore()
    assert terminal.written == []
    terminal.notifier.title("one")
    terminal.notifier.title("one")
    terminal.notifier.title("two")
    terminal.notifier.restore()
    assert terminal.written == ["\x1b[22;2t\x1b]2;one\x07", "\x1b]2;two\x07", "\x1b[23;2t"]
