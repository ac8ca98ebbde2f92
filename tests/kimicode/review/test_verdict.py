"""A verdict stands on code that is there and on output that was printed; lies are refused, with what is there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kimicode.config.secrets import Redactor
from kimicode.displays import CommandRun
from kimicode.errors import ToolError
from kimicode.review.findings import Citation, Severity
from kimicode.review.texts import Texts, quoted
from kimicode.review.verdict import NEARBY, Verdict, VerdictArguments

CODE = """\
def first(items):
    return items[0]


def second(items):
    return items[1]  # the one behind it, which not every list has: see above

TOKEN = "not-a-real-secret-123"
"""
FILES = {"a.py": CODE.encode(), "b.bin": b"\0\1"}


def made(verdict="real", **fields):
    return VerdictArguments.model_validate({"verdict": verdict, "why": "an empty list has no first item", **fields})


def cited(line, text, path="a.py"):
    return {"citations": [{"path": path, "line": line, "text": text}]}


@pytest.fixture
def verdict():
    return Verdict(Texts(lambda path, side: FILES.get(path)))


def test_a_real_fault_is_judged_with_the_lines_that_decide_it(verdict):
    made_of = verdict.judged(made(severity="high", confidence=0.9, **cited(2, "    return items[0]")))
    assert made_of.citations == (Citation("a.py", 2, "return items[0]"),)
    assert (made_of.ruling, made_of.severity, made_of.confidence) == ("real", Severity.HIGH, 0.9)
    assert (made_of.proof, made_of.evidence) == ("read", "an empty list has no first item")


def test_a_line_cited_close_by_gets_its_right_number(verdict):
    assert verdict.judged(made(**cited(4, "return items[0]"))).citations[0].line == 2


def test_a_citation_may_leave_out_the_end_of_a_long_line(verdict):
    assert verdict.judged(made(**cited(6, "return items[1]  # the one behind it, which not"))).citations[0].line == 6
    with pytest.raises(ToolError, match="is not what you cite"):
        verdict.judged(made(**cited(6, "not")))


def test_a_citation_that_does_not_stand_there_is_refused_with_what_does(verdict):
    with pytest.raises(ToolError, match=r"a\.py:2 is not what you cite; it reads: return items\[0\]"):
        verdict.judged(made(**cited(2, "if not items: return None")))
    with pytest.raises(ToolError, match="no such line"):
        verdict.judged(made(**cited(400, "return items[0]")))


def test_a_path_may_be_cited_with_the_quotes_that_it_is_shown_in():
    verdict = Verdict(Texts(lambda path, side: CODE.encode() if path == "two words.py" else None))
    made_of = verdict.judged(made(**cited(2, "    return items[0]", '"two words.py"')))
    assert made_of.citations[0].path == "two words.py"


@pytest.mark.parametrize("path", ["c.py", "b.bin", "../a.py", "/etc/passwd"])
def test_a_file_that_is_none_of_the_reviewed_cannot_be_cited(verdict, path):
    with pytest.raises(ToolError, match="not there or is no text"):
        verdict.judged(made(**cited(1, "def first(items):", path)))


def test_one_wrong_citation_spoils_the_verdict(verdict):
    both = [*cited(2, "return items[0]")["citations"], *cited(2, "made up line")["citations"]]
    with pytest.raises(ToolError):
        verdict.judged(made(citations=both))


def test_real_without_a_citation_is_refused_and_the_others_may_go_without(verdict):
    with pytest.raises(ToolError, match='the verdict "real" cites no code'):
        verdict.judged(made())
    assert verdict.judged(made("not real")).ruling == "not real"
    verdict.always = True
    with pytest.raises(ToolError, match="cites no code"):
        verdict.judged(made("not real"))


def test_what_was_run_counts_where_its_output_is_quoted(verdict):
    verdict.ran.append(CommandRun("python try.py", "Traceback ...\nIndexError: list index out of range\n", 1))
    judged = verdict.judged(made(output="IndexError: list index\n  out of range", **cited(2, "return items[0]")))
    assert judged.proof == "ran"
    assert judged.evidence == (
        "an empty list has no first item\n\n$ python try.py\nIndexError: list index\n  out of range"
    )


def test_output_that_no_command_printed_is_refused(verdict):
    verdict.ran.append(CommandRun("python try.py", "fine\n", 0))
    with pytest.raises(ToolError, match="no command of yours printed that output"):
        verdict.judged(made(output="IndexError: list index out of range", **cited(2, "return items[0]")))


def test_a_secret_that_was_hidden_from_the_model_can_be_cited_and_stays_hidden():
    verdict = Verdict(Texts(lambda path, side: FILES.get(path)), Redactor(["not-a-real-secret-123"]))
    shown = 'TOKEN = "[redacted: secret]"'
    assert verdict.judged(made(**cited(8, shown))).citations == (Citation("a.py", 8, shown),)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("Real", "real"), ("not_real", "not real"), ("pre existing", "pre-existing"), ("FALSE", "not real")],
)
def test_other_spellings_of_a_verdict_are_understood(written, meant):
    assert made(written).verdict == meant


def test_an_unknown_verdict_is_none():
    with pytest.raises(ValidationError):
        made("perhaps")


@given(line=st.integers(-5, 20), text=st.text(max_size=30) | st.sampled_from(CODE.splitlines()))
def test_no_citation_is_accepted_that_does_not_stand_near_there(line, text):
    verdict = Verdict(Texts(lambda path, side: FILES.get(path)))
    try:
        (accepted,) = verdict.judged(made(**cited(line, text))).citations
    except ToolError:
        return
    assert accepted.text == CODE.splitlines()[accepted.line - 1].strip()
    assert abs(accepted.line - line) <= NEARBY
    assert quoted(text) in " ".join(accepted.text.split())
    assert len(quoted(text)) >= min(4, len(accepted.text))


def test_neither_reason_nor_evidence_has_a_secret_or_hidden_characters():
    verdict = Verdict(Texts(lambda path, side: FILES.get(path)), Redactor(["not-a-real-secret-123"]))
    verdict.ran.append(CommandRun("echo not-a-real-secret-123", "not-a-real-secret-123 was printed", 0, 0.1))
    told = {"why": "not-a-real-secret-123\u202e", "output": "not-a-real-secret-123 was printed"}
    made_of = verdict.judged(made(**told, **cited(2, "    return items[0]")))
    assert made_of.evidence == "[redacted: secret]\n\n$ echo [redacted: secret]\n[redacted: secret] was printed"
