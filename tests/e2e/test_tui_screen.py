"""What reaches the terminal: whole screens at every size, little while an answer streams, and nothing that acts."""

import os
import re
import subprocess
import sys

from kimicode.benchmarks.terminal import FULL_CLEAR
from kimicode.llm.scripted import Reply
from tests.fakes.person import CTRL_D, CTRL_U, ENDLESS, ESC, SHIFT_TAB, Place, answer, git, idle, leave
from tests.fakes.sequences import foreign

EVIL = (
    "\x1b]52;c;aGVsbG8=\x07\x1b]0;owned\x07\x1b[2J\x1b[31m\x1bPq#0\x1b\\\x9b31m\x9d0;x\x9c"
    "\u202egnp.exe\u2066\U000e0041\u200b\x08\x7f"
)
"""Clipboard, title, screen, colours, an image, the same as single bytes; text turned round, hidden or erased."""
SIZES = ((40, 15), (300, 100), (80, 24), (41, 15), (120, 40), (200, 16), (60, 80), (40, 15), (300, 30), (100, 30))


def test_nothing_hostile_reaches_the_terminal_whoever_says_it(tmp_path):
    name = "a\u202egnp\x1b]0;owned\x07.txt"
    raw = r"printf '\x1b]52;c;aGk=\a\x9b31m\xc2\x9b31m\xff\xfe\x1bP1q\x1b\\'; ls; cat *.txt"
    turns = [
        Reply(f"**{EVIL}**\n\n```\n{EVIL}\n```\n\n[{EVIL}](http://x/{EVIL})", thinking=EVIL),
        Reply(calls=[("bash", {"command": raw})]),
        Reply(calls=[("bash", {"command": f"echo '{EVIL}'"})]),
        Reply(calls=[("createfile", {"path": f"b{EVIL.replace('/', '')}", "file_text": EVIL})]),
        Reply(calls=[("bash", {"command": f"true {EVIL}"}), ("no_such_tool", f'{{"x": "{EVIL}')]),
        Reply("All told."),
    ]
    with Place(tmp_path, turns) as place:
        (place.project / name).write_bytes(EVIL.encode() + b"\x9b31m\xff")
        git(place.project, "init", "-q", "-b", "b\u202eranch\u2066\U000e0041")
        terminal = place.open("--mode", "auto", columns=100, rows=30, TERM_PROGRAM="ghostty")
        terminal.paste(f"say it {EVIL}")
        terminal.type("\r")
        terminal.until("gnp.exe")
        idle(terminal)
        terminal.type("now run\r")
        terminal.until("All told.")
        idle(terminal)
        for command, seen in (
            ("/sessions", "Tab all folders"),
            ("/diff", "Tab turn or"),
            ("/rewind", "Back to before"),
        ):
            terminal.type(f"{command}\r")
            terminal.until(seen)
            terminal.type(ESC)
            terminal.until(lambda seen=seen: seen not in terminal.text)
            terminal.quiet()  # an escape and a letter at once would be another key
        terminal.type("@gnp")
        terminal.until("› @gnp")
        terminal.type(ESC)
        terminal.read(0.1)
        terminal.type(CTRL_U + SHIFT_TAB)
        assert leave(terminal) == 0
        assert foreign(bytes(terminal.received)) == []


def test_a_question_shows_hostile_bytes_and_obeys_none(tmp_path):
    turns = [Reply(calls=[("bash", {"command": f"true {EVIL}\n# second line"})]), Reply("Denied.")]
    with Place(tmp_path, turns) as place, place.open() as terminal:
        terminal.type("run\r")
        terminal.until(lambda: "# second line" in terminal.text.partition("Run this command")[2])
        shown = terminal.text.replace("\n", "")
        for sign in ("␛]52;c;aGVsbG8=␇", "<U+202E>", "<U+E0041>", "<U+009B>", "# second line"):
            assert sign in re.sub(r"\s{2,}", "", shown) or sign in shown, sign
        answer(terminal, "n")
        terminal.until("Denied.")
        assert foreign(bytes(terminal.received)) == []


def test_a_storm_of_sizes_leaves_the_right_screen_and_streaming_writes_little(tmp_path):
    with Place(tmp_path, [ENDLESS, Reply("Calm again.")]) as place, place.open() as terminal:
        terminal.type("go\r")
        terminal.until("word9 word10")
        terminal.read(0.5)
        before = len(terminal.received)
        chunks = 50
        terminal.read(chunks * 0.02)
        fresh = bytes(terminal.received[before:])
        assert not FULL_CLEAR.search(fresh)
        assert 0 < len(fresh) < chunks * 2_000  # a whole screen of 80x24 is more than that for each
        for columns, rows in SIZES * 3:
            terminal.resize(columns, rows)
            terminal.read(0.03)
        terminal.type(ESC)
        terminal.until("interrupted")
        idle(terminal)
        terminal.type("and now?\r")
        terminal.until("Calm again.")
        idle(terminal)
        terminal.type("typed after the storm")
        terminal.until("› typed after the storm")
        rule = "─" * 100
        assert [terminal.lines.index(rule), len(terminal.lines)] == [27, 30]
        assert leave_and_code(terminal) == 0


def leave_and_code(terminal) -> int:
    terminal.type(CTRL_U)
    return leave(terminal)


def test_a_theme_is_worn_from_the_first_paint_on_and_forty_by_fifteen_is_enough_to_work_in(tmp_path):
    turns = [Reply(calls=[("createfile", {"path": "made.py", "file_text": "x = 1\n" * 40})]), Reply("Done.")]
    with Place(tmp_path, turns) as place, place.open("--theme", "light") as terminal:
        assert terminal.screen.buffer[3][70].bg == "fbfbfa"
        for name, background in (("contrast", "000000"), ("terminal", "default"), ("dark", "14171d")):
            terminal.type(f"/theme {name}\r")
            terminal.until(lambda background=background: terminal.screen.buffer[3][70].bg == background)
        assert b"48;2;18;18;18" not in terminal.received  # Textual's own theme was never seen
        terminal.resize(40, 15)
        for command in ("/help", "/keys", "/sessions"):
            terminal.type(f"{command}\r")
            terminal.until("Esc closes")
            terminal.type(ESC)
            terminal.until(lambda: "Esc closes" not in terminal.text)
            terminal.quiet()  # what is typed before the prompt has the keys again is lost
        terminal.type("make a file with a rather long name please\r")
        answer(terminal, "1")
        terminal.until("Done.")
        assert all(len(line) <= 40 for line in terminal.lines)
        assert (place.project / "made.py").exists()


def test_the_theme_auto_follows_the_terminals_background_whenever_it_tells(tmp_path):
    white, black = b"\x1b]11;rgb:ffff/ffff/ffff\x07", b"\x1b]11;rgb:0000/0000/0000\x1b\\"

    def wears(terminal, background):
        terminal.until(lambda: terminal.screen.buffer[3][70].bg == background)

    with Place(tmp_path) as place:
        answering = place.open(answers={b"\x1b]11;?\x1b\\": white})
        wears(answering, "fbfbfa")
        silent = place.open(COLORFGBG="0;15")
        wears(silent, "fbfbfa")
        silent.type("typed " + black[:14].decode())  # late, and cut in two with a key between
        silent.read(0.1)
        silent.type("h")
        silent.until("typed h")
        silent.type(black[14:].decode() + "ere")
        wears(silent, "14171d")
        silent.until("› typed here")
        silent.type(f"{CTRL_U}/theme light\r")
        wears(silent, "fbfbfa")
        silent.type(black.decode() + "chosen, so it stays")
        silent.until("› chosen, so it stays")
        assert silent.screen.buffer[3][70].bg == "fbfbfa"


def test_without_colours_there_are_none(tmp_path):
    with Place(tmp_path, [Reply("# Title\n\n`code` **bold**")]) as place:
        terminal = place.open(NO_COLOR="1")
        terminal.type("hi\r")
        terminal.until("Title")
        idle(terminal)
        terminal.type("/help\r")
        terminal.until("Esc closes")
        codes = {
            code for codes in re.findall(rb"\x1b\[([\d;]*)m", bytes(terminal.received)) for code in codes.split(b";")
        }
        assert codes <= {b"", b"0", b"1", b"2", b"3", b"4", b"7", b"9", b"39", b"49"}, codes


def test_dumb_terminals_and_pipes_get_lines_of_text(tmp_path):
    with Place(tmp_path, [Reply("Hello **there**."), Reply("Piped."), Reply("From a pipe.")]) as place:
        terminal = place.start([sys.executable, "-m", "kimicode"], TERM="dumb")
        terminal.until(lambda: terminal.text.endswith(">"))
        terminal.type("hi\r")
        terminal.until("Hello")
        terminal.type("/quit\r")
        assert terminal.wait() == 0
        assert b"\x1b" not in terminal.received
        piped = place.start(["sh", "-c", f"{sys.executable} -m kimicode | cat"])
        piped.until(lambda: piped.text.endswith(">"))
        piped.type("hi\r")
        piped.until("Piped.")
        piped.type(CTRL_D)
        assert piped.wait() == 0
        assert b"\x1b" not in piped.received
        command = [sys.executable, "-m", "kimicode"]
        environ = {**os.environ, **place.variables}
        run = subprocess.run(
            command, input=b"hi\n", capture_output=True, cwd=place.project, env=environ, timeout=30, check=True
        )
        assert b"From a pipe." in run.stdout
        assert b"\x1b" not in run.stdout + run.stderr
