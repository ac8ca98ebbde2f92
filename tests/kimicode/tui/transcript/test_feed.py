"""Events become blocks, live and from a journal alike, whatever their order."""

from hypothesis import given, settings

from kimicode.events import (
    ApprovalRequested,
    ApprovalResolved,
    AsideCompleted,
    AsideStarted,
    Brief,
    CommandRun,
    CompactionCompleted,
    CompactionStarted,
    Event,
    FilesRestored,
    MessageAdded,
    PartCompleted,
    PartDiscarded,
    PartStarted,
    PartUpdated,
    PlanStep,
    PlanUpdated,
    Result,
    RetryScheduled,
    Rewound,
    ShellCompleted,
    ShellStarted,
    StepStarted,
    ToolCompleted,
    ToolStarted,
    ToolUpdated,
    TurnCompleted,
    TurnStarted,
)
from kimicode.messages import Message, Text, ToolCall, Usage, user
from kimicode.messages import Thinking as Thoughts
from kimicode.tui.content import Call, Compacted, Content, Markdown, Note, Plan, Prompt, Shell, Thinking, TurnEnd
from kimicode.tui.transcript.calls import LIVE_OUTPUT
from kimicode.tui.transcript.copying import copy_target
from kimicode.tui.transcript.document import Document
from kimicode.tui.transcript.feed import Feed
from kimicode.tui.transcript.words import words
from tests.fakes.recorded_session import lifecycle
from tests.fakes.transcripts import event_lists, session, step

ASKED = (TurnStarted("t1", "do it"), MessageAdded(user("do it"), "prompt"), StepStarted("t1", 1))


class Screen:
    """A document that is fed; the clock stands still unless it is set."""

    def __init__(self, *events: Event) -> None:
        self.now = 0.0
        self.document = Document()
        self.feed = Feed(self.document, lambda: self.now)
        self.see(*events)

    def see(self, *events: Event) -> "Screen":
        for event in events:
            self.feed.feed(event)
        return self

    @property
    def contents(self) -> list[Content]:
        return [block.content for page in self.document.pages for block in page.blocks or ()]


def answer(*parts: Text | Thoughts | ToolCall) -> MessageAdded:
    return MessageAdded(Message("assistant", parts))


def test_a_streamed_answer_closes_block_by_block_and_its_message_adds_nothing():
    screen = Screen(*ASKED, PartStarted("p", "text"), PartUpdated("p", "One.\n\nTwo\nThr"))
    assert screen.contents[1:] == [Markdown("One.\n"), Markdown("\nTwo\nThr", open=True, first=False)]
    screen.see(PartUpdated("p", "ee."), PartCompleted("p"), answer(Text("One.\n\nTwo\nThree.")))
    assert screen.contents == [Prompt("do it"), Markdown("One.\n"), Markdown("\nTwo\nThree.", first=False)]
    assert copy_target(screen.document) == "One.\n\nTwo\nThree."


def test_a_journal_without_pieces_gives_the_same_blocks():
    live, read = Screen(*session(2, 3, streamed=True)), Screen(*session(2, 3))
    assert live.contents == read.contents
    assert [page.serial for page in live.document.pages] == [page.serial for page in read.document.pages]


def test_thoughts_say_how_long_they_took():
    screen = Screen(*ASKED)
    screen.now = 5.0
    screen.see(PartStarted("p", "thinking"), PartUpdated("p", "hm"))
    assert screen.contents[-1] == Thinking("hm")
    screen.now = 17.0
    screen.see(PartCompleted("p"), answer(Thoughts("hm")))
    assert screen.contents[-1] == Thinking("hm", 12.0)


HALF = (*ASKED, PartStarted("p", "text"), PartUpdated("p", "One.\n\nTwo"), PartDiscarded("p", "reset"))


def test_words_of_a_request_that_failed_stay_until_the_next_one_is_answered():
    screen = Screen(*HALF, RetryScheduled(1, 10, 2.0, "reset"), RetryScheduled(2, 10, 4.0, "reset"))
    half = [Prompt("do it"), Markdown("One.\n\nTwo")]
    assert screen.contents == [*half, Note("warning", "reset: asking again in 4 s (2 of 10)")]
    screen.see(PartStarted("q", "text"), PartUpdated("q", "Hello"), PartCompleted("q"), answer(Text("Hello")))
    assert screen.contents == [Prompt("do it"), Markdown("Hello")]


def test_words_of_a_request_that_failed_for_good_are_not_lost():
    screen = Screen(*HALF, RetryScheduled(1, 2, 2.0, "reset"), TurnCompleted("t1", "error", 1))
    screen.see(Result("error", 4, "s", 1, Usage(), None, 3.0, (), "", reason="reset"))
    half = [Prompt("do it"), Markdown("One.\n\nTwo")]
    assert screen.contents == [*half, TurnEnd("error", "reset", 3.0, cut=True)]
    screen.see(TurnStarted("t2", "again"), Result("limit", 3, "s", 1, Usage(), None, 3.0, (), ""))
    assert screen.contents[-1] == TurnEnd("limit", "", 3.0)


def test_an_answer_that_does_not_count_vanishes_with_the_next_step():
    screen = Screen(*HALF, StepStarted("t1", 2))
    assert screen.contents == [Prompt("do it")]


def test_where_the_message_is_another_text_it_takes_the_place_of_what_was_streamed():
    call = ToolCall("c", "bash", "{}")
    screen = Screen(*ASKED, PartStarted("p", "text"), PartUpdated("p", "bash {}"), PartCompleted("p"), answer(call))
    assert screen.contents[1:] == [Call("c", "bash", "{}", "waiting")]


def test_all_of_an_answer_that_broke_off_stays_as_it_was_streamed():
    screen = Screen(*ASKED, PartStarted("p", "thinking"), PartUpdated("p", "hm"), PartStarted("q", "text"))
    screen.see(PartUpdated("q", "```\nI be"), PartStarted("r", "tool_call", "bash"), PartUpdated("r", '{"comm'))
    screen.see(answer(Text("```\nI be\n[interrupted]")), TurnCompleted("t1", "interrupted", 1))
    assert screen.contents[1:] == [
        Thinking("hm", 0.0),
        Markdown("```\nI be"),
        Call("", "bash", '{"comm', "interrupted"),
    ]
    screen.see(Result("interrupted", 130, "s", 1, Usage(), None, 2.0, (), "", answer="```\nI be\n[interrupted]"))
    assert screen.contents[4:] == [TurnEnd("interrupted", "", 2.0, cut=True)]
    assert copy_target(screen.document) == "```\nI be"


def test_an_answer_that_broke_off_is_shown_where_its_pieces_are_not_known():
    assert Screen(*ASKED, answer(Text("I be\n[interrupted]"))).contents[1:] == [Markdown("I be")]


def test_a_call_goes_through_its_states():
    screen = Screen(*ASKED, PartStarted("p", "tool_call", "bash"), PartUpdated("p", '{"command": "ma'))
    assert screen.contents[1] == Call("", "bash", '{"command": "ma', "writing")
    call = ToolCall("c1", "bash", '{"command": "make"}')
    screen.see(PartUpdated("p", 'ke"}'), PartCompleted("p"), answer(call))
    assert screen.contents[1] == Call("c1", "bash", call.arguments, "waiting")
    screen.see(ToolStarted("c1", "bash", call.arguments), ApprovalRequested("c1", "bash", "make?"))
    assert screen.contents[1].state == "asked"
    screen.see(ApprovalResolved("c1", True, ""), ToolUpdated("c1", "compiling\n"))
    assert (screen.contents[1].state, screen.contents[1].output) == ("running", "compiling\n")
    ran = CommandRun("make", "compiling\ndone\n", 0)
    screen.see(ToolCompleted("c1", "bash", False, (Text("for the model"),), ran, 2.5, {}))
    assert screen.contents[1:] == [Call("c1", "bash", call.arguments, "done", ran, "", 2.5)]


def test_a_denied_call_keeps_the_reason():
    screen = Screen(*ASKED, *list(step(1, "", "x"))[1:3])
    screen.see(
        ApprovalResolved("ct1.1", False, "not today"),
        ToolCompleted("ct1.1", "bash", True, (Text("error: denied: not today"),), Brief("denied"), 0.0, {}),
    )
    assert (screen.contents[-1].state, screen.contents[-1].reason) == ("denied", "not today")


def test_calls_whose_end_never_came_are_interrupted():
    screen = Screen(*ASKED, ToolStarted("c", "bash", "{}"), ToolUpdated("c", "half"), TurnStarted("t2", "go on"))
    assert screen.contents[1] == Call("c", "bash", "{}", "interrupted", output="half")


def test_live_output_is_bounded():
    screen = Screen(*ASKED, ToolStarted("c", "bash", "{}"))
    for number in range(100):
        screen.see(ToolUpdated("c", f"{number:04} " * 200))
    assert len(screen.contents[-1].output) == LIVE_OUTPUT
    assert screen.contents[-1].output.endswith("0099 ")


def test_words_of_the_person_while_the_agent_works_are_marked():
    screen = Screen(*ASKED, MessageAdded(user("hurry"), "steered"), MessageAdded(user("old journals"), ""))
    screen.see(MessageAdded(user("ran make"), "shell"), MessageAdded(user("a remark"), "note"))
    assert screen.contents == [Prompt("do it"), Prompt("hurry", steered=True), Prompt("old journals", steered=True)]


def test_plans_compactions_asides_and_results_have_their_blocks():
    steps = (PlanStep("look", "done"),)
    screen = Screen(*ASKED, PartStarted("p", "tool_call", "plan"), PartUpdated("p", "{}"), PlanUpdated(steps))
    screen.see(ToolCompleted("c", "plan", False, (Text("noted"),), Brief("plan"), 0.0, {}))
    assert screen.contents[1:] == [Plan(steps)]
    screen.see(CompactionStarted(9_000, "full"))
    assert screen.contents[-1] == Compacted(9_000, None)
    screen.see(CompactionCompleted(9_000, 100, ()))
    assert screen.contents[-1] == Compacted(9_000, 100)
    screen.see(AsideStarted("a", "why?"), AsideCompleted("a", "Because."))
    assert screen.contents[-1] == Note("info", "why?\nBecause.")
    result = Result("limit", 3, "s", 1, Usage(), None, 12.0, (), "1 file", reason="50 steps", answer="Words.")
    screen.see(result)
    assert screen.contents[-2:] == [Markdown("Words."), TurnEnd("limit", "50 steps\n1 file", 12.0)]


def test_a_submitted_summary_is_said_once_and_is_the_answer_to_copy():
    call = ToolCall("c", "submit", '{"summary": "All **done**.\\n```\\ncode\\n```"}')
    screen = Screen(*ASKED, answer(call), ToolStarted("c", "submit", call.arguments))
    screen.see(ToolCompleted("c", "submit", False, (Text("submitted"),), Brief("submitted"), 0.0, {}))
    screen.see(Result("finished", 0, "s", 1, Usage(), None, 1.0, (), "", answer="All **done**.\n```\ncode\n```"))
    assert [type(content) for content in screen.contents] == [Prompt, Call, TurnEnd]
    assert copy_target(screen.document).startswith("All **done**.")
    assert copy_target(screen.document, 1) == "code\n"
    assert copy_target(screen.document, 2) == ""


def test_the_persons_own_commands_are_shown_with_their_live_output():
    screen = Screen(*ASKED, ShellStarted("s", "ls"), ToolUpdated("s", "a\n"))
    assert screen.contents[-1] == Shell("ls", "a\n", None)
    screen.see(StepStarted("t1", 2), ShellCompleted("s", "ls", "a\nb\n", 0, 0.1))
    assert screen.contents[-1] == Shell("ls", "a\nb\n", 0)


def test_files_that_were_restored_are_listed_and_those_that_were_not():
    screen = Screen(*ASKED, FilesRestored(9, 4, ("a.py", "b.py")), FilesRestored(10, 2, ("a.py",), ("c.bin",)))
    assert screen.contents[1] == Note("info", "2 files restored, as before step 4:\n  a.py\n  b.py")
    assert screen.contents[2].level == "warning"
    assert screen.contents[2].text.endswith("their earlier bytes were not kept:\n  c.bin")
    screen.see(FilesRestored(11, 1, tuple(f"{number}.py" for number in range(1000))))
    assert screen.contents[3].text.endswith("\n  19.py\n  … and 980 more")


def test_files_that_went_back_with_the_conversation_are_told_of_where_it_goes_on():
    screen = Screen(*session(2, 2))
    screen.see(FilesRestored(9, 4, ("a.py",)), Rewound("t1", "prompt 1", ()))
    assert screen.contents[-1] == Note("info", "1 file restored, as before step 4:\n  a.py")
    screen.see(TurnStarted("t2", "better"), Rewound("t2", "better", ()))
    restored = [content for content in screen.contents if isinstance(content, Note) and "a.py" in content.text]
    assert len(restored) == 1


def test_going_back_takes_the_turns_away():
    screen = Screen(*session(3, 2))
    screen.see(Rewound("t1", "prompt 1", ()), TurnStarted("t3", "better"))
    prompts = [content.text for content in screen.contents if isinstance(content, Prompt)]
    assert prompts == ["prompt 0", "better"]


@settings(deadline=None, max_examples=200)
@given(event_lists)
def test_no_order_of_events_does_harm(events):
    screen = Screen(*events, TurnCompleted("t1", "finished", 1))
    document = screen.document
    blocks = [block for page in document.pages for block in page.blocks or ()]
    assert [block.id for block in blocks] == sorted({block.id for block in blocks})
    assert not any(block.gone for block in blocks)
    open_states = {"writing", "waiting", "asked", "running"}
    assert not any(isinstance(block.content, Call) and block.content.state in open_states for block in blocks)
    assert not any(isinstance(block.content, Markdown) and block.content.open for block in blocks)
    assert not any(block.live for block in blocks)


def test_every_kind_of_event_is_understood():
    screen = Screen(*lifecycle())
    text = "\n".join(words(content) for content in screen.contents)
    for said in ("fix the größe", "I look first.", "Done.", "A red circle.", "The window is 85 % full."):
        assert text.count(said) == 1
    assert "Let me st" not in text
