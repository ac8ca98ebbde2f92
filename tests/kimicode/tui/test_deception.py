"""Whatever a model writes, the question shows what would run: byte for byte, whole, and nothing else."""

import re
import socket
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App

from kimicode.events import ApprovalRequested, CommandRun, Diff
from kimicode.tui.content import Markdown
from kimicode.tui.palette import DARK, Look
from kimicode.tui.plain_events import question
from kimicode.tui.text.render import render
from kimicode.tui.text.sanitise import exact
from kimicode.tui.widgets.approval import GRACE_S, ApprovalBar
from kimicode.tui.widgets.panel import Panel

LOOK = Look(DARK)
WIDTH = 60
HIDING = {
    "echo ok \u202e# hsr-mr": "echo ok <U+202E># hsr-mr",
    "ls \U000e0041\U000e0042": "ls <U+E0041><U+E0042>",
    "cat\ta": "cat␉a",
    "true\rrm -r x": "true␍rm -r x",
    "true\r\nrm -r x\r\n": "true␍\nrm -r x␍\n",
    "rm -r a\u00a0b\u3000c": "rm -r a<U+00A0>b<U+3000>c",
    "l\u200bs \u2800x": "l<U+200B>s <U+2800>x",
    "ls\x1b[8m; rm x\x1b[0m\x08\x08": "ls␛[8m; rm x␛[0m␈␈",
    "ls\x9b8m \x7f\x00": "ls<U+009B>8m ␡␀",
    "echo \udcff\ud800": "echo <0xFF><U+D800>",
}
LONG = "echo start; " + "true; " * 1_700 + "rm -r everything; " + "true; " * 30


class Bench(App[None]):
    CSS_PATH = "../../../kimicode/tui/widgets/around.tcss"

    def __init__(self):
        super().__init__()
        self.bar = ApprovalBar(LOOK, clock=count(0, 2 * GRACE_S).__next__)

    def compose(self):
        yield self.bar

    @property
    def rows(self):
        """What is asked about, as it stands on the screen."""
        panel = next(child for child in self.bar.children if isinstance(child, Panel))
        return [panel.render_line(y).text for y in range(panel.size.height)]


def asked(command, cwd="/srv"):
    return ApprovalRequested("c1", "bash", "bash", CommandRun(command, "", None), cwd, True)


async def scrolled_through(request):
    """All rows of the question that can be had by going down, each once, without the head and the line of places."""
    app = Bench()
    seen = []
    async with app.run_test(size=(WIDTH, 24)) as pilot:
        app.bar.show((request,))
        app.bar.focus()
        await pilot.pause()
        while True:
            rows = app.rows[1:]
            places = re.match(r"lines (\d+) to (\d+) of (\d+): ", rows[-1])
            if places is None:
                return rows
            seen[int(places[1]) - 1 :] = rows[:-1]
            if len(seen) == int(places[3]):
                return seen
            await pilot.press("pagedown")
            await pilot.pause()


@pytest.mark.parametrize("command", HIDING)
async def test_what_hides_is_shown_in_the_question_above_the_composer(command):
    rows = await scrolled_through(asked(command))
    assert "\n".join(row[2:].rstrip() for row in rows) == "\n".join(map(str.rstrip, HIDING[command].split("\n")))


@pytest.mark.parametrize("command", HIDING)
def test_what_hides_is_shown_as_lines(command):
    assert f"\n{HIDING[command]}\nin /srv" in question(asked(command))


async def test_ten_thousand_characters_are_there_to_the_last_and_the_screen_says_how_many_lines():
    assert len(LONG) > 10_000
    rows = await scrolled_through(asked(LONG))
    assert "".join(row[2:].ljust(WIDTH - 2) for row in rows).split() == LONG.split()


def test_ten_thousand_characters_are_all_printed():
    assert f"\n{LONG}\nin /srv" in question(asked(LONG))


async def test_blanks_do_not_push_the_rest_out_of_sight():
    rows = await scrolled_through(asked("echo safe" + " " * 900 + "; rm -r everything"))
    assert [row.strip() for row in rows if row.strip()] == ["echo safe", "; rm -r everything"]


@pytest.mark.parametrize("name", ["/srv/" + "long/" * 40 + "end", "/srv/a  b\n?\u202ec"])
async def test_a_folder_or_path_is_told_whole(name):
    told = exact(name).replace("\n", "␊")
    for request in (
        asked("ls", name),
        ApprovalRequested("c1", "insert", "", Diff(name, "@@ -1 +1 @@\n-a\n+b\n", 1, 1)),
    ):
        app = Bench()
        async with app.run_test(size=(WIDTH, 40)) as pilot:
            app.bar.show((request,))
            await pilot.pause()
            assert told in "".join(app.rows).replace("…", "") or told in "".join(row.rstrip() for row in app.rows[1:])


def test_pictures_and_links_of_an_answer_are_never_loaded():
    with socket.create_server(("127.0.0.1", 0)) as host:
        url = f"http://127.0.0.1:{host.getsockname()[1]}"
        shown = render(Markdown(f"![a]({url}/a.png) ![]({url}/b) [c]({url}/c?key=1) <img src='{url}/d'>"), WIDTH, LOOK)
        assert f"{url}/c?key=1" in "".join(line.text for line in shown)
        host.setblocking(False)
        with pytest.raises(BlockingIOError):
            host.accept()


@given(st.text())
def test_no_character_of_a_command_is_lost_or_obeyed(command):
    shown = exact(command)
    assert shown.count("\n") == command.count("\n")
    assert all(character == "\n" or character >= " " for character in shown)
    for character in command:
        assert character in shown or f"<U+{ord(character):04X}>" in shown or ord(character) < 0x80
    assert exact(shown) == shown
