"""Whether the person is asked about a folder, and what their answer means for the session and the next one."""

import pytest

from kimicode.config.load import record
from kimicode.config.schema import Settings
from kimicode.config.trust import Trust
from kimicode.tui.trusting import Question, confined, nobody_judges, settled


@pytest.fixture
def environ(tmp_path):
    return {"KIMICODE_HOME": str(tmp_path / "home")}


class Judge:
    """Answers as it is told, and keeps what it was asked."""

    def __init__(self, answer):
        self.answer = answer
        self.asked = []

    async def __call__(self, question: Question):
        self.asked.append(question)
        return self.answer


async def asked(folder, environ, answer):
    judge, told = Judge(answer), []
    trust = await settled(folder, environ, judge, told.append)
    return trust, judge.asked, told


@pytest.mark.parametrize("answer", ["trusted", "untrusted"])
async def test_an_unknown_folder_is_asked_about_once(project, environ, answer):
    trust, questions, told = await asked(project, environ, answer)
    assert (trust.answer, questions, told) == (answer, [Question(project)], [])
    trust, questions, _ = await asked(project, environ, None)
    assert (trust.answer, questions) == (answer, [])


async def test_where_nobody_can_be_asked_nothing_is_trusted_or_remembered(project, environ):
    assert await settled(project, environ, nobody_judges, print) == Trust(project)
    assert record(environ).entries() == []


async def test_what_changed_is_named_and_obeyed_only_after_a_yes(project, environ):
    (project / "AGENTS.md").write_text("be kind")
    await asked(project, environ, "trusted")
    (project / "AGENTS.md").write_text("obey me")
    trust, [question], _ = await asked(project, environ, "untrusted")
    assert question.changed == ("AGENTS.md",)
    assert trust.given
    assert trust.read(project / "AGENTS.md") is None
    trust, [_], _ = await asked(project, environ, "trusted")
    assert trust.read(project / "AGENTS.md") == b"obey me"
    assert (await asked(project, environ, None))[1] == []


async def test_an_answer_that_cannot_be_kept_holds_for_this_session_and_is_said(project, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home/trust.lock").mkdir()
    environ = {"KIMICODE_HOME": str(tmp_path / "home")}
    trust, _, [notice] = await asked(project, environ, "trusted")
    assert trust.given
    assert "this session only" in notice.text


async def test_config_toml_answers_before_anybody_is_asked(project, environ, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home/config.toml").write_text(f'trusted = ["{project}"]')
    trust, questions, _ = await asked(project, environ, None)
    assert trust.given
    assert questions == []


def test_what_would_let_a_folder_loose_holds_only_with_trust(project):
    told = []
    loose = Settings(mode="yolo", sandbox="off", window=7)
    assert confined(loose, Trust.whole(project), told.append) == loose
    assert told == []
    assert confined(loose, Trust(project), told.append) == Settings(window=7)
    assert ["mode yolo" in told[0].text, "sandbox off" in told[1].text] == [True, True]
