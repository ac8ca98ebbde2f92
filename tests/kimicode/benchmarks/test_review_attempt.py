"""A review that does not end, or ends badly, is told from one that found nothing."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from kimicode.benchmarks.review_attempt import Plan, attempt
from kimicode.benchmarks.review_set import load
from kimicode.errors import KimicodeError

(CASE,) = load(["retry-jitter"])
SLEEPS = "import sys, time; print('waiting', file=sys.stderr, flush=True); time.sleep(60)"


def plan(tmp_path, program, **fields):
    return Plan((), 20, tmp_path / "transcripts", (sys.executable, "-c", program), **fields)


def test_a_review_that_runs_past_its_limit_is_stopped_and_counts_as_incomplete(tmp_path):
    one = attempt(CASE, plan(tmp_path, SLEEPS, grace=-19.5))
    assert (one.state, one.findings, one.trouble) == ("none", (), "stopped: it ran past its time limit")
    assert one.seconds < 20


@pytest.mark.parametrize("code", [1, 75, 130])
def test_what_would_stop_every_review_ends_the_run(tmp_path, code):
    program = f"import sys; print('no such flag', file=sys.stderr); sys.exit({code})"
    with pytest.raises(KimicodeError, match=f"the review of retry-jitter ended with {code}: no such flag"):
        attempt(CASE, plan(tmp_path, program))


def test_an_infrastructure_fault_is_kept_with_the_last_words(tmp_path):
    one = attempt(CASE, plan(tmp_path, "import sys; print('the model is gone', file=sys.stderr); sys.exit(2)"))
    assert (one.state, one.trouble) == ("none", "exit code 2: the model is gone")


def test_stopping_ends_what_is_under_way(tmp_path):
    stopping = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        going = pool.submit(attempt, CASE, plan(tmp_path, SLEEPS, stopping=stopping))
        said = tmp_path / "transcripts" / "retry-jitter.stderr"
        while not (said.exists() and "waiting" in said.read_text()):
            threading.Event().wait(0.02)
        stopping.set()
        with pytest.raises(KimicodeError, match="was stopped"):
            going.result(timeout=30)
