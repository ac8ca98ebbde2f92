"""What events mean for the state."""

from kimicode.events import PartUpdated, RetryScheduled, StepStarted, TitleChanged, TurnStarted, UsageUpdated
from kimicode.messages import Usage
from kimicode.sessions.replay import replay
from kimicode.tui.watch import WAITING, Watch
from tests.fakes.recorded_session import lifecycle


def test_the_speed_is_measured_for_a_while_before_it_is_shown():
    now = iter([10.0, 10.2, 12.0])
    watch = Watch(clock=lambda: next(now))
    pieces = [watch.changes(PartUpdated("p", "x" * 35)) for _ in range(3)]
    assert pieces == [{}, {}, {"speed": 10.0}]
    assert watch.changes(StepStarted("t1", 2)) == {"steps": 2, "speed": 0.0, "doing": WAITING}


def test_the_first_prompt_gives_the_title_and_a_name_replaces_it():
    watch = Watch()
    assert watch.changes(TurnStarted("t1", " fix it\nplease"))["title"] == "fix it"
    assert "title" not in watch.changes(TurnStarted("t2", "and that"))
    assert watch.changes(TitleChanged("my work")) == {"title": "my work"}


def test_a_resumed_session_counts_what_was_used_before():
    watch = Watch()
    past = replay(lifecycle())
    watch.resume(past)
    usage = watch.changes(UsageUpdated(Usage(1), Usage(10), 100, 1_000))["usage"]
    assert usage.input_tokens == past.usage.input_tokens + 10
    assert "title" not in watch.changes(TurnStarted("t9", "more"))


def test_a_retry_is_said():
    assert Watch().changes(RetryScheduled(1, 10, 0.5, "reset"))["doing"] == "reset; attempt 2 of 10"
