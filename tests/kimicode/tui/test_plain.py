"""The interface as lines: prompts from a pipe, questions answered by words, and nothing that drives a terminal."""

import asyncio
import os

from kimicode.llm.scripted import Reply
from kimicode.sessions.catalog import list_sessions
from kimicode.tui.plain import Plain
from kimicode.tui.wanted import PICK, Wanted
from tests.fakes.model_server import FaultServer, status

RUN = Reply(calls=[("bash", {"command": "touch made && echo fine"})])


async def said(project, typed: str, turns, **wanted) -> int:
    """The exit code of a run whose whole input is `typed`."""
    reading, writing = os.pipe()
    os.write(writing, typed.encode())
    os.close(writing)
    async with FaultServer(turns, models=({"id": "scripted"}, {"id": "other"})) as server:
        flags = {"base_url": server.base_url, "model": "scripted"}
        plain = Plain(Wanted(project, flags=flags, environ=dict(os.environ), **wanted), reading)
        try:
            async with asyncio.timeout(30):
                return await plain.run()
        finally:
            os.close(reading)


async def test_each_line_is_a_prompt_and_answers_come_as_text(home, project, capsys):
    turns = [Reply("The *first*.", thinking="Hm."), Reply("The second.")]
    assert await said(project, "one\ntwo \\\nlines\n", turns) == 0
    out = capsys.readouterr().out
    assert out.index("> one") < out.index("(thinking)") < out.index("The *first*.") < out.index("The second.")
    assert [info.prompt for info in list_sessions()] == ["one"]


async def test_a_question_is_answered_by_the_next_line(home, project, capsys):
    assert await said(project, "do it\ny\n", [RUN, Reply("Done.")]) == 0
    out = capsys.readouterr().out
    assert "touch made && echo fine" in out
    assert f"in {project}" in out
    assert (project / "made").exists()


async def test_the_lines_behind_an_answer_are_prompts_again(home, project, capsys):
    await said(project, "do it\ny\n/context\nagain\n", [RUN, Reply("Done."), Reply("Once more.")])
    out = capsys.readouterr().out
    assert out.index("Done.") < out.index("system prompt") < out.index("Once more.")


async def test_words_are_a_no_that_the_model_hears(home, project):
    heard = []

    def second(request):
        heard.append(str(request["messages"][-1]["content"]))
        return Reply("As you like.")

    await said(project, "do it\nuse mkdir instead\n", [RUN, second])
    assert "use mkdir instead" in heard[0]
    assert not (project / "made").exists()


async def test_where_nobody_is_left_to_ask_it_is_denied(home, project):
    assert await said(project, "do it\n", [RUN, Reply("Well.")]) == 0
    assert not (project / "made").exists()


async def test_commands_and_shell_lines_work(home, project, capsys):
    await said(project, "!echo by-hand\n/mode auto\n/model\n2\n/context\n/helo\n/export\n", [])
    out = capsys.readouterr().out
    assert "by-hand" in out
    assert "Mode: auto" in out
    assert "Model: other" in out
    assert "system prompt" in out
    assert "did you mean /help?" in out
    assert list(project.glob("*.md"))


async def test_an_earlier_session_is_chosen_by_its_number(home, project, capsys):
    await said(project, "remember me\n", [Reply("I do.")])
    await said(project, "1\nstill there?\n", [Reply("Yes.")], resume=PICK)
    out = capsys.readouterr().out
    assert "Sessions of this folder" in out
    assert len(list_sessions()) == 1


async def test_a_script_learns_of_a_turn_that_failed(home, project, capsys):
    assert await said(project, "hi\nand now\n", [status(400, "no such thing"), Reply("Better.")]) != 0
    captured = capsys.readouterr()
    assert "no such thing" in captured.err
    assert "Better." in captured.out


async def test_without_a_model_it_says_what_to_set(home, project, capsys):
    reading, writing = os.pipe()
    os.close(writing)
    plain = Plain(Wanted(project, environ={"KIMICODE_HOME": str(home)}), reading)
    assert await plain.run() == 1
    os.close(reading)
    assert "MOONSHOT_API_KEY" in capsys.readouterr().err


async def test_an_answer_cannot_drive_the_terminal(home, project, capsys):
    await said(project, "hi\n", [Reply("\x1b]0;owned\x07 \x1b[2J \u202e done")])
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "␛]0;owned" in out
