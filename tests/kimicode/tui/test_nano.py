"""Who has no model yet may take kimi-nano for a session, on the real screen: it says what it is, nothing is kept."""

import asyncio
import os

import pytest

from kimicode.config.schema import Settings
from kimicode.tui.app import KimicodeApp
from kimicode.tui.models import offered
from kimicode.tui.screens.first_run import FirstRun
from kimicode.tui.setup import try_out
from kimicode.tui.wanted import Wanted
from tests.fakes.local_engine import log, shim
from tests.fakes.nano_package import package
from tests.fakes.stage import text_of


@pytest.fixture
def variables(home, tmp_path):
    """Those of a person with nothing but kimi-nano, whose engine is the fake one."""
    before = dict(os.environ)
    os.environ.update(shim(tmp_path / "shim"), KIMICODE_NANO=str(tmp_path / "nano"))
    yield {name: os.environ[name] for name in ("PATH", "KIMICODE_HOME", "KIMICODE_NANO")}
    os.environ.clear()
    os.environ.update(before)


async def sees(app, text):
    for _ in range(300):
        if text in text_of(app):
            return
        await asyncio.sleep(0.03)
    raise AssertionError(f"{text!r} never came\n{text_of(app)}")


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def choose_nano(app, pilot):
    while not isinstance(app.screen, FirstRun):
        await asyncio.sleep(0.02)
    await pilot.press("down", "down", "down")
    await sees(app, "it is not Kimi K2.6")
    await pilot.press("enter")


async def test_it_can_be_taken_for_a_session_and_says_what_it_is(variables, home, project, tmp_path):
    package(tmp_path / "nano", {"text": "Hello."})
    app = KimicodeApp(Wanted(project, trust=True, environ=variables))
    async with app.run_test(size=(80, 24)) as pilot:
        await choose_nano(app, pilot)
        await sees(app, "million parameters")
        await sees(app, "ask  kimi-nano")
        await pilot.press(*"hi", "enter")
        await sees(app, "Hello.")
        await pilot.press(*"/quit", "enter")
    assert not (home / "config.toml").exists(), "the next session asks again"
    pid = int(log(tmp_path / "nano" / "checkpoint")[0].split()[1])
    while alive(pid):
        await asyncio.sleep(0.02)


async def test_where_it_is_not_whole_one_is_told_and_may_choose_another_way(variables, project):
    app = KimicodeApp(Wanted(project, trust=True, environ=variables))
    async with app.run_test(size=(80, 24)) as pilot:
        await choose_nano(app, pilot)
        await sees(app, "pip install")
        await pilot.press("up", "enter")
        await sees(app, "Folder of the checkpoint")


@pytest.mark.usefixtures("variables")
async def test_it_is_among_the_models_where_it_is_whole(tmp_path):
    assert "kimi-nano" not in await offered(Settings())
    assert not (await asyncio.to_thread(try_out, "kimi-nano", {})).works
    package(tmp_path / "nano")
    assert "kimi-nano" in await offered(Settings())
    trial = await asyncio.to_thread(try_out, "kimi-nano", {})
    assert (trial.works, trial.settings) == (True, {})
