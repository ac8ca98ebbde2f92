"""The review set is what it says: large, varied, as published, and small enough to live in the repository."""

import re
from collections import Counter

import pytest

from kimicode.benchmarks.review_set import FOLDER, apply, digest, load, load_packages, spread
from kimicode.errors import UsageError
from kimicode.review import diff

CASES = load()
BUGS = [case for case in CASES if not case.harmless]
HARMLESS = [case for case in CASES if case.harmless]
PERMISSIVE = {"MIT", "BSD-3-Clause", "Apache-2.0", "Unlicense"}
MOST_BYTES = 1_500_000


def changed_lines(case):
    return sum(line.kind != " " for file in diff.parse(case.change.encode()) for line in file.lines())


def test_the_set_has_enough_bugs_and_enough_harmless_changes():
    assert len(BUGS) >= 60
    assert len(HARMLESS) >= 30


def test_every_kind_of_bug_and_both_languages_are_there():
    assert {case.category for case in BUGS} == {"correctness", "security", "concurrency", "api", "tests"}
    assert all(sum(case.category == kind for case in BUGS) >= 5 for kind in {case.category for case in BUGS})
    for cases in (BUGS, HARMLESS):
        assert sum(case.package.language == "javascript" for case in cases) >= 10
        assert sum(case.package.language == "python" for case in cases) >= 20


def test_few_bugs_are_single_changed_tokens():
    assert sum(case.mutation for case in BUGS) <= len(BUGS) / 3


def test_changes_have_the_size_of_what_people_review():
    sizes = sorted(len(case.change.splitlines()) for case in CASES)
    assert sizes[0] >= 10
    assert sizes[-1] <= 160
    assert sorted(changed_lines(case) for case in CASES)[len(CASES) // 2] >= 12


def test_both_halves_hold_about_half_of_each_kind():
    for cases in (BUGS, HARMLESS):
        dev = sum(case.half == "dev" for case in cases) / len(cases)
        assert 0.35 < dev < 0.65


def test_a_change_with_and_without_its_bug_stays_in_one_half():
    halves = {case.name: case.half for case in CASES}
    twins = [case for case in HARMLESS if case.name.endswith("-right")]
    assert len(twins) >= 10
    assert all(halves[case.name.removesuffix("-right")] == case.half for case in twins)


def test_the_authors_words_do_not_give_a_bug_away():
    hint = re.compile(r"\b(bugs?|mistakes?|vulnerab\w+|injected|seeded|todo|fixme)\b", re.IGNORECASE)
    for case in BUGS:
        added = [line.text for file in diff.parse(case.change.encode()) for line in file.lines() if line.kind == "+"]
        assert not hint.findall(" ".join([case.title, *added])), case.name


@pytest.mark.parametrize("package", load_packages(), ids=lambda package: package.name)
def test_a_package_is_as_published_and_comes_with_its_licence(package, tmp_path):
    package.unpack(tmp_path)
    assert package.licence in PERMISSIVE
    assert "LICENSE" in package.files
    assert {archive for archive, _, _ in package.files.values()} == set(package.archives)
    assert any(case.package.name == package.name for case in BUGS)


def test_a_package_that_somebody_edited_is_refused(tmp_path):
    package = load_packages()[0]
    name, (archive, member, _) = next(iter(package.files.items()))
    package.files[name] = (archive, member, "0" * 64)
    with pytest.raises(UsageError, match=f"{package.name} .* is not as published: {name}"):
        package.unpack(tmp_path)


def test_every_change_applies_and_its_bug_lies_in_lines_that_are_there(tmp_path):
    for case in CASES:
        folder = tmp_path / case.name
        folder.mkdir()
        case.package.unpack(folder)
        apply(case.change.encode(), folder)
        assert bool(case.places) is not case.harmless
        for place in case.places:
            lines = (folder / place.path).read_text("utf-8").splitlines()
            assert 1 <= place.first <= place.last <= len(lines), case.name
            assert place.span[0] <= place.first <= place.span[1] <= len(lines), case.name
            assert place.symbol in "\n".join(lines[place.span[0] - 1 : place.span[1]]), case.name


def test_a_patch_that_does_not_apply_is_refused_and_changes_nothing(tmp_path):
    (tmp_path / "a").write_text("1\n")
    with pytest.raises(UsageError, match="does not apply"):
        apply(b"--- a/a\n+++ b/a\n@@ -1 +1 @@\n-2\n+3\n", tmp_path)
    assert (tmp_path / "a").read_text() == "1\n"


def test_the_set_stays_small():
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < MOST_BYTES
    assert len(digest()) == 16


@pytest.mark.parametrize("most", [1, 7, 20, 1000])
def test_a_part_of_the_set_has_bugs_and_harmless_changes_in_proportion(most):
    chosen = spread(CASES, most)
    assert len({case.name for case in chosen}) == len(chosen) == min(most, len(CASES))
    share = len(HARMLESS) / len(CASES)
    assert abs(sum(case.harmless for case in chosen) - share * len(chosen)) <= 1
    assert chosen == spread(list(reversed(CASES)), most)


def test_cases_are_found_by_name_and_half():
    assert [case.name for case in load(["retry-jitter", "qs-merge-fast"])] == ["qs-merge-fast", "retry-jitter"]
    assert {case.half for case in load(half="test")} == {"test"}


def test_an_unknown_name_is_refused():
    with pytest.raises(UsageError, match="no such case: typo"):
        load(["retry-jitter", "typo"])


def test_the_readme_counts_right():
    text = " ".join((FOLDER.parent / "README.md").read_text("utf-8").split())
    packages, twins = load_packages(), [case for case in HARMLESS if case.name.endswith("-right")]
    python = sum(package.language == "python" for package in packages)
    kinds = Counter(case.category for case in BUGS)
    mutations = sum(case.mutation for case in BUGS)
    assert f"{len(BUGS)} changes with a bug and {len(HARMLESS)} harmless ones, to {len(packages)} published" in text
    assert f"{python} of Python, {len(packages) - python} of JavaScript" in text
    assert (
        f"{kinds['correctness']} are plain faults, {kinds['security']} open a hole, {kinds['concurrency']} are" in text
    )
    assert f"{kinds['tests']} are tests that cannot fail and {kinds['api']} misuse an interface; {mutations} of" in text
    assert f"{len(twins)} of the harmless ones are the same change done right" in text


def test_every_bug_can_be_commented_on_where_it_is():
    """One of its places lies in a hunk, or a forge would take no comment there."""
    for case in BUGS:
        hunks = [(file.path, hunk) for file in diff.parse(case.change.encode()) for hunk in file.hunks]
        places = [(place.path, place.first) for place in case.places]
        assert any(path == other and hunk.holds("new", line) for path, line in places for other, hunk in hunks), (
            case.name
        )
