"""Reports that a model wrote as text are taken where they are unmistakable, and nothing else is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.review.spoken import reports_in, speaks_of_faults, verdict_in

ONE = {"path": "a.py", "line": 3, "claim": "wrong", "scenario": "zero gives one", "severity": "high"}


@pytest.mark.parametrize(
    "answer",
    [
        json.dumps(ONE),
        f"Here is what I found:\n```json\n{json.dumps([ONE], indent=2)}\n```\nThat is all.",
        json.dumps({"findings": [ONE]}),
        json.dumps({"tool": "report it", "arguments": ONE}),
        json.dumps({**ONE, "rule": "B101", "tags": ["x"]}),
        json.dumps({"file": "a.py", "start_line": 3, "title": "wrong", "description": "zero gives one"}),
    ],
)
def test_a_report_in_json_is_found(answer):
    (report,) = reports_in(answer)
    assert (report.path, report.line, report.claim, report.scenario) == ("a.py", 3, "wrong", "zero gives one")


@pytest.mark.parametrize(
    "answer",
    [
        "none",
        "{}",
        '{"path": "a.py"}',
        '{"a": {"b": [1, 2]}}',
        "In a.py, line 3, zero gives one.",
        "[[[[",
        '{"path": "a"',
    ],
)
def test_what_is_no_report_is_not_taken_for_one(answer):
    assert reports_in(answer) == []


def test_several_objects_in_a_row_are_several_reports():
    assert len(reports_in(f"{json.dumps(ONE)}\n{json.dumps({**ONE, 'line': 9})}")) == 2


@given(st.text(alphabet='{}[]",: abcpathlineclaim0123\\n\n', max_size=400))
def test_any_text_is_read_without_a_fault(answer):
    reports_in(answer)
    speaks_of_faults(answer)


@pytest.mark.parametrize(
    "answer",
    ["none", "No faults found.", "I looked at a.py:12 and found no issues.", "The change looks correct (line 4).", ""],
)
def test_an_answer_that_finds_nothing_is_an_end(answer):
    assert not speaks_of_faults(answer)


@pytest.mark.parametrize("answer", ["The loop at line 12 skips the last item.", "src/a.py:40 uses the wrong key."])
def test_a_fault_told_in_prose_is_noticed(answer):
    assert speaks_of_faults(answer)


def test_a_report_without_a_path_is_about_the_file_at_hand():
    spoken = json.dumps({key: value for key, value in ONE.items() if key != "path"})
    assert reports_in(spoken) == []
    assert reports_in(spoken, "b.py")[0].path == "b.py"
    assert reports_in(json.dumps({**ONE, "path": None, "file": "c.py"}), "b.py")[0].path == "c.py"


def test_a_verdict_in_json_is_found():
    found = verdict_in(f"```json\n{json.dumps({'verdict': 'not real', 'why': 'so'})}\n```")
    assert found is not None
    assert found.verdict == "not real"


def test_of_several_verdicts_none_counts_for_one_may_be_quoted_from_the_code():
    quoted, own = ({"verdict": verdict, "why": "so"} for verdict in ("not real", "real"))
    assert verdict_in(f"The comment says {json.dumps(quoted)}.\n{json.dumps(own)}") is None
    assert verdict_in("The verdict is: not real.") is None
