"""A conversation from its opening to its end: prompts, queue, steering, questions, switches, faults."""

import asyncio
import time

import pytest

from kimicode import paths
from kimicode.agent.approval import Decision
from kimicode.agent.budget import Limits
from kimicode.errors import UsageError
from kimicode.events import (
    ApprovalRequested,
    AsideCompleted,
    CommandRun,
    CompactionCompleted,
    Diff,
    Event,
    MessageAdded,
    PartUpdated,
    Result,
    ShellCompleted,
    ToolCompleted,
    TurnStarted,
)
from kimicode.llm.scripted import Reply, ScriptedServer
from kimicode.messages import Image, Usage
from kimicode.tui.content import Content, Markdown, Prompt, TurnEnd
from kimicode.tui.transcript.archive import Archive
from kimicode.tui.transcript.document import Document
from kimicode.tui.transcript.feed import Feed
from tests.fakes.model_server import FaultServer, delta, reset, status
from tests.fakes.screen import Onlooker

SLOW = Reply(" ".join(f"word{number}" for number in range(400)), delay=0.02)
SUBMIT_PLAN = Reply(calls=[("submit", {"summary": "1. change a.py"})])


@pytest.fixture
def folder(tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    (project / "a.py").write_text("x = 1\n")
    return project


def feed_all(document: Document, events: list[Event]) -> Document:
    feed = Feed(document)
    for event in events:
        feed.feed(event)
    return document


def contents(document: Document) -> list[Content]:
    return [block.content for page in document.pages for block in page.blocks or ()]


def words(onlooker: Onlooker) -> list[tuple[str, str]]:
    """Origin and text of what the person's side of the history got."""
    added = [event for event in onlooker.of(MessageAdded) if event.message.role == "user"]
    return [(event.origin, event.message.text) for event in added]


async def test_a_prompt_that_comes_before_the_session_is_open_waits_for_it(folder):
    async with ScriptedServer([Reply("Hello.")]) as server, Onlooker(folder, server.base_url) as me:
        assert me.state.phase == "opening"
        await me.conversation.send("hi")
        assert [queued.text for queued in me.state.queue] == ["hi"]
        result = await me.heard(Result)
        state = await me.idle()
    assert (result.status, result.answer) == ("finished", "Hello.")
    assert (state.queue, state.title, state.model, state.mode) == ((), "hi", "scripted", "ask")
    assert state.context_tokens > 0
    assert state.window > 0


async def test_prompts_queue_while_the_agent_works_and_the_last_can_be_taken_back(folder):
    async with ScriptedServer([SLOW, Reply("second answer")]) as server, Onlooker(folder, server.base_url) as me:
        await me.conversation.send("first")
        await me.heard(PartUpdated)
        for text in ("second", "third"):
            await me.conversation.send(text)
        assert me.conversation.recall().text == "third"
        assert [queued.text for queued in me.state.queue] == ["second"]
        me.conversation.interrupt()
        await me.heard(Result)
        await me.until(lambda state: state.held)
        assert [queued.text for queued in me.state.queue] == ["second"]
        await me.conversation.send("instead")
        await me.heard(TurnStarted, 2)
        assert me.of(TurnStarted)[1].prompt == "instead"


async def test_an_interrupt_keeps_the_partial_answer_and_the_next_prompt_goes_on(folder):
    async with ScriptedServer([SLOW, Reply("Again.")]) as server, Onlooker(folder, server.base_url) as me:
        await me.conversation.send("talk")
        await me.heard(PartUpdated)
        assert me.conversation.interrupt()
        assert (await me.heard(Result)).status == "interrupted"
        await me.idle()
        assert not me.conversation.interrupt()
        await me.conversation.send("go on")
        assert (await me.heard(Result, 2)).answer == "Again."
    assert "[interrupted]" in server.requests[1]["messages"][-2]["content"]


@pytest.mark.parametrize("retries", [0, 1])
async def test_what_a_dying_server_had_said_is_shown_as_such_now_and_later(folder, retries):
    turns = [reset(delta(content="A *first* half")), *[status(503)] * retries, Reply("Again.")]
    async with FaultServer(turns) as server, Onlooker(folder, server.base_url, max_retries=retries) as me:
        await me.conversation.send("talk")
        ended = await me.heard(Result)
        shown = contents(feed_all(Document(), me.events))
        assert shown[-3:-1] == [Prompt("talk"), Markdown("A *first* half")]
        assert shown[-1] == TurnEnd("error", f"{ended.reason}\n{ended.summary}", ended.duration_s, cut=True)
        read = Document()
        Archive(read, paths.sessions_dir() / me.state.session_id).resume(Feed(read))
        assert contents(read)[-3:] == shown[-3:]
        await me.idle()
        await me.conversation.send("go on")
        await me.heard(Result, 2)


async def test_steered_words_reach_the_model_before_its_next_step_even_at_the_end(folder):
    async with ScriptedServer([SLOW, Reply("As you wish.")]) as server, Onlooker(folder, server.base_url) as me:
        await me.conversation.send("talk")
        await me.heard(PartUpdated)
        await me.conversation.steer("shorter")
        result = await me.heard(Result)
    assert result.answer == "As you wish."
    assert ("steered", "shorter") in words(me)
    assert len(me.of(TurnStarted)) == 1


async def test_words_that_an_interrupt_kept_from_the_model_are_queued_again(folder):
    async with ScriptedServer([SLOW]) as server, Onlooker(folder, server.base_url) as me:
        await me.conversation.send("talk")
        await me.heard(PartUpdated)
        await me.conversation.steer("shorter")
        me.conversation.interrupt()
        await me.heard(Result)
        state = await me.until(lambda state: state.held)
    assert [queued.text for queued in state.queue] == ["shorter"]


async def test_a_command_is_asked_about_exactly_and_allowed_for_the_session(folder):
    run = Reply(calls=[("bash", {"command": "touch made"})])
    turns = [run, run, Reply(calls=[("bash", {"command": "touch made; rm made"})]), Reply("Done.")]
    async with ScriptedServer(turns) as server, Onlooker(folder, server.base_url) as me:
        await me.conversation.send("make it")
        request = await me.heard(ApprovalRequested)
        assert request.display == CommandRun("touch made", "", None)
        assert (request.cwd, request.rule) == (str(folder), "bash: touch made")
        me.conversation.answer(request.call_id, Decision(True, scope="session"))
        other = await me.heard(ApprovalRequested, 2)
        assert other.question == "bash: touch made; rm made"
        assert other.rule == ""
        me.conversation.answer(other.call_id, Decision(False, "no semicolons please"))
        await me.heard(Result)
    assert me.state.asking == ()
    assert "no semicolons please" in me.of(ToolCompleted)[-1].content[0].text


async def test_an_edit_is_asked_about_with_its_diff_before_it_is_made(folder):
    edit = Reply(calls=[("strreplace", {"path": "a.py", "old_str": "x = 1", "new_str": "x = 2"})])
    async with ScriptedServer([edit, Reply("Done.")]) as server, Onlooker(folder, server.base_url) as me:
        await me.conversation.send("make it two")
        request = await me.heard(ApprovalRequested)
        assert isinstance(request.display, Diff)
        assert "-x = 1\n+x = 2" in request.display.text
        assert (folder / "a.py").read_text() == "x = 1\n"
        me.conversation.answer(request.call_id, Decision(True))
        await me.heard(Result)
    assert (folder / "a.py").read_text() == "x = 2\n"


async def test_a_file_that_changes_while_the_question_stands_is_not_edited(folder):
    edit = Reply(calls=[("strreplace", {"path": "a.py", "old_str": "x = 1", "new_str": "x = 2"})])
    async with ScriptedServer([edit, Reply("Oh.")]) as server, Onlooker(folder, server.base_url) as me:
        await me.conversation.send("make it two")
        request = await me.heard(ApprovalRequested)
        (folder / "a.py").write_text("y = 0\nx = 1\n")
        me.conversation.answer(request.call_id, Decision(True))
        await me.heard(Result)
    assert (folder / "a.py").read_text() == "y = 0\nx = 1\n"


async def test_interrupting_takes_the_question_back(folder):
    run = Reply(calls=[("bash", {"command": "touch made"})])
    async with ScriptedServer([run]) as server, Onlooker(folder, server.base_url) as me:
        await me.conversation.send("make it")
        await me.until(lambda state: state.asking)
        me.conversation.interrupt()
        assert (await me.heard(Result)).status == "interrupted"
        assert me.state.asking == ()
    assert not (folder / "made").exists()


async def test_leaving_plan_mode_offers_the_tools_that_write(folder):
    async with ScriptedServer([SUBMIT_PLAN, Reply("Done.")]) as server, Onlooker(folder, server.base_url) as me:
        me.conversation.set_mode("plan")
        await me.conversation.send("plan it")
        await me.heard(Result)
        await me.until(lambda state: state.planned and state.phase == "idle")
        await me.conversation.accept_plan("auto-edit")
        await me.heard(Result, 2)
    offered = [[tool["function"]["name"] for tool in request["tools"]] for request in server.requests]
    assert "strreplace" not in offered[0]
    assert "strreplace" in offered[1]
    assert me.state.mode == "auto-edit"
    assert "Plan mode is over" in str(server.requests[1]["messages"][-1])


async def test_a_command_of_the_person_is_run_at_once_and_told_to_the_model(folder):
    async with ScriptedServer([Reply("I see.")]) as server, Onlooker(folder, server.base_url) as me:
        await me.until(lambda state: state.phase == "idle")
        await me.conversation.run_command("echo hello; exit 3")
        done = await me.heard(ShellCompleted)
        assert (done.output, done.exit_code) == ("hello\n", 3)
        await me.conversation.send("what was that?")
        await me.heard(Result)
    assert "echo hello" in str(server.requests[0]["messages"][-2])


async def test_an_aside_is_answered_and_forgotten(folder):
    turns = [Reply("First."), Reply("42."), Reply("Second.")]
    async with ScriptedServer(turns) as server, Onlooker(folder, server.base_url) as me:
        await me.conversation.send("one")
        await me.heard(Result)
        await me.conversation.aside("what is six times seven?")
        assert (await me.heard(AsideCompleted)).text == "42."
        await me.conversation.send("two")
        await me.heard(Result, 2)
    assert "six times seven" in str(server.requests[1])
    assert "six times seven" not in str(server.requests[2])


async def test_another_model_answers_from_the_next_request_on_and_a_dead_one_changes_nothing(folder):
    async with ScriptedServer([Reply("a"), Reply("b")]) as server, Onlooker(folder, server.base_url) as me:
        await me.conversation.send("one")
        await me.heard(Result)
        await me.idle()
        await me.conversation.switch_model("other")
        await me.conversation.send("two")
        await me.heard(Result, 2)
        with pytest.raises(UsageError):
            await me.conversation.send("look", (Image("image/png", ""),))
    assert [request["model"] for request in server.requests] == ["scripted", "other"]
    assert me.state.model == "other"


async def test_compaction_on_demand_keeps_what_was_asked_for(folder):
    turns = [Reply("First."), Reply("The note."), Reply("Second.")]
    async with ScriptedServer(turns) as server, Onlooker(folder, server.base_url) as me:
        await me.conversation.send("one")
        await me.heard(Result)
        await me.idle()
        await me.conversation.compact("the name of the file")
        assert me.of(CompactionCompleted)
        assert "the name of the file" in str(server.requests[1])
        await me.conversation.send("two")
        await me.heard(Result, 2)
    assert "The note." in str(server.requests[2])


async def test_going_back_forgets_a_turn_here_and_in_a_resumed_session(folder):
    turns = [Reply("First."), Reply("Second."), Reply("Third."), Reply("Fourth.")]
    async with ScriptedServer(turns) as server:
        async with Onlooker(folder, server.base_url) as me:
            for number, text in enumerate(("one", "two"), 1):
                await me.conversation.send(text)
                await me.heard(Result, number)
            await me.idle()
            assert await me.conversation.past.go_back(*await me.conversation.past.way_back()) == "two"
            assert [text for _, text in me.conversation.past.prompts()] == ["one"]
            await me.conversation.send("three")
            await me.heard(Result, 3)
            session_id = me.state.session_id
        async with Onlooker(folder, server.base_url, resume=session_id) as again:
            await again.conversation.send("four")
            await again.heard(Result)
            assert [text for _, text in again.conversation.past.prompts()] == ["one", "three", "four"]
            assert again.state.title == "one"
    said = [message["content"] for message in server.requests[3]["messages"] if message["role"] == "user"]
    assert said == ["one", "three", "four"]


async def test_a_fork_begins_with_the_session_up_to_a_prompt(folder):
    turns = [Reply("First."), Reply("Second."), Reply("Other.")]
    async with ScriptedServer(turns) as server:
        async with Onlooker(folder, server.base_url) as me:
            for number, text in enumerate(("one", "two"), 1):
                await me.conversation.send(text)
                await me.heard(Result, number)
            await me.idle()
            me.conversation.past.rename("my work")
            with pytest.raises(UsageError):
                await me.conversation.past.fork("t99")
            copy = await me.conversation.past.fork(me.conversation.past.prompts()[1][0])
        async with Onlooker(folder, server.base_url, resume=copy) as again:
            await again.conversation.send("other")
            await again.heard(Result)
            assert again.state.title == "my work (fork)"
    said = [message["content"] for message in server.requests[2]["messages"] if message["role"] == "user"]
    assert said == ["one", "other"]


async def test_the_mode_of_a_session_is_known_when_it_is_resumed(folder):
    async with ScriptedServer([]) as server:
        async with Onlooker(folder, server.base_url) as me:
            await me.until(lambda state: state.phase == "idle")
            me.conversation.set_mode("auto-edit")
        async with Onlooker(folder, server.base_url, resume=me.state.session_id) as again:
            await again.until(lambda state: state.phase == "idle")
            assert again.state.mode == "auto-edit"


async def test_without_an_endpoint_it_says_what_to_do_and_goes_on_with_one(folder):
    async with ScriptedServer([Reply("Hello.")]) as server, Onlooker(folder, "") as me:
        await me.conversation.send("hi")
        state = await me.until(lambda state: state.phase == "failed")
        assert state.problem.cause == "config"
        assert "MOONSHOT_API_KEY" in state.problem.text
        assert [queued.text for queued in state.queue] == ["hi"]
        me.conversation.retry(base_url=server.base_url)
        assert (await me.heard(Result)).answer == "Hello."


async def test_a_dead_server_is_a_problem_not_the_end(folder):
    async with ScriptedServer([]) as server:
        url = server.base_url
    async with Onlooker(folder, url, model="gone", window=10_000) as me:
        await me.conversation.send("hi")
        assert (await me.heard(Result)).status == "error"
        state = await me.until(lambda state: state.phase == "idle")
        assert state.problem is not None


async def test_a_session_that_is_open_elsewhere_is_said_to_be_locked(folder):
    async with ScriptedServer([]) as server, Onlooker(folder, server.base_url) as me:
        await me.until(lambda state: state.phase == "idle")
        async with Onlooker(folder, server.base_url, resume=me.state.session_id) as other:
            state = await other.until(lambda state: state.phase == "failed")
    assert state.problem.cause == "locked"


async def test_the_person_is_asked_once_when_most_of_the_price_is_spent(folder):
    costly = Reply(calls=[("view", {"path": "a.py"})], usage=Usage(1_000_000, 0, 0))
    prices = {"scripted": {"input_price": 0.9, "output_price": 0.0}}
    limits = Limits(steps=None, price=1.0)
    server = ScriptedServer([costly, Reply("x")])
    async with server, Onlooker(folder, server.base_url, limits=limits, models=prices) as me:
        await me.conversation.send("go")
        request = await me.heard(ApprovalRequested)
        assert request.question == "$0.90 of $1.00 are spent. Go on?"
        me.conversation.answer(request.call_id, Decision(False))
        result = await me.heard(Result)
    assert (result.status, result.reason) == ("limit", "stopped at $0.90")


async def test_closing_in_the_middle_of_a_command_takes_two_seconds_at_most(folder):
    run = Reply(calls=[("bash", {"command": "sleep 60"})])
    async with ScriptedServer([run]) as server:
        async with Onlooker(folder, server.base_url, mode="auto") as me:
            await me.conversation.send("sleep")
            await me.until(lambda state: any(event.type == "tool.started" for event in me.events))
            began = time.monotonic()
        assert time.monotonic() - began < 20
    assert me.state.phase == "closed"
    assert not asyncio.all_tasks() - {asyncio.current_task()}
