"""The order in which a call is judged: refusals, the mode, rules, and only then the person."""

import pytest

from kimicode.agent.approval import Approval, Asked, Decision, nobody_to_ask
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


FREE = {
    "plan": {Access.READ, Access.CONTROL},
    "ask": {Access.READ, Access.CONTROL},
    "auto-edit": {Access.READ, Access.CONTROL, Access.WRITE},
    "auto": {Access.READ, Access.CONTROL, Access.WRITE, Access.HAZARD, Access.EXECUTE},
    "yolo": set(Access),
}


@pytest.mark.parametrize("mode", FREE)
@pytest.mark.parametrize("access", Access)
async def test_each_mode_leaves_free_what_its_table_says_and_nothing_else(mode, access):
    person = Person(Decision(False))
    judge, _ = approval(person, mode)
    allowed, _ = await judge.decide(call("make", access))
    assert allowed == (access in FREE[mode])
    if mode == "plan" and access not in (Access.SECRET, Access.FETCH):
        assert person.asked == [], "plan mode does not even ask for what changes something"


async def test_without_the_sandbox_that_was_wanted_auto_asks_about_commands():
    person = Person(Decision(True))
    judge, _ = approval(person, "auto")
    judge.contained = False
    await judge.decide(call("make"))
    await judge.decide(call("ls", Access.READ))
    assert [request.question for request in person.asked] == ["bash: make"]
    judge.mode = "yolo"
    await judge.decide(call("make"))
    assert len(person.asked) == 1


async def test_what_leaves_the_sandbox_is_asked_about_though_a_rule_allows_it_inside():
    person = Person(Decision(True))
    judge, _ = approval(person, "auto", allow=(parse("bash: make test"),))
    await judge.decide(call("make test", Access.OUTSIDE))
    assert "outside of the sandbox" in person.asked[0].warning
    assert person.asked[0].rule == ""


async def test_an_answer_for_the_session_covers_this_very_command_outside_and_no_other():
    person = Person(Decision(True, scope="session"))
    judge, _ = approval(person, "auto")
    for command in ("git push", "git push", "git push --force"):
        await judge.decide(call(command, Access.OUTSIDE))
    assert len(person.asked) == 2
    judge.mode = "ask"
    await judge.decide(call("git push"))
    assert len(person.asked) == 3, "what may leave the sandbox was not allowed inside it"


async def test_a_rule_that_asks_asks_in_every_mode():
    person = Person(Decision(True))
    for mode in ("auto", "yolo"):
        judge, _ = approval(person, mode, ask=(parse("bash: git push"),))
        await judge.decide(call("git push"))
    assert len(person.asked) == 2
    assert "git push" in person.asked[0].warning


async def test_an_obscured_command_is_not_let_through_where_a_rule_refuses_any():
    person = Person(Decision(False))
    judge, _ = approval(person, "auto", deny=(parse("bash: git push"),))
    assert not (await judge.decide(call('g=git; $g "$(echo push)"')))[0]
    assert len(person.asked) == 1


async def test_an_answer_holds_for_what_was_shown_and_not_for_what_came_after():
    variables = {"PATH": "/usr/bin"}

    class Slow(Person):
        async def __call__(self, request):
            variables["PATH"] = "/tmp/evil"
            return await super().__call__(request)

    judge, events = approval(Slow(Decision(True)))
    asked = call("make")
    bound = Asked("c", "bash", asked.access, asked.question, "make", "/x", asked.preview, lambda: repr(variables))
    allowed, reason = await judge.decide(bound)
    assert not allowed
    assert "changed while the question stood" in reason
    assert [event.allowed for event in events if isinstance(event, ApprovalResolved)] == [False]


async def test_where_nobody_is_there_secrets_stay_unread_and_the_sandbox_shut():
    judge, _ = approval(nobody_to_ask, "auto")
    for access, words in (
        (Access.SECRET, "go on without it"),
        (Access.OUTSIDE, "find a way inside"),
        (Access.FETCH, "go on without the page"),
    ):
        allowed, reason = await judge.decide(call("x", access))
        assert not allowed
        assert words in reason


def page(url: str) -> Asked:
    async def preview() -> None:
        return None

    return Asked("c", "fetch", Access.FETCH, f"fetch: {url}", url, "/x", preview)


@pytest.mark.parametrize("mode", ["plan", "ask", "auto-edit", "auto"])
async def test_each_host_that_is_read_from_is_asked_about_once_and_by_its_name(mode):
    person = Person(Decision(True, scope="session"))
    judge, _ = approval(person, mode)
    for url in ("https://docs.python.org/3/?q=1", "https://docs.python.org/2", "https://evil.example/docs.python.org"):
        assert (await judge.decide(page(url)))[0]
    assert [request.rule for request in person.asked] == ["fetch: docs.python.org", "fetch: evil.example"]
    assert "the whole address is sent" in person.asked[0].warning
    assert "docs.python.org/3/?q=1" in person.asked[0].question


async def test_a_rule_for_a_host_counts_without_a_person_and_for_that_host_alone():
    judge, _ = approval(nobody_to_ask, "auto", allow=(parse("fetch: *.python.org"),))
    assert (await judge.decide(page("https://docs.python.org/")))[0]
    for url in (
        "https://python.org/",
        "https://docs.python.org.evil.example/",
        "https://docs.python.org@evil.example/",
    ):
        assert not (await judge.decide(page(url)))[0]


async def test_a_refusing_rule_keeps_from_a_host_in_every_mode():
    for mode in ("auto", "yolo"):
        judge, _ = approval(Person(Decision(True)), mode, deny=(parse("fetch: *.evil.example"),))
        assert not (await judge.decide(page("https://a.evil.example/")))[0]


async def test_no_command_can_be_worded_so_that_its_answer_lets_another_out_of_the_sandbox():
    person = Person(Decision(True, scope="session"))
    judge, _ = approval(person)
    harmless = "outside bash: touch $HOME/x"  # a program that there is not
    assert (await judge.decide(call(harmless)))[0]
    person.decision = Decision(False)
    assert not (await judge.decide(call("touch $HOME/x", Access.OUTSIDE)))[0]
    assert len(person.asked) == 2
