"""What the model and the person are told of an edit, and what may run in whose folder."""

import asyncio
import os

import pytest

from kimicode.agent.approval import Approval, nobody_to_ask
from kimicode.agent.diagnosis import Diagnosis
from kimicode.agent.rulebook import Rules
from kimicode.agent.rules import parse
from kimicode.config.schema import Settings
from kimicode.config.trust import Trust
from kimicode.events import Diff, Notice, ToolCompleted
from kimicode.workspace.files import Files
from tests.fakes.model import PlaybackModel, calls, says
from tests.fakes.workshop import Workshop


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    (folder / "node_modules" / ".bin").mkdir(parents=True)
    (folder / "tsconfig.json").write_text("{}")
    tsc = folder / "node_modules" / ".bin" / "tsc"
    tsc.write_text('#!/bin/sh\ntouch canary\necho "a.ts(1,1): error TS1: bad"\nexit 2\n')
    tsc.chmod(0o755)
    return folder


class Desk:
    """Files with a diagnosis of their edits, and what was emitted."""

    def __init__(self, project, *, mode="auto", rules=(), trust=None, **settings):
        self.events = []
        self.files = Files(project)
        self.approval = Approval(mode, nobody_to_ask, self.events.append, Rules(deny=tuple(map(parse, rules))))
        scratch = project.parent / "scratch"
        settings, emit = Settings(**settings), self.events.append
        self.diagnosis = Diagnosis(self.files, scratch, settings, self.approval, emit, trust or Trust.whole(project))

    async def edit(self, path="a.ts", text="export {}\n"):
        self.files.create(path, text)
        try:
            return await self.diagnosis.news()
        finally:
            await self.diagnosis.close()


async def test_what_the_projects_checker_finds_goes_to_the_model_and_to_the_person(project):
    desk = Desk(project)
    told = await desk.edit()
    assert "a.ts:1: TS1 bad" in told
    assert desk.events == [Notice("info", "diagnostics", told)]


@pytest.mark.parametrize("mode", ["ask", "auto-edit", "auto", "yolo"])
@pytest.mark.parametrize("answer", [None, "untrusted"])
async def test_a_folder_that_is_not_trusted_starts_nothing_of_its_own_in_any_mode(project, mode, answer):
    desk = Desk(project, mode=mode, trust=Trust(project, answer))
    assert await desk.edit() == ""
    assert not (project / "canary").exists()


async def test_without_its_checker_the_file_is_parsed_at_least(project):
    assert "a.ts:1: syntax" in await Desk(project, trust=Trust(project)).edit(text="f(1 ]]\n")


@pytest.mark.parametrize("mode", ["ask", "auto"])
async def test_a_trusted_folder_may_run_its_own(project, mode):
    assert "TS1" in await Desk(project, mode=mode).edit()


async def test_trust_in_another_folder_does_not_count(project):
    for number, other in enumerate((project / "node_modules", project.parent / "other")):
        assert await Desk(project, trust=Trust(other, "trusted")).edit(f"{number}.ts") == ""


async def test_a_rule_of_the_person_refuses_a_checker_in_every_mode(project):
    assert await Desk(project, rules=["bash: tsc"]).edit() == ""
    assert not (project / "canary").exists()


async def test_it_can_be_switched_off(project):
    assert await Desk(project, diagnostics=False).edit() == ""
    assert not (project / "canary").exists()


async def test_a_preview_of_an_edit_checks_nothing(project):
    desk = Desk(project)
    desk.files.rehearsal().create("a.ts", "x\n")
    assert await desk.diagnosis.news() == ""
    assert not (project / "canary").exists()


# --- in a turn ----------------------------------------------------------------------------------------------

EDIT = ("createfile", {"path": "a.txt", "file_text": "x\n"})
LOOK = ("view", {"path": "a.txt"})


async def test_a_result_ends_with_the_news(tmp_path):
    told = iter(["Diagnostics: one", ""])

    async def news():
        return next(told)

    shop = Workshop(tmp_path, PlaybackModel(calls(EDIT), calls(LOOK), says("done")), insist=False, diagnose=news)
    await shop.agent.run("make it")
    await shop.shell.close()
    assert shop.results()[0].endswith("\nDiagnostics: one")
    assert "Diagnostics" not in shop.results()[1]


async def test_an_interrupt_while_checkers_run_does_not_hide_that_the_edit_was_made(tmp_path):
    waiting = asyncio.Event()

    async def news():
        waiting.set()
        await asyncio.Event().wait()
        return ""

    shop = Workshop(tmp_path, PlaybackModel(calls(EDIT)), diagnose=news)
    turn = asyncio.create_task(shop.agent.run("make it"))
    await asyncio.wait_for(waiting.wait(), 20)
    turn.cancel()
    await asyncio.wait([turn])
    await shop.shell.close()
    [done] = shop.of(ToolCompleted)
    assert not done.is_error
    assert isinstance(done.display, Diff)
    assert os.path.exists(tmp_path / "a.txt")
