"""After a push, what the new commits touched is read again, and nothing else."""

from kimicode.review.since import narrowed
from kimicode.review.source import of_range
from tests.fakes.reviewed import committed, git, repository

LONG = "".join(f"line{number} = {number}\n" for number in range(1, 101))


def with_line(text, number, new):
    lines = text.splitlines(keepends=True)
    lines[number - 1] = new
    return "".join(lines)


def paths(source):
    return [file.path for file in source.change.files]


def test_only_hunks_that_later_commits_touched_are_left(tmp_path):
    base = committed(tmp_path, {"a.py": LONG, "b.py": LONG})
    first = with_line(LONG, 10, "ten = 10\n")
    since = committed(tmp_path, {"a.py": first, "b.py": first})
    committed(tmp_path, {"a.py": with_line(first, 90, "ninety = 90\n")})
    left = narrowed(of_range(repository(tmp_path), f"{base}..HEAD"), since)
    assert paths(left) == ["a.py"]
    (hunk,) = left.change.files[0].hunks
    assert hunk.holds("new", 90)
    assert left.change.base == base


def test_lines_that_were_taken_out_again_leave_nothing_to_read(tmp_path):
    base = committed(tmp_path, {"a.py": LONG})
    since = committed(tmp_path, {"a.py": LONG + "more = 1\n"})
    committed(tmp_path, {"a.py": LONG + "", "b.py": "b = 1\n"})
    assert paths(narrowed(of_range(repository(tmp_path), f"{base}..HEAD"), since)) == ["b.py"]


def test_a_removal_next_to_an_earlier_change_is_read(tmp_path):
    base = committed(tmp_path, {"a.py": LONG})
    since = committed(tmp_path, {"a.py": with_line(LONG, 50, "fifty = 50\n")})
    committed(tmp_path, {"a.py": with_line(with_line(LONG, 50, "fifty = 50\n"), 51, "")})
    (file,) = narrowed(of_range(repository(tmp_path), f"{base}..HEAD"), since).change.files
    assert file.changed("old") == {50, 51}


def test_what_came_in_by_merging_the_base_is_not_the_pull_requests_own(tmp_path):
    base = committed(tmp_path, {"a.py": LONG, "b.py": LONG})
    git(tmp_path, "switch", "--quiet", "--create", "topic")
    since = committed(tmp_path, {"a.py": with_line(LONG, 10, "ten = 10\n")})
    git(tmp_path, "switch", "--quiet", "main")
    main = committed(tmp_path, {"b.py": with_line(LONG, 20, "twenty = 20\n")})
    git(tmp_path, "switch", "--quiet", "topic")
    git(tmp_path, "merge", "--quiet", "--no-edit", "main")
    committed(tmp_path, {"a.py": with_line(with_line(LONG, 10, "ten = 10\n"), 60, "sixty = 60\n")})
    left = narrowed(of_range(repository(tmp_path), f"{main}..HEAD"), since)
    assert paths(left) == ["a.py"]
    assert base != main
    assert left.change.files[0].changed("new") == {60}


def test_a_file_that_only_moved_stays_where_it_moved_since(tmp_path):
    base = committed(tmp_path, {"a.py": LONG})
    since = committed(tmp_path, {"x.py": "x = 1\n"})
    committed(tmp_path, {"a.py": None, "moved.py": LONG})
    assert paths(narrowed(of_range(repository(tmp_path), f"{base}..HEAD"), since)) == ["moved.py"]
