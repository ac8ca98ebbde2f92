"""The fake GitLab itself: positions as GitLab takes them, versions of diffs as pushes make them, and its refusals."""

import hashlib

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes.forge import gitlab_positions
from tests.fakes.forge.gitlab import GitLab, too_many
from tests.fakes.forge.repository import Blob

PROJECT = "/projects/acme%2Ftools%2Fshop"
REQUEST = f"{PROJECT}/merge_requests/1"
LINES = [b"line %d\n" % number for number in range(1, 41)]
NO_LINE = '400 Bad request - Note {:line_code=>["can\'t be blank", "must be a valid line code"]}'
NAME = hashlib.sha1(b"a.py").hexdigest()


@pytest.fixture
def forge(tmp_path):
    with GitLab(tmp_path) as gitlab:
        gitlab.commit("main", {"a.py": b"".join(LINES), "old.py": b"".join(LINES), "gone.py": b"x\n"})
        changed = [*LINES]
        changed[2:4] = [b"three\n", b"four\n", b"and a half\n"]
        gitlab.commit("topic", {"a.py": b"".join(changed), "gone.py": None, "pic": b"\0\2", "old.py": None})
        gitlab.commit("topic", {"moved.py": b"".join(LINES), "run.sh": Blob(b"#!/bin/sh\n", "100755"), "empty": b""})
        yield gitlab


@pytest.fixture
def request_(forge):
    return forge.open("A title", "A description", head="topic")


def ask(forge, method, path, token=None, **more):
    given_token = forge.bot() if token is None else token
    headers = {"PRIVATE-TOKEN": given_token} if given_token else {}
    return httpx2.request(method, f"{forge.url}/api/v4{path}", headers=headers, verify=False, **more)


def comment(forge, token=None, **position):
    refs = ask(forge, "GET", REQUEST).json()["diff_refs"]
    text = {"position_type": "text", "old_path": "a.py", "new_path": "a.py"}
    asked = {"body": "hm", "position": {**refs, **text, **position}}
    return ask(forge, "POST", f"{REQUEST}/discussions", token, json=asked)


# --- diffs and positions ------------------------------------------------------------------------------------


def test_files_are_listed_with_both_names_and_their_lines(forge, request_):
    forge.state.collapsed_lines = 10
    files = {file["new_path"]: file for file in ask(forge, "GET", f"{REQUEST}/diffs").json()}
    assert files["a.py"]["diff"] == ""
    assert files["a.py"]["collapsed"]
    assert files["gone.py"]["diff"] == "@@ -1 +0,0 @@\n-x\n"
    assert (files["gone.py"]["deleted_file"], files["gone.py"]["b_mode"]) == (True, "0")
    assert (files["moved.py"]["old_path"], files["moved.py"]["renamed_file"]) == ("old.py", True)
    assert files["pic"]["diff"] == "Binary files a/pic and b/pic differ\n"
    assert (files["empty"]["diff"], files["run.sh"]["b_mode"]) == ("", "100755")
    forge.state.patch_lines = 5
    assert [file["too_large"] for file in ask(forge, "GET", f"{REQUEST}/diffs").json()].count(True) == 1


@pytest.mark.parametrize(
    "position",
    [
        {"new_line": 3},
        {"old_line": 4},
        {"old_line": 5, "new_line": 6},
        {"old_path": "gone.py", "new_path": "gone.py", "old_line": 1},
        {"old_path": "run.sh", "new_path": "run.sh", "new_line": 1},
        {"position_type": "file", "old_path": "old.py", "new_path": "moved.py"},
    ],
)
def test_a_line_is_named_by_the_sides_that_have_it(forge, request_, position):
    answer = comment(forge, **position)
    assert answer.status_code == 201
    assert answer.json()["notes"][0]["type"] == "DiffNote"
    assert len(forge.discussions(request_, at_lines=True)) == 1


@pytest.mark.parametrize(
    ("position", "said"),
    [
        ({"new_line": 6}, NO_LINE),
        ({"new_line": 30}, NO_LINE),
        ({"old_line": 30, "new_line": 31}, NO_LINE),
        ({"old_line": 6, "new_line": 6}, NO_LINE),
        ({"old_line": 3, "new_line": 3}, NO_LINE),
        ({"new_line": 3, "old_path": None}, NO_LINE),
        ({"new_line": 1, "old_path": "moved.py", "new_path": "moved.py"}, NO_LINE),
        ({"new_line": 3, "base_sha": "0" * 40}, NO_LINE),
        ({"new_line": 3, "start_sha": "0" * 40}, NO_LINE),
        ({}, NO_LINE[:-1] + ', :position=>["is incomplete"]}'),
        ({"new_line": 3, "head_sha": None}, "position[head_sha] is missing"),
        ({"new_line": 3, "position_type": "line"}, "position[position_type] does not have a valid value"),
    ],
)
def test_a_position_that_names_no_line_is_refused(forge, request_, position, said):
    answer = comment(forge, **position)
    assert answer.status_code == 400
    assert said in answer.json().values()
    assert not forge.discussions(request_)


def reach(start, end, first="new", last="new", **more):
    return {"start": {"line_code": start, "type": first, **more}, "end": {"line_code": end, "type": last}}


@pytest.mark.parametrize(
    ("line_range", "fine"),
    [
        (reach(f"{NAME}_5_3", f"{NAME}_5_5"), True),
        (reach(f"{NAME}_2_2", f"{NAME}_5_5", first="old"), True),
        (reach(f"{NAME}_0_3", f"{NAME}_0_5"), False),
        (reach(f"{NAME}_5_5", f"{NAME}_5_3"), False),
        (reach(f"{NAME}_5_3", f"{NAME}_5_5", first="old"), False),
        (reach(f"{NAME}_5_3", f"{NAME}_5_5", new_line=3), False),
        (reach("", f"{NAME}_5_5"), False),
        ({"start": {}}, False),
    ],
)
def test_a_range_is_named_by_the_codes_of_its_ends(forge, request_, line_range, fine):
    assert comment(forge, new_line=5, line_range=line_range).status_code == (201 if fine else 400)


def test_a_form_says_the_same_as_json(forge, request_):
    refs = ask(forge, "GET", REQUEST).json()["diff_refs"]
    named = {**refs, "position_type": "text", "old_path": "a.py", "new_path": "a.py", "new_line": "3"}
    form = {"body": "hm", **{f"position[{name}]": value for name, value in named.items()}}
    assert ask(forge, "POST", f"{REQUEST}/discussions", data=form).status_code == 201


lines = st.lists(st.sampled_from(["a", "b", "c\r", ""]), max_size=10).map(lambda each: "\n".join(each).encode())


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(old=lines, new=lines)
def test_exactly_the_lines_that_git_shows_take_a_comment(tmp_path_factory, old, new):
    forge = GitLab(tmp_path_factory.mktemp("positions"))
    forge.commit("main", {"f": old, "g": b"1\n"})
    forge.commit("topic", {"f": new, "g": b"2\n"})
    pull = forge.open("A title", head="topic")
    refs = {**forge.state.version(pull).refs(), "position_type": "text", "old_path": "f", "new_path": "f"}
    shown = forge.bare.git("diff", "-U3", "main", "topic", "--", "f").decode()
    taken, before, after = 0, [b"", *old.split(b"\n")], [b"", *new.split(b"\n")]
    for left in range(len(before)):
        for right in range(len(after)):
            position = {**refs, "old_line": left or None, "new_line": right or None}
            if not gitlab_positions.fault(forge.state, pull.number, position):
                taken += 1
                assert not (left and right) or before[left] == after[right]
    hunks = shown.split("\n@@ ")[1:]
    assert taken == sum(line[:1] in ("+", "-", " ") for hunk in hunks for line in hunk.split("\n")[1:] if line)


# --- pushes -------------------------------------------------------------------------------------------------


def test_a_push_moves_positions_or_leaves_them_behind(forge, request_):
    comment(forge, new_line=3)
    comment(forge, new_line=4)
    comment(forge, old_line=3)
    before, text = request_.head, forge.bare.read(request_.head, "a.py") or b""
    forge.push("topic", {"a.py": b"a new first line\n" + text.replace(b"four\n", b"4\n")})
    told = [one["notes"][0].get("position") for one in ask(forge, "GET", f"{REQUEST}/discussions").json()]
    assert [(one["new_line"], one["head_sha"] == request_.head) for one in told[:2]] == [(4, True), (4, False)]
    assert told[1]["head_sha"] == before
    assert (told[2]["old_line"], told[2]["head_sha"]) == (3, request_.head)


def test_every_push_makes_a_version_and_an_older_one_still_takes_comments(forge, request_):
    first = ask(forge, "GET", REQUEST).json()["diff_refs"]
    forge.push("topic", {"b.py": b"1\n"})
    versions = ask(forge, "GET", f"{REQUEST}/versions").json()
    assert [one["head_commit_sha"] for one in versions] == [request_.head, first["head_sha"]]
    assert comment(forge, **first, new_line=3).status_code == 201
    mixed = {**first, "head_sha": request_.head, "start_sha": first["start_sha"], "base_sha": request_.head}
    assert comment(forge, **mixed, new_line=3).status_code == 400
    assert any(note["system"] for note in ask(forge, "GET", f"{REQUEST}/notes").json())


def test_a_diff_that_is_being_prepared_has_no_refs(forge, request_):
    forge.prepare(request_, done=False)
    told = ask(forge, "GET", REQUEST).json()
    assert (told["diff_refs"], told["detailed_merge_status"]) == (None, "preparing")
    assert ask(forge, "GET", f"{REQUEST}/diffs").json() == []
    forge.prepare(request_)
    assert ask(forge, "GET", REQUEST).json()["diff_refs"]["head_sha"] == request_.head


# --- discussions, people and tokens -------------------------------------------------------------------------


def test_discussions_are_answered_and_resolved_by_those_who_may(forge, request_):
    comment(forge, new_line=3)
    (discussion,) = forge.discussions(request_)
    url = f"{REQUEST}/discussions/{discussion.id}"
    forge.person("eve", 10)
    assert ask(forge, "POST", f"{url}/notes", forge.user("eve"), json={"body": "Why?"}).status_code == 201
    assert ask(forge, "PUT", f"{url}?resolved=true", forge.user("eve")).status_code == 403
    told = ask(forge, "PUT", url, forge.user("ann"), json={"resolved": True}).json()
    assert [note["resolved"] for note in told["notes"]] == [True, True]
    assert told["notes"][0]["resolved_by"]["username"] == "ann"
    assert not ask(forge, "PUT", f"{url}?resolved=false").json()["notes"][0]["resolved"]


def test_a_plain_note_is_no_thread_until_somebody_answers(forge, request_):
    note = ask(forge, "POST", f"{REQUEST}/notes", json={"body": "Summary"}).json()
    (discussion,) = forge.discussions(request_)
    assert (note["type"], note["resolvable"], discussion.single) == (None, False, True)
    assert ask(forge, "PUT", f"{REQUEST}/discussions/{discussion.id}?resolved=true").status_code == 403
    forge.reply(discussion, "ann", "Thanks")
    assert ask(forge, "GET", f"{REQUEST}/discussions/{discussion.id}").json()["individual_note"] is False


def test_nobody_changes_the_note_of_another(forge, request_):
    said = forge.say(request_, "ann", "Thanks").first
    url = f"{REQUEST}/notes/{said.id}"
    assert ask(forge, "PUT", url, json={"body": "x"}).status_code == 403
    assert ask(forge, "DELETE", url).status_code == 403
    assert ask(forge, "PUT", url, forge.user("ann"), json={"body": "Thank you"}).json()["body"] == "Thank you"
    assert ask(forge, "PUT", url, forge.user("ann"), json={"body": " "}).status_code == 400
    assert ask(forge, "DELETE", url, forge.user("ann")).status_code == 204
    assert not forge.discussions(request_)


def test_members_have_levels_and_strangers_none(forge):
    number = ask(forge, "GET", "/users?username=ann").json()[0]["id"]
    assert ask(forge, "GET", f"{PROJECT}/members/all/{number}").json()["access_level"] == 30
    stranger = ask(forge, "GET", "/users?username=eve").json()[0]["id"]
    assert ask(forge, "GET", f"{PROJECT}/members/all/{stranger}").status_code == 404
    assert ask(forge, "GET", "/users?username=nobody").json() == []


def test_a_token_may_what_its_scope_says(forge, request_):
    reader = forge.user("ann", "read_api")
    assert ask(forge, "GET", REQUEST, reader).status_code == 200
    refused = ask(forge, "POST", f"{REQUEST}/notes", reader, json={"body": "x"})
    assert (refused.status_code, refused.json()["error"]) == (403, "insufficient_scope")
    assert ask(forge, "GET", REQUEST, "made-up").status_code == 401
    job = {"JOB-TOKEN": forge.user("job", "job")}
    assert httpx2.get(f"{forge.url}/api/v4{REQUEST}", headers=job).status_code == 401
    bearer = {"Authorization": f"Bearer {forge.bot()}"}
    assert httpx2.get(f"{forge.url}/api/v4/user", headers=bearer).json()["bot"]
    assert ask(forge, "POST", f"{REQUEST}/notes", "", json={"body": "x"}).status_code == 401


def test_what_is_private_is_not_there_for_strangers(tmp_path):
    with GitLab(tmp_path, private=True, below="/gitlab") as forge:
        forge.commit("main", {"a.py": b"1\n"})
        forge.commit("topic", {"a.py": b"2\n"})
        assert forge.open("A title", head="topic").url == f"{forge.host}/gitlab/acme/tools/shop/-/merge_requests/1"
        assert ask(forge, "GET", REQUEST, forge.user("eve")).status_code == 404
        assert ask(forge, "GET", REQUEST, "").json() == {"message": "404 Project Not Found"}
        assert ask(forge, "GET", REQUEST.replace("acme%2Ftools%2Fshop", "42")).status_code == 200


def test_approvals_are_kept_to_be_asserted_empty(forge, request_):
    assert forge.approvals == []
    ask(forge, "POST", f"{REQUEST}/approve")
    assert forge.approvals == ["project_42_bot_1f"]


def test_a_commit_has_statuses(forge, request_):
    url, asked = f"{PROJECT}/statuses/{request_.head}", {"state": "success", "name": "review", "description": "d"}
    assert ask(forge, "POST", url, json=asked).json()["status"] == "success"
    assert ask(forge, "POST", url, json={**asked, "state": "neutral"}).status_code == 400
    assert ask(forge, "POST", url, json={**asked, "description": "d" * 256}).status_code == 400
    assert [one.fields["name"] for one in forge.statuses(request_.head)] == ["review"]


# --- pages, limits and violations ---------------------------------------------------------------------------


def test_pages_are_counted_in_headers(forge, request_):
    for number in range(5):
        forge.say(request_, "ann", str(number))
    page, seen = "1", []
    while page:
        answer = ask(forge, "GET", f"{REQUEST}/discussions?per_page=2&page={page}")
        seen += [one["notes"][0]["body"] for one in answer.json()]
        page = answer.headers["X-Next-Page"]
    assert seen == [str(number) for number in range(5)]
    assert (answer.headers["X-Total"], answer.headers["X-Total-Pages"]) == ("5", "3")
    newest = ask(forge, "GET", f"{REQUEST}/notes?per_page=1")
    assert newest.json()[0]["body"] == "4"
    assert newest.links["next"]["url"].endswith("page=2&per_page=1")


def test_the_minutes_allowance_runs_out(forge):
    forge.remaining = 1
    assert ask(forge, "GET", PROJECT).headers["RateLimit-Remaining"] == "0"
    refused = ask(forge, "GET", PROJECT)
    assert (refused.status_code, refused.headers["Retry-After"], refused.text) == (429, "1", "Retry later\n")
    forge.remaining = 10
    forge.fail("GET", answer=too_many(3))
    assert [ask(forge, "GET", PROJECT).status_code for _ in range(2)] == [429, 200]


@pytest.mark.parametrize(
    ("method", "path", "asked"),
    [
        ("GET", f"{REQUEST}/discussions?perpage=2", None),
        ("POST", f"{REQUEST}/discussions", {"body": "x", "line": 3}),
        ("GET", f"{REQUEST}/threads", None),
        ("GET", "/projects/acme/tools/shop/merge_requests/1", None),
    ],
)
def test_what_gitlab_does_not_document_fails_the_test_that_asked(forge, request_, method, path, asked):
    ask(forge, method, path, **({"json": asked} if asked else {}))
    assert path.split("?")[0] in forge.violations[0]
    with pytest.raises(AssertionError):
        forge.__exit__(None)
    forge.violations.clear()
