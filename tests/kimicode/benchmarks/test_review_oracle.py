"""A model that knows each bug of the set gets it through the whole review: nothing on the way drops what is true."""

import asyncio

import pytest

from kimicode.benchmarks.review_attempt import create
from kimicode.benchmarks.review_match import marked
from kimicode.benchmarks.review_set import load
from kimicode.config.schema import Settings
from kimicode.git.repository import Repository
from kimicode.llm.scripted import Reply
from kimicode.review import diff
from kimicode.review.reviewer import Wish, review
from kimicode.review.source import of_range
from tests.fakes.panel import REAL, Panel, report, verdict

BUGS = [case for case in load() if not case.harmless]
SOME_SLOW = [
    pytest.param(case, id=case.name, marks=[] if at % 27 == 0 else pytest.mark.slow) for at, case in enumerate(BUGS)
]


def cited(case):
    """The first line of the bug that stands in the change: path, number, text."""
    shown = {
        (file.path, line.new): line.text
        for file in diff.parse(case.change.encode())
        for line in file.lines()
        if line.kind != "-" and line.text.strip()
    }
    lines = [(place.path, number) for place in case.places for number in range(place.first, place.last + 1)]
    path, number = next(line for line in lines if line in shown)
    return path, number, shown[path, number]


def knowing(case):
    """Reports the bug once and stands by it."""
    path, number, text = cited(case)
    claim = case.why.split(":")[0].split(";")[0][:118]
    told = report(path, number, claim, code=text, scenario=case.why, severity=case.severity.label)
    return Panel(
        lambda asked: Reply("none") if asked.results else told,
        lambda asked: verdict((path, number, text), **REAL | {"severity": case.severity.label}),
    )


@pytest.mark.parametrize("case", SOME_SLOW)
async def test_a_bug_that_the_model_knows_is_told(case, tmp_path):
    await asyncio.to_thread(create, case, tmp_path / "project")
    repository = Repository.discover(tmp_path / "project")
    source = await asyncio.to_thread(of_range, repository, "HEAD~1..HEAD")
    async with knowing(case).server() as server:
        settings = Settings(base_url=server.base_url, model="panel", max_retries=0)
        result = await review(Wish(settings, effort="low"), source, emit=lambda event: None)
    assert (result.state, result.notes) == ("complete", ()), result
    assert [one.mark for one in marked(case, result.findings)] == ["hit"], result
