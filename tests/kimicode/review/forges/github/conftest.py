"""A pull request on a fake GitHub, and clients of it."""

import pytest

from kimicode.review.forges.connect import connect
from tests.fakes.forge.github import GitHub
from tests.fakes.forge.remarks import CHANGED, LINES, QUICK, text


@pytest.fixture
def forge(tmp_path):
    with GitHub(tmp_path) as fake:
        fake.commit("main", {"a.py": text(LINES), "b.py": b"b\n"})
        fake.commit("topic", {"a.py": text(CHANGED)})
        yield fake
    assert fake.verdicts == []


@pytest.fixture
def pull(forge):
    return forge.open("A title", "A description", head="topic", author="ann")


@pytest.fixture
async def at(forge, pull):
    """Connects with a token, with the one of a workflow run where none is given."""
    opened = []

    def make(token=None, patience=QUICK):
        client = connect(pull.url, forge.environ(forge.actions() if token is None else token), patience=patience)
        opened.append(client)
        return client

    yield make
    for client in opened:
        await client.close()
