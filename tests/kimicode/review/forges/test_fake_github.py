"""The fake GitHub itself: its diffs are git's, and comments land where GitHub would put them."""

import os
import subprocess

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kimicode.review import diff
from tests.fakes.forge.github import GitHub
from tests.fakes.forge.patches import pieces
from tests.fakes.forge.repository import Bare, Blob
from tests.fakes.forge.scene import LINES, ROOT, ask, at, changed, review
from tests.fakes.forge.sockets import Refused


@pytest.fixture
def forge(tmp_path):
    with changed(tmp_path) as github:
        yield github


@pytest.fixture
def pull(forge):
    return forge.open("A title", "A description", head="topic")


# --- diffs --------------------------------------------------------------------------------------------------


def test_files_are_listed_as_git_sees_them(forge, pull):
    files = {file["filename"]: file for file in ask(forge, "GET", f"{ROOT}/pulls/1/files").json()}
    told = {name: (file["status"], file["additions"], file["deletions"]) for name, file in files.items()}
    assert told == {
        "a.py": ("modified", 4, 3),
        "gone.py": ("removed", 0, 1),
        "pic": ("modified", 0, 0),
        "moved.py": ("renamed", 0, 0),
        "run.sh": ("added", 1, 0),
        "empty": ("added", 0, 0),
    }
    assert files["moved.py"]["previous_filename"] == "old.py"
    assert [name for name, file in files.items() if "patch" not in file] == ["empty", "moved.py", "pic"]
    assert files["a.py"]["patch"].startswith("@@ -1,7 +1,8 @@\n line 1\n")
    assert not files["a.py"]["patch"].endswith("\n")


def test_a_patch_that_is_too_long_is_left_out(forge, pull):
    forge.state.patch_lines = 5
    files = {file["filename"]: file for file in ask(forge, "GET", f"{ROOT}/pulls/1/files").json()}
    assert "patch" not in files["a.py"]
    assert "patch" in files["gone.py"]
    assert "must be part of the diff" in review(forge, at(3)).text


def test_modes_and_links_are_shown_as_far_as_git_shows_them(forge):
    files = {"a.py": Blob(b"old.py", "120000"), "old.py": Blob(b"".join(LINES), "100755")}
    forge.commit("kinds", files)
    pull = forge.open("Kinds", head="kinds")
    told = {file["filename"]: file for file in ask(forge, "GET", f"{ROOT}/pulls/{pull.number}/files").json()}
    seen = {name: (file["status"], "patch" in file) for name, file in told.items()}
    assert seen == {"a.py": ("changed", False), "old.py": ("modified", False)}


def test_a_very_long_file_is_no_trouble(forge):
    forge.commit("long", {"long.txt": b"".join(b"%d\n" % number for number in range(10_000))})
    pull = forge.open("Long", head="long")
    assert review(forge, at(10_000, path="long.txt", start_line=1)).status_code == 200
    assert forge.place(forge.threads(pull)[0]) == ("long.txt", 10_000)


def test_an_event_tells_a_workflow_of_the_pull_request(forge, pull):
    told = forge.event(pull, "opened")
    assert (told["action"], told["pull_request"]["head"]["sha"]) == ("opened", pull.head)
    assert (told["sender"]["login"], told["repository"]["full_name"]) == ("ann", "acme/shop")


WORDS = [b"a", b"b", b"b\r", b"", b"-- x", b"@@ -1 +1 @@", b"diff --git", b"\\ No"]
texts = st.lists(st.sampled_from(WORDS), max_size=12)
ends = st.sampled_from([b"", b"\n"])


@st.composite
def contents(draw):
    lines = draw(texts)
    return b"\n".join(lines) + (draw(ends) if lines and lines[-1] else b"\n" if lines else b"")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(old=contents(), new=contents())
def test_patches_with_their_heads_put_back_apply_in_git(tmp_path_factory, old, new):
    folder = tmp_path_factory.mktemp("applied")
    bare = Bare(folder / "x.git")
    name = 'a "b"\n.py'
    base = bare.commit("refs/heads/main", {name: old, "other": b"1\n"}, message="m", author="ann")
    head = bare.commit("refs/heads/main", {name: new, "other": b"2\n"}, message="m", author="ann")
    patches = {delta.path: delta.patch for delta in bare.diff(base, head)}
    assert (name in patches) == (old != new)
    (folder / "file").write_bytes(old)
    if old != new:
        text = f"--- a/file\n+++ b/file\n{patches[name]}\n"
        command = ["git", "apply", "--whitespace=nowarn", "-"]
        subprocess.run(command, cwd=folder, input=text.encode(), check=True, env={**os.environ, "GIT_DIR": "none"})
    assert (folder / "file").read_bytes() == new


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(old=contents(), new=contents())
def test_every_shown_line_and_every_moved_one_is_the_line_it_says(tmp_path_factory, old, new):
    bare = Bare(tmp_path_factory.mktemp("lines") / "x.git")
    base = bare.commit("refs/heads/main", {"f": old, "other": b"1\n"}, message="m", author="ann")
    head = bare.commit("refs/heads/main", {"f": new, "other": b"2\n"}, message="m", author="ann")
    before, after = ([b"", *data.split(b"\n")] for data in (old, new))
    patch = next((delta.patch for delta in bare.diff(base, head) if delta.path == "f"), "")
    for row in (row for piece in pieces(patch) for row in piece.rows):
        assert (row.left == 0) == (row.kind == "+")
        assert (row.right == 0) == (row.kind == "-")
        assert not row.left or before[row.left] == row.text.encode()
        assert not row.right or after[row.right] == row.text.encode()
    for number in range(1, len(before) - (old[-1:] in (b"", b"\n"))):
        moved = bare.moved(base, head, "f", number)
        assert moved is None or before[number] == after[moved[1]]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(old=contents(), new=contents())
def test_the_products_reader_of_patches_and_the_fakes_agree(tmp_path_factory, old, new):
    bare = Bare(tmp_path_factory.mktemp("agree") / "x.git")
    base = bare.commit("refs/heads/main", {"f": old, "g": b"1"}, message="m", author="ann")
    head = bare.commit("refs/heads/main", {"f": new, "g": None}, message="m", author="ann")
    whole = {file.path: file.hunks for file in diff.parse(bare.text(base, head))}
    for delta in bare.diff(base, head):
        shown = [one.rows for one in pieces(delta.patch or "")]
        seen = [[(row.kind, row.left, row.right, row.text.removesuffix("\r")) for row in rows] for rows in shown]
        for hunks in (diff.hunks(delta.patch or ""), whole[delta.path]):
            assert [[(line.kind, line.old, line.new, line.text) for line in hunk.lines] for hunk in hunks] == seen


def test_the_whole_diff_is_gits_unless_there_are_too_many_files(forge, pull):
    accept = {"Accept": "application/vnd.github.diff"}
    whole = ask(forge, "GET", f"{ROOT}/pulls/1", headers=accept)
    assert whole.content == forge.bare.git("diff", "-M", "--full-index", f"{pull.merge_base}", pull.head)
    forge.state.diff_files = 3
    refused = ask(forge, "GET", f"{ROOT}/pulls/1", headers=accept)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (406, "too_large")


def test_a_comparison_begins_where_the_branches_parted(forge, pull):
    forge.commit("main", {"new_on_main.py": b"1\n"})
    told = ask(forge, "GET", f"{ROOT}/compare/main...topic").json()
    assert (told["status"], told["ahead_by"], told["behind_by"]) == ("diverged", 2, 1)
    assert told["merge_base_commit"]["sha"] == pull.merge_base
    assert "new_on_main.py" not in {file["filename"] for file in told["files"]}


# --- reviews ------------------------------------------------------------------------------------------------

NOT_IN_DIFF = "Pull request review thread line must be part of the diff"
OTHER_HUNK = "Pull request review thread start line must be part of the same hunk as the line."
NO_HUNK = "Pull request review thread diff hunk can't be blank"


@pytest.mark.parametrize(
    ("comment", "errors"),
    [
        (at(20), [f"{NOT_IN_DIFF} and {NO_HUNK}"]),
        (at(4, side="LEFT", start_line=20), ["Pull request review thread start line must precede the end line."]),
        (at(9, side="LEFT", path="gone.py"), [f"{NOT_IN_DIFF} and {NO_HUNK}"]),
        (at(2, side="RIGHT", path="gone.py"), [f"{NOT_IN_DIFF} and {NO_HUNK}"]),
        (at(4, start_line=4), ["Pull request review thread start line must precede the end line."]),
        (at(4, start_line=5), ["Pull request review thread start line must precede the end line."]),
        (at(32, start_line=4), [OTHER_HUNK]),
        (at(20, start_line=4), [f"{NOT_IN_DIFF}, {OTHER_HUNK}, and {NO_HUNK}"]),
        (at(3, side="LEFT", start_line=5, start_side="RIGHT"), [OTHER_HUNK]),
        (at(1, path="moved.py"), [f"{NOT_IN_DIFF} and {NO_HUNK}"]),
        (at(1, path="pic"), [f"{NOT_IN_DIFF} and {NO_HUNK}"]),
        (at(1, path="old.py"), ["Path could not be resolved"]),
        (at(1, path="no.py"), ["Path could not be resolved"]),
        (at(3) | {"body": "x" * 65_537}, ["Body is too long (maximum is 65536 characters)"]),
    ],
)
def test_one_bad_comment_refuses_the_whole_review(forge, pull, comment, errors):
    answer = review(forge, at(3), comment)
    assert (answer.status_code, answer.json()["message"]) == (422, "Unprocessable Entity")
    assert answer.json()["errors"] == errors
    assert not forge.threads(pull)
    assert not forge.reviews(pull)


@pytest.mark.parametrize(
    ("comment", "place"),
    [
        (at(3), ("RIGHT", 3, 3)),
        (at(1), ("RIGHT", 1, 1)),
        (at(5, start_line=3), ("RIGHT", 5, 3)),
        (at(4, side="LEFT", start_line=3), ("LEFT", 4, 3)),
        (at(4, start_line=3, start_side="LEFT", side="RIGHT"), ("RIGHT", 4, 3)),
        (at(1, path="gone.py", side="LEFT"), ("LEFT", 1, 1)),
    ],
)
def test_comments_land_on_the_line_that_they_name(forge, pull, comment, place):
    assert review(forge, comment).status_code == 200
    first = forge.threads(pull)[0].first
    assert (first.side, first.line, first.start_line) == place
    kept = forge.bare.read(pull.head if first.side == "RIGHT" else pull.merge_base, first.path) or b""
    assert first.hunk.splitlines()[-1][1:] == kept.decode().splitlines()[first.line - 1]


def test_a_position_counts_lines_of_the_patch_with_its_later_heads(forge, pull):
    patch = ask(forge, "GET", f"{ROOT}/pulls/1/files").json()[0]["patch"].splitlines()
    position = patch.index("+thirty")
    assert review(forge, {"path": "a.py", "position": position, "body": "hm"}).status_code == 200
    assert forge.threads(pull)[0].first.line == 31
    beyond = review(forge, {"path": "a.py", "position": len(patch), "body": "hm"})
    assert beyond.json()["errors"] == [f"Pull request review thread position is invalid and {NO_HUNK}"]


def test_a_review_without_an_event_waits_unseen_and_there_is_one(forge, pull):
    token = forge.actions()
    pending = {"body": "Later", "comments": [at(3)]}
    assert ask(forge, "POST", f"{ROOT}/pulls/1/reviews", token, json=pending).json()["state"] == "PENDING"
    again = ask(forge, "POST", f"{ROOT}/pulls/1/reviews", token, json=pending)
    assert again.json()["errors"] == ["User can only have one pending review per pull request"]
    assert ask(forge, "GET", f"{ROOT}/pulls/1/comments", token).json() == []
    assert [len(ask(forge, "GET", f"{ROOT}/pulls/1/reviews", who).json()) for who in (token, forge.user("ann"))] == [
        1,
        0,
    ]


def test_a_review_that_says_nothing_is_refused(forge, pull):
    assert review(forge, at(3), body="").json()["errors"] == ["Body can't be blank"]


def test_a_review_of_very_many_comments_is_too_much_at_once(forge, pull):
    refused = review(forge, *[at(3)] * 31)
    assert (refused.status_code, refused.headers["Retry-After"]) == (403, "60")
    assert not forge.threads(pull)
    assert review(forge, *[at(3)] * 30).status_code == 200


def test_verdicts_are_kept_and_workflow_runs_may_not_approve(forge, pull):
    refused = review(forge, event="APPROVE")
    assert refused.json()["errors"] == ["GitHub Actions is not permitted to approve pull requests."]
    own = review(forge, event="APPROVE", token=forge.user("ann"))
    assert own.json()["errors"] == ["Can not approve your own pull request"]
    assert not forge.verdicts
    forge.person("bob", "write")
    assert review(forge, event="REQUEST_CHANGES", token=forge.user("bob")).status_code == 200
    assert [one.login for one in forge.verdicts] == ["bob"]


def test_a_single_comment_is_refused_in_fields_and_not_in_sentences(forge, pull):
    asked = {**at(20), "commit_id": pull.head}
    refused = ask(forge, "POST", f"{ROOT}/pulls/1/comments", json=asked)
    assert refused.json()["message"] == "Validation Failed"
    assert refused.json()["errors"][0]["field"] == "pull_request_review_thread.line"
    stranger = ask(forge, "POST", f"{ROOT}/pulls/1/comments", json={**at(3), "commit_id": pull.base})
    assert stranger.json()["errors"][0]["message"] == "commit_id is not part of the pull request"
    whole_file = {"path": "pic", "subject_type": "file", "body": "hm", "commit_id": pull.head}
    assert ask(forge, "POST", f"{ROOT}/pulls/1/comments", json=whole_file).json()["subject_type"] == "file"


def test_answers_go_to_the_first_comment_of_a_thread_alone(forge, pull):
    review(forge, at(3))
    (thread,) = forge.threads(pull)
    url = f"{ROOT}/pulls/1/comments/{{}}/replies"
    answered = ask(forge, "POST", url.format(thread.first.id), json={"body": "Why?"})
    assert answered.json()["in_reply_to_id"] == thread.first.id
    assert ask(forge, "POST", url.format(answered.json()["id"]), json={"body": "Why?"}).status_code == 404


def test_a_push_moves_lines_or_makes_them_outdated(forge, pull):
    review(forge, at(3), at(31))
    first, second = forge.threads(pull)
    text = forge.bare.read(pull.head, "a.py") or b""
    forge.push("topic", {"a.py": b"a new first line\n" + text.replace(b"thirty\n", b"30\n")})
    assert forge.place(first) == ("a.py", 4)
    assert forge.place(second) is None
    told = ask(forge, "GET", f"{ROOT}/pulls/1/comments").json()
    assert [(one["line"], one["original_line"]) for one in told] == [(4, 3), (None, 31)]
    forge.push("topic", {"a.py": None, "b.py": b"a new first line\n" + text})
    assert forge.place(first) == ("b.py", 4)


def test_a_line_that_the_diff_no_longer_shows_is_outdated(forge, pull):
    review(forge, at(6))
    text = b"".join(LINES).replace(b"line 40\n", b"forty\n")
    forge.push("topic", {"a.py": text})
    assert forge.place(forge.threads(pull)[0]) is None


# --- repositories, forks and servers ------------------------------------------------------------------------


def test_a_real_clone_can_push_and_the_pull_request_follows(forge, pull, tmp_path):
    clone, before = tmp_path / "clone", pull.head
    git = ["git", "-c", "user.name=ann", "-c", "user.email=a@example.invalid", "-C", str(clone)]
    subprocess.run(["git", "clone", "-q", "-b", "topic", str(forge.bare.path), str(clone)], check=True)
    subprocess.run([*git, "fetch", "-q", "origin", "refs/pull/1/head"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "More"], check=True)
    subprocess.run([*git, "push", "-q", "origin", "topic"], check=True)
    assert pull.head != before
    assert ask(forge, "GET", f"{ROOT}/git/ref/pull/1/head").json()["object"]["sha"] == pull.head
    assert [one["commit"]["message"] for one in ask(forge, "GET", f"{ROOT}/pulls/1/commits").json()][-1] == "More"


def test_what_a_branch_merged_from_its_base_is_no_part_of_the_change(forge, pull):
    review(forge, at(3))
    forge.commit("main", {"new_on_main.py": b"1\n"})
    before = [file["filename"] for file in ask(forge, "GET", f"{ROOT}/pulls/1/files").json()]
    merged = forge.merge("main", into="topic")
    assert (pull.head, pull.merge_base) == (merged, pull.base)
    assert [file["filename"] for file in ask(forge, "GET", f"{ROOT}/pulls/1/files").json()] == before
    assert forge.place(forge.threads(pull)[0]) == ("a.py", 3)


def test_a_rewritten_branch_keeps_the_comments_on_lines_that_are_left(forge, pull):
    review(forge, at(3), at(31))
    forge.force_push("topic", {"a.py": b"".join([*LINES[:2], b"three\n", *LINES[3:]])})
    assert [forge.place(thread) for thread in forge.threads(pull)] == [("a.py", 3), None]


def test_a_fork_is_a_repository_of_somebody_else(forge):
    forge.commit("topic", {"a.py": b"theirs\n"}, fork="eve")
    pull = forge.open("From outside", head="topic", author="eve", fork="eve", draft=True)
    told = ask(forge, "GET", f"{ROOT}/pulls/{pull.number}").json()
    assert (told["head"]["label"], told["head"]["repo"]["full_name"]) == ("eve:topic", "eve/shop")
    assert (told["head"]["repo"]["fork"], told["base"]["repo"]["full_name"]) == (True, "acme/shop")
    assert (told["draft"], told["author_association"], told["changed_files"]) == (True, "NONE", 1)


def test_an_enterprise_server_has_paths_of_its_own(tmp_path):
    with GitHub(tmp_path, enterprise=True) as forge:
        forge.commit("main", {"a.py": b"1\n"})
        assert forge.environ()["GITHUB_API_URL"] == f"{forge.url}/api/v3"
        assert ask(forge, "GET", ROOT).json()["url"] == f"{forge.url}/api/v3{ROOT}"
        asked = {"query": "query { viewer { login } }"}
        url, headers = f"{forge.url}/api/graphql", {"Authorization": f"Bearer {forge.user('ann')}"}
        assert httpx2.post(url, json=asked, headers=headers).json() == {"data": {"viewer": {"login": "ann"}}}
        assert httpx2.get(forge.url + ROOT).status_code == 404
        assert "nothing is here" in forge.violations.pop()


def test_people_are_held_to_the_same_rules(forge, pull):
    assert forge.remark(pull, "ann", "a.py", 3, "Why?").first.login == "ann"
    with pytest.raises(Refused):
        forge.remark(pull, "ann", "a.py", 20, "Why?")


def test_what_breaks_inside_the_fake_is_not_lost(tmp_path):
    forge = GitHub(tmp_path).__enter__()
    forge.open("Nothing was ever committed", head="topic")
    with pytest.raises(httpx2.TransportError):
        ask(forge, "GET", f"{ROOT}/pulls/1")
    with pytest.raises(AssertionError, match="the fake broke"):
        forge.__exit__(None)
