"""An unknown folder in the app and in the plain prompt: the question, what was typed meanwhile, and /trust."""

import asyncio
import os
import pty

import pytest
from textual.events import Key

from kimicode.config.load import record
from kimicode.llm.scripted import Reply, ScriptedServer
from kimicode.tui.plain import Plain
from kimicode.tui.screens.trust import TrustScreen
from kimicode.tui.wanted import Wanted
from tests.kimicode.tui.test_app import at_work

QUIET_S = 0.6


@pytest.fixture
def project(project):
    (project / "AGENTS.md").write_text("OBEYME")
    (project / ".kimicode/commands").mkdir(parents=True)
    (project / ".kimicode/commands/own.md").write_text("the project's own")
    return project


def answer_of(project):
    return record(os.environ).trust_in(project).answer


async def asked(person):
    await person.until(lambda: isinstance(person.app.screen, TrustScreen), "no question")
    await asyncio.sleep(QUIET_S)


async def test_with_trust_its_instructions_and_commands_count(home, project):
    async with at_work(project, [Reply("Hello.")], trust=False) as person:
        await asked(person)
        await person.pilot.press("1")
        await person.idle()
        assert person.app.desk.conversation.trust.given
        await person.until(lambda: person.app.commands.find("own"), "its command is not there")
        await person.types("hi", "enter")
        await person.sees("Hello.")
    assert answer_of(project) == "trusted"


async def test_without_it_works_but_obeys_nothing_and_says_so(home, project):
    async with at_work(project, [Reply("Hello.")], trust=False) as person:
        await asked(person)
        await person.pilot.press("2")
        await person.idle()
        await person.sees("not obeyed: ")
        await person.types("hi", "enter")
        await person.sees("Hello.")
        assert person.app.commands.find("own") is None
        await person.types("/trust yes", "enter")
        await person.sees("from the next session on")
    assert answer_of(project) == "trusted"
    async with at_work(project, [Reply("Hello.")], trust=False) as person:
        await person.idle()
        assert person.app.desk.conversation.trust.given


async def test_what_was_typed_before_and_during_the_question_is_kept(home, project):
    async with at_work(project, trust=False) as person:
        await person.pilot.press(*"look at @")
        await person.until(lambda: isinstance(person.app.screen, TrustScreen), "no question")
        for character in "AG 123":  # at once: on a busy machine a pilot's keys come too slowly to be one burst
            person.app.screen.post_message(Key(character, character))
        taken = asyncio.Event()
        person.app.screen.call_later(taken.set)  # behind the keys: the quiet begins when the last one was taken
        await taken.wait()
        await asyncio.sleep(QUIET_S)
        await person.pilot.press("2")
        await person.idle()
        assert person.app.composer.draft.text == "look at @AG 123"
    assert answer_of(project) == "untrusted"


async def test_who_quits_leaves_no_answer_and_no_session(home, project):
    async with at_work(project, trust=False) as person:
        await asked(person)
        await person.pilot.press("3")
        await person.until(lambda: not person.app.is_running, "still there")
    assert person.app.return_code == 0
    assert answer_of(project) is None
    assert not (home / "sessions").exists()


@pytest.mark.parametrize("number", ["1", "2", "3"])
async def test_the_plain_prompt_asks_a_person_by_number(home, project, number, capsys):
    ours, theirs = pty.openpty()
    out = ""
    async with ScriptedServer([Reply("Hello.")]) as server, asyncio.timeout(30):
        flags = {"base_url": server.base_url, "model": "scripted"}
        running = asyncio.create_task(Plain(Wanted(project, flags=flags, environ=dict(os.environ)), theirs).run())
        for shown, typed in (("Number:", f"yes\n{number}\n"), ("> ", "/quit\n")):
            while shown not in out and not running.done():
                await asyncio.sleep(0.05)
                out += capsys.readouterr().out
            os.write(ours, typed.encode())
        assert await running == 0
    for end in (ours, theirs):
        os.close(end)
    assert out.count("Do you trust what is in here?") == 1
    assert answer_of(project) == {"1": "trusted", "2": "untrusted", "3": None}[number]
