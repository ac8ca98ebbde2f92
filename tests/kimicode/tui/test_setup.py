"""What a new user says is tried before it is written down."""

import asyncio

import pytest

from kimicode.llm.scripted import Reply, ScriptedServer
from kimicode.tui.setup import WAYS, flags_of, is_first_run, try_out
from kimicode.tui.wanted import Wanted
from tests.fakes.model_server import free_port


async def tried(way: str, **answers: str):
    return await asyncio.to_thread(try_out, way, answers)


async def test_a_server_that_answers_works_with_what_was_given():
    async with ScriptedServer([Reply("")]) as server:
        trial = await tried("endpoint", base_url=f" {server.base_url}/ ", model="scripted", api_key="")
    assert trial.works
    assert trial.settings == {"base_url": server.base_url, "model": "scripted", "api_key": None}


async def test_a_model_that_is_not_there_is_told_with_those_that_are():
    async with ScriptedServer([], models=({"id": "kimi-a"},)) as server:
        trial = await tried("endpoint", base_url=server.base_url, model="kimi-b")
    assert not trial.works
    assert any("kimi-a" in finding.hint for finding in trial.findings)


async def test_nobody_listening_is_told_and_may_be_kept_all_the_same():
    address = f"http://127.0.0.1:{free_port()}/v1"
    trial = await tried("endpoint", base_url=address)
    assert not trial.works
    assert trial.settings["base_url"] == address


@pytest.mark.parametrize(
    ("way", "answers", "told"),
    [
        ("endpoint", {}, "address"),
        ("endpoint", {"base_url": "localhost"}, "base_url"),
        ("endpoint", {"base_url": "https://host.example/v1"}, "key"),
        ("moonshot", {"api_key": "sk with blanks"}, "api_key"),
        ("engine", {}, "folder"),
        ("engine", {"checkpoint": "relative"}, "checkpoint"),
        ("engine", {"checkpoint": "/nowhere/at/all"}, "/nowhere/at/all"),
    ],
)
async def test_what_cannot_be_is_refused_without_asking_anybody(way, answers, told):
    trial = await tried(way, **answers)
    assert not trial.works
    assert not trial.settings
    text = trial.findings[0].text
    assert told in text
    assert "with blanks" not in text


async def test_a_folder_without_a_checkpoint_is_none(tmp_path):
    trial = await tried("engine", checkpoint=str(tmp_path))
    assert "config.json" in trial.findings[0].text


def test_every_way_but_the_smallest_model_asks_for_something():
    assert [way.name for way in WAYS if way.answers] == ["moonshot", "endpoint", "engine"]
    assert [way.name for way in WAYS if not way.answers] == ["kimi-nano"]
    assert flags_of("kimi-nano") == {"model": "kimi-nano"}
    assert flags_of("moonshot") == {}, "that stands in config.toml"


def test_a_first_run_is_one_without_any_endpoint(home, tmp_path):
    environ = {"KIMICODE_HOME": str(home)}
    assert is_first_run(Wanted(tmp_path, environ=environ))
    assert not is_first_run(Wanted(tmp_path, environ={**environ, "MOONSHOT_API_KEY": "sk-1"}))
    assert not is_first_run(Wanted(tmp_path, environ=environ, flags={"model": "local"}))
    home.mkdir()
    (home / "config.toml").write_text("nonsense")
    assert not is_first_run(Wanted(tmp_path, environ=environ))
