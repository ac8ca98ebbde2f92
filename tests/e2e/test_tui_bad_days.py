"""Bad days: no server, no git, no disk, no folder, no configuration. The interface stays, says so, and goes on."""

import os
import shutil
import signal
import subprocess
import sys

import pytest

from kimicode.errors import ExitCode
from kimicode.llm.scripted import Reply
from tests.fakes.model_server import FaultServer, delta, free_port, reset
from tests.fakes.person import CTRL_U, DOWN, ENDLESS, Place, Server, idle, leave

LOST = reset(delta(content="A first half"))


def test_a_server_that_dies_in_an_answer_and_comes_back(tmp_path):
    with Place(tmp_path, [ENDLESS]) as place, place.open() as terminal:
        terminal.type("go\r")
        terminal.until("word9 word10")
        port = int(place.server.script.base_url.split(":")[-1].split("/")[0])
        place.server.stop()
        terminal.until("failed")
        idle(terminal)
        assert "word9 word10" in terminal.text
        terminal.type("anybody?\r")
        terminal.until(lambda: terminal.text.count("failed") > 1 or "not sent" in terminal.text)
        place.server = Server([Reply("Here again.")], port)
        place.server.start()
        idle(terminal)
        terminal.type(f"{CTRL_U}and now?\r")
        terminal.until("Here again.")


def test_a_dead_endpoint_at_the_start_is_told_and_can_be_left(tmp_path):
    with Place(tmp_path) as place:
        terminal = place.open(KIMICODE_BASE_URL=f"http://127.0.0.1:{free_port()}/v1")
        terminal.type("hello\r")
        terminal.until("127.0.0.1")
        terminal.type("/doctor\r")
        terminal.until("Esc")
        terminal.type("\x1b")
        terminal.read(0.2)
        terminal.type(CTRL_U)
        assert leave(terminal) == 0


def test_the_first_run_leads_to_an_answer(tmp_path):
    with Place(tmp_path, [Reply("It works.")]) as place:
        terminal = place.start([sys.executable, "-m", "kimicode"], KIMICODE_BASE_URL="", KIMICODE_MODEL="")
        terminal.until(" ask")
        terminal.type("said too early\r")
        terminal.until("Which model shall kimicode work with?")
        terminal.type(DOWN + "\r")
        terminal.until("Address")
        terminal.quiet(0.2)
        for typed in (place.server.script.base_url, "", ""):
            terminal.type(f"{typed}\r")
            terminal.quiet(0.2)
        terminal.until("It works.")
        assert place.server.asked.endswith("said too early")
        assert (place.home / "config.toml").stat().st_mode & 0o777 == 0o600


def test_a_home_that_cannot_be_written_is_told(tmp_path):
    with Place(tmp_path, [Reply("hi")]) as place:
        (place.home / "sessions").write_text("in the way of a folder")
        terminal = place.open()
        terminal.type("hello\r")
        terminal.until("sessions")
        terminal.type(CTRL_U)
        terminal.read(0.1)
        leave(terminal)
        assert "Traceback" not in terminal.received.decode()


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_full_disk_costs_no_words(tmp_path):
    with Place(tmp_path, [Reply("First."), Reply("Second."), Reply("Third.")]) as place:
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", place.home], check=False).returncode:
            pytest.skip("mounting is not allowed here")
        try:
            terminal = place.open()
            terminal.type("hello\r")
            terminal.until("First.")
            idle(terminal)
            with (place.home / "ballast").open("wb", buffering=0) as ballast:
                try:
                    while ballast.write(bytes(4096)):
                        pass
                except OSError:
                    pass
            terminal.type("into the full disk\r")
            terminal.until(lambda: "cannot write" in terminal.text and "Second." in terminal.text)
            idle(terminal)
            terminal.type("once more\r")
            terminal.until(lambda: "failed" in terminal.text and "› once more" in terminal.text)  # not lost
            (place.home / "ballast").unlink()
            terminal.signal(signal.SIGTERM)
            assert terminal.wait() == ExitCode.TERMINATED
            again = place.open("--continue")
            again.until("› once more")
            again.type("\r")
            again.until("Third.")
        finally:
            place.__exit__()
            subprocess.run(["umount", "-l", place.home], check=True)


def test_without_git_and_in_a_folder_that_is_deleted_it_works_all_the_same(tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("bash", "cat", "env"):
        (tools / name).symlink_to(str(shutil.which(name)))
    look = Reply(calls=[("bash", {"command": "echo looked"})])
    turns = [look, Reply("Fine."), look, Reply("I see."), Reply("Still here.")]
    with Place(tmp_path, turns) as place:
        terminal = place.open("--mode", "auto", PATH=str(tools))
        terminal.type("look\r")
        terminal.until("Fine.")
        idle(terminal)
        terminal.type("@x")
        terminal.until("› @x")
        shutil.rmtree(place.project)
        terminal.type(f"{CTRL_U}look again\r")
        terminal.until("I see.")
        idle(terminal)
        terminal.type("@a /nothing\r")
        terminal.until("Still here.")
        idle(terminal)
        assert leave(terminal) == 0


def test_a_request_that_breaks_off_is_made_again(tmp_path):
    with Place(tmp_path, [LOST, Reply("A whole answer.")]) as place:
        terminal = place.open(KIMICODE_MAX_RETRIES="2")
        terminal.type("hello\r")
        terminal.until("A whole answer.")
        idle(terminal)
        assert terminal.text.count("A first half") == 0
        assert isinstance(place.server.script, FaultServer)
