"""What posting a review comes to, decided from the review and what the forge has."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.review import diff, marks
from kimicode.review.change import ChangedFile
from kimicode.review.earlier import settled
from kimicode.review.findings import Citation, Finding, Review, Severity
from kimicode.review.forges.forge import PullRequest, Said, Thread
from kimicode.review.marks import Reviewed
from kimicode.review.plan import Scene, planned, too_late
from kimicode.review.vetting import Vetted

BASE, HEAD, OLD = "a" * 40, "b" * 40, "c" * 40
PULL = PullRequest("https://github.com/o/r/pull/1", 1, "", "", "ann", BASE, HEAD, BASE, "main", "x", False, False, True)
CODE = [f"    call({number})" for number in range(1, 21)]
FILE = ChangedFile(
    "a.py",
    "a.py",
    "added",
    "",
    "100644",
    False,
    diff.hunks("@@ -0,0 +1,20 @@\n" + "".join(f"+{line}\n" for line in CODE)),
)
CLAIM = Said("bot", "claim", True, False)


def finding(line, severity=Severity.HIGH, **fields):
    cited = (Citation("a.py", line, CODE[line - 1]),) if line <= 20 else ()
    one = Finding("a.py", "new", line, line, "", "correctness", severity, 0.9, f"Call {line} fails", "It does.", cited)
    return dataclasses.replace(one, fingerprint=f"{line:016x}", proof="read", **fields)


def review(*findings, head=HEAD, **fields):
    return Review(BASE, head, fields.pop("state", "complete"), tuple(findings), **fields)


def thread(line, head=OLD, *, resolved=False, outdated=False, replies=(), fixed=False):
    said = tuple(Said(author, text, False, True) for author, text in replies)
    place = (f"T{line}", f"{line:016x}", "a.py", 0 if outdated else line)
    return Thread(*place, resolved, (CLAIM, *said), head, fixed=fixed)


def scene(*threads, reviewed=None, **pull):
    body = marks.of_summary(reviewed) + "\nwords" if reviewed else ""
    return Scene(dataclasses.replace(PULL, **pull), (FILE,), threads, body)


def plan(at, what, most=5, withheld=(), rows=()):
    return planned(at, Vetted(what, frozenset(withheld), 0), most, rows)


def lines(findings):
    return [finding.first for finding in findings]


def inline(made):
    return [anchor.line for _, anchor in made.inline]


# --- comments -----------------------------------------------------------------------------------------------


def test_the_worst_findings_get_comments_and_the_others_are_listed():
    what = review(*[finding(n, Severity.CRITICAL if n == 7 else Severity.MEDIUM) for n in range(1, 9)])
    made = plan(scene(), what, most=3)
    assert inline(made) == [7, 1, 2]
    assert lines(made.listed) == [3, 4, 5, 6, 8]


@pytest.mark.parametrize("most", [0, -1])
def test_no_comments_are_wanted(most):
    made = plan(scene(), review(finding(1)), most)
    assert (inline(made), lines(made.listed)) == ([], [1])


def test_what_the_diff_does_not_show_is_listed():
    made = plan(scene(), review(finding(400), finding(2)))
    assert (inline(made), lines(made.listed)) == ([2], [400])


def test_what_has_no_words_is_listed():
    silent = dataclasses.replace(finding(1), claim="", citations=())
    made = plan(scene(), review(silent, finding(2)), withheld=[silent])
    assert (inline(made), lines(made.listed)) == ([2], [1])


def test_a_finding_without_fingerprint_could_not_be_known_again_and_is_listed():
    made = plan(scene(), review(dataclasses.replace(finding(1), fingerprint="")))
    assert (inline(made), lines(made.listed)) == ([], [1])


def test_the_same_finding_twice_is_one():
    assert inline(plan(scene(), review(finding(1), finding(1)))) == [1]


def test_what_has_its_thread_is_not_posted_again():
    made = plan(scene(thread(1)), review(finding(1), finding(2)))
    assert (inline(made), lines(made.standing), lines(made.listed)) == ([2], [1], [])


@pytest.mark.parametrize("settled", [thread(1, resolved=True), thread(1, replies=[("ann", "won't fix")])])
def test_what_was_settled_is_not_told_at_all(settled):
    made = plan(scene(settled), review(finding(1)))
    assert (made.inline, made.standing, made.listed) == ((), (), ())


def test_open_comments_of_earlier_reviews_take_room():
    made = plan(scene(thread(1), thread(2), thread(3)), review(finding(11), finding(12), finding(13)), most=5)
    assert (inline(made), lines(made.listed), made.before) == ([11, 12], [13], 3)


def test_comments_that_are_settled_or_point_at_nothing_any_more_take_none():
    threads = [thread(1, resolved=True), thread(2, replies=[("ann", "intended")]), thread(3, outdated=True)]
    made = plan(scene(*threads), review(finding(11), finding(12)), most=2)
    assert (inline(made), made.before) == ([11, 12], 1)


def test_whoever_resolves_a_comment_does_not_make_room_for_another_of_the_same_commit():
    made = plan(scene(thread(1, HEAD, resolved=True)), review(finding(1), finding(2)), most=1)
    assert (inline(made), lines(made.listed)) == ([], [2])


def test_half_a_plan_that_was_done_leaves_the_other_half():
    what = review(*[finding(n) for n in range(1, 9)])
    whole = inline(plan(scene(), what, most=5))
    for done in range(6):
        rest = plan(scene(*[thread(n, HEAD) for n in whole[:done]]), what, most=5)
        assert inline(rest) == whole[done:]
        assert lines(rest.listed) == [6, 7, 8]


# --- rounds -------------------------------------------------------------------------------------------------

MIXED = review(finding(1, Severity.MEDIUM), finding(2, Severity.HIGH), finding(3, Severity.CRITICAL))


@pytest.mark.parametrize("rounds", [0, 1])
def test_the_first_reviews_comment_on_everything(rounds):
    at = scene(reviewed=Reviewed(OLD, rounds) if rounds else None)
    assert inline(plan(at, MIXED)) == [3, 2, 1]


def test_later_ones_on_what_is_bad_and_list_the_rest():
    made = plan(scene(thread(9), reviewed=Reviewed(OLD, 2)), MIXED)
    assert (inline(made), lines(made.listed)) == ([3, 2], [1])


def test_where_all_was_declined_only_on_the_worst():
    made = plan(scene(thread(9, replies=[("ann", "false positive")]), reviewed=Reviewed(OLD, 2)), MIXED)
    assert (inline(made), lines(made.listed)) == ([3], [2, 1])


def test_the_same_commit_again_is_no_new_round():
    again = scene(reviewed=Reviewed(HEAD, 2))
    assert inline(plan(again, MIXED)) == [3, 2, 1]
    assert plan(again, MIXED).reviewed == Reviewed(HEAD, 2)


def test_a_review_is_remembered():
    assert plan(scene(), review()).reviewed == Reviewed(HEAD, 1)
    assert plan(scene(reviewed=Reviewed(OLD, 3)), review()).reviewed == Reviewed(HEAD, 4)
    assert plan(scene(reviewed=Reviewed(OLD, 9_999)), review()).reviewed == Reviewed(HEAD, 9_999)


def test_a_review_that_failed_is_not():
    assert plan(scene(reviewed=Reviewed(OLD, 3)), review(state="failed")).reviewed == Reviewed(OLD, 3)
    assert plan(scene(), review(state="failed")).reviewed == Reviewed()


# --- fixed --------------------------------------------------------------------------------------------------


def test_what_the_change_did_away_with_is_resolved():
    made = plan(scene(thread(1), thread(2)), review(fixed=(f"{1:016x}",)))
    assert ([one.id for one in made.fixed], made.before) == (["T1"], 1)


@pytest.mark.parametrize(
    "touched",
    [
        thread(1, resolved=True),
        thread(1, replies=[("eve", "hm?")]),
        thread(1, replies=[("ann", "won't fix")]),
        thread(1, HEAD),
    ],
)
def test_a_thread_that_a_person_touched_or_that_is_of_this_commit_is_left_alone(touched):
    assert plan(scene(touched), review(fixed=(touched.fingerprint,))).fixed == ()


@pytest.mark.parametrize("replies", [[("ann", "good catch")], [("eve", "Done."), ("ann", "Fixed in the last commit.")]])
def test_who_took_a_finding_up_did_not_object_to_its_end(replies):
    taken = thread(1, replies=replies)
    assert plan(scene(taken), review(fixed=(taken.fingerprint,))).fixed == (taken,)


@pytest.mark.parametrize("resolved", [True, False])
def test_what_was_fixed_and_comes_back_is_told_anew(resolved):
    made = plan(scene(thread(1, resolved=resolved, fixed=True)), review(finding(1)))
    assert (inline(made), made.standing, made.before) == ([1], (), 0)


def test_what_came_back_is_told_once():
    made = plan(scene(thread(1, resolved=True, fixed=True), thread(1, HEAD)), review(finding(1)))
    assert (inline(made), lines(made.standing)) == ([], [1])


def test_what_was_fixed_and_then_declined_is_not_told_anew():
    declined = thread(1, fixed=True, replies=[("ann", "this is not a bug")])
    made = plan(scene(declined), review(finding(1)))
    assert (made.inline, made.listed) == ((), ())


def test_what_was_fixed_takes_no_room_and_is_not_counted_as_open():
    made = plan(scene(thread(1, fixed=True)), review(finding(2)), most=1)
    assert (inline(made), made.before) == ([2], 0)


def test_a_thread_that_says_so_and_is_not_resolved_yet_is_still_to_be_resolved():
    half = thread(1, fixed=True)
    assert plan(scene(half), review(fixed=(half.fingerprint,))).fixed == (half,)


def test_what_was_found_again_is_not_fixed():
    assert plan(scene(thread(1)), review(finding(1), fixed=(f"{1:016x}",))).fixed == ()


def test_what_is_fixed_makes_room():
    made = plan(scene(thread(1)), review(finding(2), fixed=(f"{1:016x}",)), most=1)
    assert inline(made) == [2]


# --- rows of the last summary -------------------------------------------------------------------------------

ROWS = (finding(1, Severity.LOW), finding(2))


@pytest.mark.parametrize("narrow", [{"since": OLD}, {"state": "partial"}, {"state": "failed"}])
def test_rows_stand_where_a_review_did_not_look_at_everything(narrow):
    made = plan(scene(), review(**narrow), rows=ROWS)
    assert (lines(made.listed), lines(made.carried)) == ([], [1, 2])


def test_a_review_of_everything_has_the_last_word():
    assert plan(scene(), review(), rows=ROWS).carried == ()


def test_a_row_goes_where_its_finding_is_found_again_or_has_a_thread():
    made = plan(scene(thread(2)), review(finding(1), since=OLD), rows=ROWS)
    assert (inline(made), made.carried) == ([1], ())


# --- a branch that moved on ---------------------------------------------------------------------------------


def test_a_closed_pull_request_gets_nothing():
    assert "closed" in too_late(scene(open=False), review(finding(1)))


def test_a_review_of_uncommitted_files_belongs_to_no_pull_request():
    assert "not committed" in too_late(scene(), review(head=""))


def test_a_review_that_a_later_one_overtook_is_not_posted():
    assert "later" in too_late(scene(reviewed=Reviewed(HEAD, 2)), review(head=OLD))
    assert too_late(scene(reviewed=Reviewed(OLD, 2)), review(head=OLD)) == ""
    assert too_late(scene(reviewed=Reviewed(HEAD, 2)), review()) == ""


def test_after_a_push_findings_are_placed_where_their_code_is_now():
    moved = dataclasses.replace(finding(3), first=5, last=5, citations=(Citation("a.py", 5, CODE[2]),))
    gone = dataclasses.replace(finding(4), citations=(Citation("a.py", 4, "    something_else()"),))
    unsure = dataclasses.replace(finding(6), citations=())
    made = plan(scene(), review(moved, gone, unsure, head=OLD))
    assert inline(made) == [3]
    assert lines(made.listed) == [4, 6]
    assert made.reviewed == Reviewed(OLD, 1)


# --- always -------------------------------------------------------------------------------------------------

SOME = st.lists(st.builds(finding, st.integers(1, 25), st.sampled_from(Severity)), max_size=12)
THREADS = st.lists(
    st.builds(
        thread,
        st.integers(1, 25),
        st.sampled_from([HEAD, OLD]),
        resolved=st.booleans(),
        outdated=st.booleans(),
        replies=st.sampled_from([(), (("ann", "won't fix"),), (("ann", "hm"),)]),
        fixed=st.booleans(),
    ),
    max_size=8,
    unique_by=lambda one: one.fingerprint,
)


@given(
    SOME, THREADS, st.integers(-1, 6), st.sampled_from([None, Reviewed(OLD, 1), Reviewed(OLD, 5), Reviewed(HEAD, 3)])
)
def test_there_are_never_more_comments_than_wanted_and_none_is_lost(findings, threads, most, reviewed):
    at = scene(*threads, reviewed=reviewed)
    what = review(*findings)
    made = plan(at, what, most)
    open_ones = [one for one in threads if one.line and not (settled(one) or one.fixed)]
    assert len(made.inline) <= max(0, most - len(open_ones))
    told = [*(one for one, _ in made.inline), *made.standing, *made.listed]
    prints = [one.fingerprint for one in told]
    assert len(prints) == len(set(prints))
    quiet = {one.fingerprint for one in threads if settled(one)}
    assert {one.fingerprint for one in findings} == set(prints) | (quiet & {one.fingerprint for one in findings})
    done = [
        dataclasses.replace(thread(1, HEAD), id=f"N{n}", fingerprint=one.fingerprint)
        for n, (one, _) in enumerate(made.inline)
    ]
    again = plan(dataclasses.replace(at, threads=(*threads, *done)), what, most)
    assert again.inline == ()
    assert again.listed == made.listed
