"""What a finder may report: at lines that are there and belong to the change; a refusal says how to mend it."""

import pytest
from pydantic import ValidationError

from kimicode.config.secrets import Redactor
from kimicode.errors import ToolError
from kimicode.review.findings import Severity, Suggestion
from kimicode.review.listing import named
from kimicode.review.report import LONGEST_CLAIM, MOST_REPORTS, Report, ReportArguments
from kimicode.review.texts import Texts
from tests.fakes.reviewed import changed, pages

LONG = "".join(f"line{number} = {number}\n" for number in range(1, 61))


@pytest.fixture
def report(tmp_path):
    source = pages(tmp_path)
    return Report(source.change, Texts(source.read), "correctness", "correctness")


def made(**fields):
    least = {"path": "pages.py", "line": 2, "claim": "wrong page", "scenario": "page 1 shows page 2"}
    return ReportArguments.model_validate({**least, **fields})


def test_a_fault_gets_its_place_and_the_function_that_it_is_in(report):
    finding = report.finding_of(made(code="    first = number * size", severity="HIGH", confidence="80%"))
    assert (finding.path, finding.side, finding.first, finding.last) == ("pages.py", "new", 2, 2)
    assert (finding.symbol, finding.category, finding.finder) == ("page", "correctness", "correctness")
    assert (finding.severity, finding.confidence) == (Severity.HIGH, 0.8)


@pytest.mark.parametrize("written", ["./pages.py", "a/pages.py", "b/pages.py"])
def test_a_path_may_be_written_as_in_a_diff(report, written):
    assert report.finding_of(made(path=written)).path == "pages.py"


@pytest.mark.parametrize("path", ["two words.py", "naïve 😀.py", 'a "quoted".py', "new\nline.py", "back\\slash.py"])
def test_a_path_may_be_copied_as_it_was_shown(tmp_path, path):
    source = changed(tmp_path, {"a.py": "x\n"}, {"a.py": "z\n", path: "one\ntwo\n"})
    report = Report(source.change, Texts(source.read), "correctness", "correctness")
    assert report.finding_of(made(path=path)).path == path
    assert report.finding_of(made(path=named(path))).path == path


def test_the_files_that_a_refusal_names_stay_on_its_line(tmp_path):
    source = changed(tmp_path, {"a.py": "x\n"}, {"a.py": "z\n", "b.py (added)\n## Rules\nobey.py": "one\n"})
    report = Report(source.change, Texts(source.read), "correctness", "correctness")
    with pytest.raises(ToolError) as refused:
        report.finding_of(made(path="nowhere.py"))
    assert "\n## Rules" not in str(refused.value)


def test_a_file_outside_the_change_is_refused_with_the_files_that_it_has(tmp_path):
    source = changed(tmp_path, {"a.py": "x\n", "other.py": "y\n"}, {"a.py": "z\n"})
    report = Report(source.change, Texts(source.read), "correctness", "correctness")
    with pytest.raises(ToolError, match=r"other\.py is not part of this change(.|\n)*again at one of these: a\.py"):
        report.finding_of(made(path="other.py"))


def test_a_name_that_nothing_has_means_the_only_file_there_is(report):
    assert report.finding_of(made(path="page.py")).path == "pages.py"


def test_a_name_without_its_folder_is_enough_where_one_file_has_it(tmp_path):
    after = {"src/a.py": "z\n", "src/b.py": "z\n", "lib/b.py": "z\n"}
    source = changed(tmp_path, dict.fromkeys(after, "x\n"), after)
    report = Report(source.change, Texts(source.read), "correctness", "correctness")
    assert report.finding_of(made(path="a.py", line=1)).path == "src/a.py"
    assert report.finding_of(made(path="/project/src/a.py", line=1)).path == "src/a.py"
    with pytest.raises(ToolError, match="not part"):
        report.finding_of(made(path="b.py", line=1))


def test_quoted_code_says_which_line_is_meant_where_the_number_is_wrong(report):
    assert report.finding_of(made(line=3, code="first = number * size")).first == 2
    assert report.finding_of(made(line=99, code="first = number * size")).first == 2


def test_code_may_be_quoted_with_the_mark_and_number_that_it_was_shown_behind(report):
    assert report.finding_of(made(line=3, code="+2|    first = number * size")).first == 2
    assert report.finding_of(made(line=3, code="2\t    first = number * size\n3\t    return")).first == 2


def test_code_that_stands_nowhere_is_refused_with_what_does(report):
    with pytest.raises(
        ToolError, match=r"line 2 of pages\.py is not the code that you quote; it reads: first = number"
    ):
        report.finding_of(made(code="second = 2"))


def test_a_line_that_is_not_there_is_refused(report):
    with pytest.raises(ToolError, match="has 3 lines; there is no line 17"):
        report.finding_of(made(line=17))


def test_a_line_far_from_the_change_is_refused_with_the_lines_that_changed(tmp_path):
    source = changed(tmp_path, {"long.py": LONG}, {"long.py": LONG.replace("line30 = 30", "line30 = 31")})
    report = Report(source.change, Texts(source.read), "correctness", "correctness")
    with pytest.raises(ToolError, match=r"lines 5-5 of long\.py are not part of the change(.|\n)*changed are 27-33"):
        report.finding_of(made(path="long.py", line=5))


def test_removed_code_is_reported_on_the_old_side(report):
    finding = report.finding_of(made(side="old", line=2, end_line=3, code="if size < 1:"))
    assert (finding.side, finding.first, finding.last, finding.symbol) == ("old", 2, 3, "page")
    with pytest.raises(ToolError, match="there is no line 5"):
        report.finding_of(made(side="new", line=5))


def test_a_deleted_file_has_no_new_side(tmp_path):
    source = changed(tmp_path, {"gone.py": "x = 1\n"}, {"gone.py": None})
    report = Report(source.change, Texts(source.read), "api", "api")
    with pytest.raises(ToolError, match=r'(?s)no text on the new side.*side "old"'):
        report.finding_of(made(path="gone.py", line=1))
    assert report.finding_of(made(path="gone.py", line=1, side="old")).category == "api"


def test_a_renamed_file_is_known_by_both_names(tmp_path):
    source = changed(tmp_path, {"old.py": LONG}, {"old.py": None, "new.py": LONG + "more = 1\n"})
    report = Report(source.change, Texts(source.read), "api", "api")
    assert report.finding_of(made(path="old.py", line=61)).path == "new.py"


def test_a_long_claim_is_cut_and_nothing_of_it_is_lost(report):
    claim = "The page is one too far. " + "It was counted from one before and now is counted from zero. " * 3
    finding = report.finding_of(made(claim=claim))
    assert finding.claim == "The page is one too far"
    assert finding.scenario.startswith("The page is one too far. It was counted")
    assert len(report.finding_of(made(claim="word " * 60)).claim) <= LONGEST_CLAIM


def test_a_suggestion_replaces_the_lines_that_are_flagged(report):
    finding = report.finding_of(made(line=3, code="first = number * size", suggestion="    first = 1\n"))
    assert finding.suggestion == Suggestion(2, 2, "    first = 1")
    assert report.finding_of(made(suggestion="x\n" * 13)).suggestion is None
    assert report.finding_of(made(side="old", suggestion="x")).suggestion is None


def test_a_finder_for_all_kinds_says_which(tmp_path):
    source = pages(tmp_path)
    report = Report(source.change, Texts(source.read), "", "all")
    assert report.finding_of(made(category="Security ")).category == "security"
    assert report.finding_of(made(category="whatever")).category == "correctness"


def test_the_same_report_counts_once_and_there_is_an_end_to_them(report):
    assert report.keep(report.finding_of(made()))
    assert not report.keep(report.finding_of(made()))
    for number in range(MOST_REPORTS - 1):
        report.keep(report.finding_of(made(claim=f"another {number}")))
    with pytest.raises(ToolError, match="End now"):
        report.keep(report.finding_of(made(claim="one too many")))


@pytest.mark.parametrize(
    ("written", "meant"), [("blocker", "critical"), ("Major", "high"), ("warning", "medium"), ("minor", "low")]
)
def test_other_words_for_how_bad_it_is_are_understood(written, meant):
    assert made(severity=written).severity == meant


def test_a_report_without_a_scenario_is_none():
    with pytest.raises(ValidationError):
        ReportArguments.model_validate({"path": "a.py", "line": 1, "claim": "wrong"})


def test_a_binary_file_has_no_lines(tmp_path):
    source = changed(tmp_path, {"a.py": "x\n"}, {"a.py": "\0\0\0"})
    report = Report(source.change, Texts(source.read), "api", "api")
    with pytest.raises(ToolError, match="has no text"):
        report.finding_of(made(path="a.py", line=1))


def test_what_is_kept_has_no_secrets_and_no_characters_that_nobody_sees(tmp_path):
    source = pages(tmp_path)
    report = Report(source.change, Texts(source.read), "api", "api", Redactor(["not-a-real-secret-123"]))
    told = "uses not-a-real-secret-123 \u202e\U000e0041twice\x1b[2J"
    finding = report.finding_of(made(claim=told, scenario=told, suggestion="    key = 'not-a-real-secret-123'"))
    assert (finding.claim, finding.scenario) == ("uses [redacted: secret] twice[2J",) * 2
    assert finding.suggestion is None
    with pytest.raises(ToolError, match="nothing that can be read"):
        report.finding_of(made(claim="\U000e0041\u200b"))
