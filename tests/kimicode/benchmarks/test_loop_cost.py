"""Short measured sessions: the loop is cheap, stays cheap, and the figures say what they should."""

import json
import threading
import time

from kimicode.benchmarks.loop_cost import main, session
from kimicode.benchmarks.meter import Account, Meter

MOST_LOOP_MS = 5.0
"""On an idle machine a step takes 3 ms, on a busy one its processor time grows as well."""
NOISE_MS = 5.0
"""What other work on the same machine can add to a step."""


def burn(seconds: float, meter: Meter, account: Account) -> None:
    """Work until `account` has been charged so much."""
    goal = meter.spent[account] + seconds
    while meter.spent[account] < goal:
        meter.switch(meter.switch(account))


def test_a_step_costs_little_and_no_more_at_the_end_than_at_the_start():
    one = session("loop", 150, every=50)
    first, *_, last = (window["loop_ms"] for window in one["windows"])
    assert one["compactions"] >= 1
    assert one["per_step"]["loop_ms"] <= MOST_LOOP_MS
    assert last <= 2 * max(first, NOISE_MS)
    assert one["peak_mb"] < 200


def test_the_client_is_measured_apart_from_the_loop():
    one = session("http-256k", 40, every=20)
    assert one["per_step"]["model_ms"] > 0
    assert one["per_step"]["loop_ms"] <= MOST_LOOP_MS
    assert one["windows"][-1]["context_tokens"] > one["windows"][0]["context_tokens"]


def test_figures_are_printed_and_written(tmp_path, capsys):
    out = tmp_path / "new" / "figures.json"
    assert main(["--only", "loop", "--steps", "12", "--out", str(out)]) == 0
    table = capsys.readouterr().out
    assert "kimicode --help" in table
    figures = json.loads(out.read_text())
    assert figures["machine"]["cpu"]
    assert figures["help"]["ratio"] > 1
    (one,) = figures["sessions"]
    assert one["steps"] == 12
    assert sum(window["steps"] for window in one["windows"]) == 11


def test_what_runs_inside_an_account_is_charged_to_it_alone():
    meter = Meter()
    with meter.charge("model"):
        with meter.charge("tools"):
            burn(0.02, meter, "tools")
        burn(0.01, meter, "model")
    meter.switch("loop")
    assert meter.spent["tools"] >= 0.02
    assert 0.01 <= meter.spent["model"] < 0.02
    assert meter.spent["loop"] < 0.01


def test_other_threads_are_charged_apart_unless_they_work_for_a_tool():
    meter = Meter()

    def work() -> None:
        goal = time.thread_time() + 0.03
        while time.thread_time() < goal:
            pass

    for account in ("loop", "tools"):
        with meter.charge(account):
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
    meter.switch("loop")
    assert meter.spent["behind"] >= 0.03
    assert meter.spent["tools"] >= 0.03
    assert meter.spent["loop"] < 0.02
