"""A session as the agent emits it, with every kind of event: two turns, a retry, parallel calls, a compaction."""

from kimicode.events import (
    ApprovalRequested,
    ApprovalResolved,
    AsideCompleted,
    AsideStarted,
    AsideUpdated,
    Brief,
    CommandRun,
    CompactionCompleted,
    CompactionStarted,
    Diff,
    Event,
    FileChange,
    FilesRestored,
    MessageAdded,
    ModeChanged,
    ModelChanged,
    Notice,
    PartCompleted,
    PartDiscarded,
    PartStarted,
    PartUpdated,
    PlanStep,
    PlanUpdated,
    Result,
    RetryScheduled,
    Rewound,
    SessionStarted,
    ShellCompleted,
    ShellStarted,
    StepStarted,
    TitleChanged,
    ToolCompleted,
    ToolStarted,
    ToolUpdated,
    TurnCompleted,
    TurnStarted,
    UsageUpdated,
)
from kimicode.messages import Image, Message, Text, Thinking, ToolCall, Usage, user

SESSION_ID = "20261122-104501-k3f9"
USAGE = Usage(1_000, 400, 50, 0.25)


def started(cwd: str = "/home/me/project", *, resumed: bool = False) -> SessionStarted:
    return SessionStarted(SESSION_ID, cwd, "kimi-k2.6", "auto", "0.1.0", resumed)


def asking(*calls: tuple[str, str, str], text: str = "") -> MessageAdded:
    """An assistant message with calls given as (id, name, arguments)."""
    return MessageAdded(Message("assistant", (Text(text), *(ToolCall(*call) for call in calls))))


def done(call_id: str, output: str, name: str = "bash") -> ToolCompleted:
    return ToolCompleted(call_id, name, False, (Text(output),), CommandRun("make", output, 0), 0.5, {"spilled": None})


def ended(turn_id: str, steps: int, usage: Usage = USAGE, answer: str = "") -> tuple[Event, ...]:
    changes = (FileChange("src/größe.py", "M", 3, 1), FileChange("logo.png", "A", None, None))
    return (
        TurnCompleted(turn_id, "finished", steps),
        Result("finished", 0, SESSION_ID, steps, usage, usage.price, 12.5, changes, "2 files changed", answer=answer),
    )


def first_turn(output: str) -> tuple[Event, ...]:
    """A retried answer, then two calls that complete in the other order; one is an edit that had to be approved."""
    return (
        TurnStarted("t1", "fix the größe 修正して\nplease 🙂"),
        MessageAdded(user("fix the größe 修正して\nplease 🙂")),
        StepStarted("t1", 1),
        PartStarted("p0", "text"),
        PartUpdated("p0", "Let me st"),
        PartDiscarded("p0", "connection reset"),
        RetryScheduled(1, 10, 0.5, "connection reset"),
        PartStarted("p1", "thinking"),
        PartUpdated("p1", "hmm"),
        PartCompleted("p1"),
        PartStarted("p2", "tool_call", "bash"),
        PartUpdated("p2", '{"command": "make"}'),
        PartCompleted("p2"),
        MessageAdded(
            Message(
                "assistant",
                (
                    Thinking("hmm, a lone half: \ud83d"),
                    Text("I look first."),
                    ToolCall("c1", "bash", '{"command": "make"}'),
                    ToolCall("c2", "strreplace", '{"path": "src/größe.py", "old_str": "a", "new_str": "b"}'),
                ),
            )
        ),
        UsageUpdated(USAGE, USAGE, 1_050, 262_144),
        ToolStarted("c1", "bash", '{"command": "make"}'),
        ToolUpdated("c1", "compiling…\n"),
        ApprovalRequested("c2", "strreplace", "Edit src/größe.py?"),
        ApprovalResolved("c2", True, "person"),
        ToolStarted("c2", "strreplace", '{"path": "src/größe.py"}'),
        ToolCompleted(
            "c2", "strreplace", False, (Text("edited"),), Diff("src/größe.py", "-a\n+b\n", 1, 1), 0.1, {"fuzz": [1, 2]}
        ),
        ToolCompleted("c1", "bash", True, (Text(output),), CommandRun("make", output, 2), 3.25, {}),
        PlanUpdated((PlanStep("look", "done"), PlanStep("fix", "active"))),
        Notice("warning", "context", "The window is 85 % full."),
    )


def between_turns() -> tuple[Event, ...]:
    """What a person does between two turns: switches, a command of their own, a question beside the work."""
    return (
        ModeChanged("auto"),
        ModelChanged("kimi-k2.6", True, 262_144),
        TitleChanged("die Größe"),
        ShellStarted("sh1", "git status"),
        ToolUpdated("sh1", "clean\n"),
        ShellCompleted("sh1", "git status", "clean\n", 0, 0.1),
        MessageAdded(user("The user ran this command"), "shell"),
        AsideStarted("a1", "what is a monad?"),
        AsideUpdated("a1", "A monoid"),
        AsideCompleted("a1", "A monoid in a category.", ""),
    )


def lifecycle(output: str = "…" + "x漢字 " * 4_000) -> tuple[Event, ...]:
    """Two runs of one session; `output` (20 KB by default) is what its command printed."""
    system = Message("system", (Text("You are a coding agent."),))
    return (
        started(),
        MessageAdded(system),
        *first_turn(output),
        StepStarted("t1", 2),
        MessageAdded(Message("assistant", (Text("Done."),))),
        UsageUpdated(USAGE, USAGE + USAGE, 2_100, 262_144),
        *ended("t1", 2, USAGE + USAGE, "Done."),
        started(resumed=True),
        *between_turns(),
        FilesRestored(4, 3, ("/home/me/shop/cart.py", "/home/me/shop/odd\\xff"), ("/home/me/shop/film.mkv",)),
        Rewound("t2", "and commit it", (system,), (PlanStep("look", "done"), PlanStep("fix", "active"))),
        CompactionStarted(240_000, "85 % of the window"),
        CompactionCompleted(240_000, 9_000, (system, user("summary of what was done"))),
        TurnStarted("t1", "now view the logo"),
        MessageAdded(user("now view the logo")),
        StepStarted("t1", 1),
        asking(("c1", "view", '{"path": "logo.png"}')),
        ToolStarted("c1", "view", '{"path": "logo.png"}'),
        ToolCompleted("c1", "view", False, (Image("image/png", "iVBORw0K"),), Brief("viewed logo.png"), 0.0, {}),
        StepStarted("t1", 2),
        PartStarted("p9", "text"),
        PartUpdated("p9", "A red"),
        PartUpdated("p9", " circle."),
        MessageAdded(Message("assistant", (Text("A red circle."),))),
        UsageUpdated(USAGE, USAGE, 3_000, 262_144),
        *ended("t1", 2, USAGE, "A red circle."),
    )
