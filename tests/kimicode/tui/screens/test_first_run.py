"""The first run's form: going back, what fails, and what is kept all the same."""

import asyncio
import tomllib

from kimicode.tui.screens.first_run import FirstRun
from tests.fakes.model_server import free_port
from tests.fakes.stage import LOOK, Stage, text_of


async def sees(app, text: str) -> None:
    for _ in range(400):
        if text in text_of(app):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(text_of(app))


async def test_each_way_is_described_and_left_again(home):
    app = Stage(FirstRun(LOOK))
    async with app.run_test() as pilot:
        await sees(app, "platform.moonshot.ai")
        await pilot.press("down")
        await sees(app, "OpenRouter")
        await pilot.press("enter")
        await sees(app, "Address")
        await pilot.press("escape")
        await sees(app, "Which model shall")
        await pilot.press("escape")
    assert app.outcome is None
    assert not home.exists()


async def test_a_key_is_not_shown(home):
    app = Stage(FirstRun(LOOK))
    async with app.run_test() as pilot:
        await pilot.press("enter", *"sk-secret")
        assert "secret" not in text_of(app)


async def test_what_fails_is_explained_and_kept_only_if_insisted(home):
    address = f"http://127.0.0.1:{free_port()}/v1"
    app = Stage(FirstRun(LOOK))
    async with app.run_test(size=(100, 40)) as pilot:
        await pilot.press("down", "enter", *address, "enter", "enter", "enter")
        await sees(app, "is not reachable")
        assert not (home / "config.toml").exists()
        await pilot.press("enter")
        await pilot.pause()
    assert app.outcome == "endpoint"
    assert tomllib.loads((home / "config.toml").read_text())["base_url"] == address


async def test_it_fits_the_smallest_terminal(home):
    app = Stage(FirstRun(LOOK))
    async with app.run_test(size=(40, 15)) as pilot:
        await sees(app, "A Moonshot key")
        await pilot.press("down", "enter")
        await sees(app, "Model (optional)")
