"""The order in which a call is judged: refusals, the mode, rules, and only then the person."""

import pytest

from kimicode.agent.approval import Approval, Asked, Decision
from kimicode.agent.rulebook import Rules
from kimicode.agent.rules import parse
from kimicode.events import ApprovalRequested, ApprovalResolved, CommandRun, Event
from kimicode.tools.base import Access


class Person:
    """Answers all questions in one way and remembers them."""

    def __init__(self, decision: Decision) -> None:
        self.decision = decision
        self.asked: list[ApprovalRequested] = []

    async def __call__(self, request: ApprovalRequested) -> Decision:
        self.asked.append(request)
        return self.decision


def call(command: str, access: Access = Access.EXECUTE) -> Asked:
    async def preview() -> CommandRun:
        return CommandRun(command, "", None)

    return Asked("c", "bash", access, f"bash: {command}", command, "/x", preview)


def approval(person: Person, mode="ask", **rules) -> tuple[Approval, list[Event]]:
    events: list[Event] = []
    return Approval(mode, person, events.append, Rules(**rules)), events


@pytest.mark.parametrize("mode", ["plan", "ask", "auto-edit", "auto"])
async def test_a_refusing_rule_wins_in_every_mode(mode):
    person = Person(Decision(True))
    judge, events = approval(person, mode, allow=(parse("bash: git log"),), deny=(parse("bash: git log"),))
    allowed, reason = await judge.decide(call("git log", Access.READ))
    assert not allowed
    assert "bash: git log" in reason
    assert person.asked == []
    assert [type(event) for event in events] == [ApprovalResolved]


async def test_an_allowing_rule_spares_the_question_but_not_in_plan_mode():
    person = Person(Decision(False))
    judge, _ = approval(person, allow=(parse("bash: make test"),))
    assert await judge.decide(call("make test")) == (True, "")
    judge.mode = "plan"
    assert not (await judge.decide(call("make test")))[0]
    assert person.asked == []


async def test_once_is_once_and_a_session_is_a_session():
    person = Person(Decision(True))
    judge, _ = approval(person)
    await judge.decide(call("make test"))
    person.decision = Decision(True, scope="session")
    await judge.decide(call("make test"))
    await judge.decide(call("make test -j"))
    assert len(person.asked) == 2


async def test_a_rule_is_written_where_one_was_offered_and_only_there(tmp_path):
    person = Person(Decision(True, scope="rule"))
    judge, _ = approval(person, file=tmp_path / "rules.toml")
    await judge.decide(call("make test"))
    await judge.decide(call("sudo make test"))
    assert [str(rule) for rule in Rules.load(tmp_path / "rules.toml").allow] == ["bash: make test"]


async def test_a_rule_that_cannot_be_written_holds_for_the_session(tmp_path):
    (tmp_path / "file").write_text("")
    person = Person(Decision(True, scope="rule"))
    judge, events = approval(person, file=tmp_path / "file" / "rules.toml")
    assert (await judge.decide(call("make test")))[0]
    assert (await judge.decide(call("make test")))[0]
    assert len(person.asked) == 1
    assert [event.code for event in events if event.type == "notice"] == ["rules"]


async def test_the_words_of_a_rejection_are_told_to_the_model():
    judge, _ = approval(Person(Decision(False, "use make check")))
    assert await judge.decide(call("make test")) == (False, "use make check")
    assert judge.denied == 1
