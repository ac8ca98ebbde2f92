"""Floods, broken text and progress bars, from real commands."""

import asyncio
import resource
import time

import pytest

from kimicode.workspace.shell import Shell
from tests.fakes.confined import WORLDS, in_world


@pytest.fixture(params=WORLDS)
async def shell(request, tmp_path):
    shell = Shell(tmp_path, tmp_path / "spill", sandbox=in_world(request.param, tmp_path))
    yield shell
    await shell.close()


def peak_memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def test_a_hundred_megabytes_pass_in_seconds_and_land_in_a_file(shell):
    before = peak_memory_mb()
    result = await shell.run("head -c 104000000 /dev/zero | tr '\\0' 'x'")
    assert result.duration_s < 3
    assert peak_memory_mb() - before < 30
    assert result.truncated
    assert result.spill is not None
    assert result.spill.stat().st_size == 104_000_000
    assert len(result.output) < 5_000


async def test_an_endless_flood_is_bounded_in_memory_and_on_disk(shell):
    before = peak_memory_mb()
    result = await shell.run("timeout 2 yes")
    assert result.exit_code == 124
    assert peak_memory_mb() - before < 30
    assert result.spill is not None
    assert result.spill.stat().st_size <= 100 * 1024 * 1024
    assert "bytes left out" in result.output


async def test_a_flood_leaves_the_event_loop_responsive(shell):
    flood = asyncio.create_task(shell.run("timeout 1 yes"))
    longest = 0.0
    while not flood.done():
        began = time.monotonic()
        await asyncio.sleep(0.01)
        longest = max(longest, time.monotonic() - began)
    assert longest < 0.5


async def test_text_that_is_no_text_is_made_readable(shell):
    result = await shell.run(r"printf 'caf\351 \000\033[31mred\033[0m\n1%%\r2%%\r100%%\n'")
    assert result.output == "caf\ufffd red\n100%\n"


async def test_both_streams_come_in_order(shell):
    assert (await shell.run("echo 1; echo 2 >&2; echo 3")).output == "1\n2\n3\n"


async def test_live_output_comes_while_it_runs_and_not_too_often(shell):
    reports: list[tuple[float, str]] = []
    began = time.monotonic()
    await shell.run(
        "for i in $(seq 200); do echo line $i; sleep 0.003; done",
        report=lambda text: reports.append((time.monotonic() - began, text)),
    )
    took = time.monotonic() - began
    assert "".join(text for _, text in reports).splitlines() == [f"line {i}" for i in range(1, 201)]
    assert 3 < len(reports) <= took * 20 + 1
    assert reports[0][0] < took / 2


async def test_live_output_ends_after_64_kb(shell):
    reports: list[str] = []
    await shell.run("head -c 10000000 /dev/zero | tr '\\0' 'x'", report=reports.append)
    assert sum(map(len, reports)) <= 64 * 1024
    assert reports[-1].endswith("it is not shown live]\n")
