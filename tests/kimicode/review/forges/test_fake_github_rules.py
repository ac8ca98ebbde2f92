"""The fake GitHub itself: who may do what, GraphQL, the contract, pages, limits and faults."""

import threading

import httpx2
import pytest

from tests.fakes.forge import contract
from tests.fakes.forge.github import GitHub
from tests.fakes.forge.scene import ROOT, ask, at, changed, review
from tests.fakes.forge.sockets import Answer, Request
from tests.fakes.forge.tokens import secondary_limit


@pytest.fixture
def forge(tmp_path):
    with changed(tmp_path) as github:
        yield github


@pytest.fixture
def pull(forge):
    return forge.open("A title", "A description", head="topic")


# --- GraphQL ------------------------------------------------------------------------------------------------

THREADS = """query($after: String) { viewer { login } repository(owner: "acme", name: "shop") {
  pullRequest(number: 1) { reviewThreads(first: 2, after: $after) { totalCount pageInfo { hasNextPage endCursor }
    nodes { id isResolved isOutdated line path resolvedBy { login }
      comments(first: 9) { nodes { body viewerDidAuthor author { __typename login } } } } }
} } }"""
RESOLVE = "mutation($id: ID!) { resolveReviewThread(input: {threadId: $id}) { thread { isResolved } } }"


def graph(forge, token, query, **variables):
    return ask(forge, "POST", "/graphql", token, json={"query": query, "variables": variables}).json()


def test_threads_are_read_page_by_page(forge, pull):
    token = forge.actions()
    review(forge, at(3), at(4), at(5), token=token)
    forge.reply(forge.threads(pull)[0], "ann", "no")
    forge.resolve(forge.threads(pull)[1], "ann")
    told = graph(forge, token, THREADS)["data"]
    page = told["repository"]["pullRequest"]["reviewThreads"]
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (3, True)
    assert [one["isResolved"] for one in page["nodes"]] == [False, True]
    said = page["nodes"][0]["comments"]["nodes"]
    assert [(one["author"]["login"], one["viewerDidAuthor"]) for one in said] == [
        ("github-actions", True),
        ("ann", False),
    ]
    assert said[0]["author"]["__typename"] == "Bot"
    assert told["viewer"]["login"] == "github-actions[bot]"
    rest = graph(forge, token, THREADS, after=page["pageInfo"]["endCursor"])["data"]["repository"]["pullRequest"]
    assert [one["line"] for one in rest["reviewThreads"]["nodes"]] == [5]


def test_resolving_needs_contents_to_write_or_a_person_who_may(forge, pull):
    review(forge, at(3))
    (thread,) = forge.threads(pull)
    forge.person("bob", "read")
    narrow = forge.actions(pull_requests="write", contents="read")
    refused = graph(forge, narrow, RESOLVE, id=thread.id)
    assert refused["data"] == {"resolveReviewThread": None}
    assert refused["errors"][0]["type"] == "FORBIDDEN"
    assert refused["errors"][0]["message"] == "Resource not accessible by integration"
    bystander = graph(forge, forge.user("bob"), RESOLVE, id=thread.id)
    assert "does not have the correct permissions" in bystander["errors"][0]["message"]
    assert not thread.resolved_by
    wide = forge.actions(pull_requests="write", contents="write")
    assert graph(forge, wide, RESOLVE, id=thread.id)["data"]["resolveReviewThread"]["thread"]["isResolved"]
    assert graph(forge, wide, RESOLVE, id="PRRT_no")["errors"][0]["type"] == "NOT_FOUND"


def test_a_thread_is_answered_and_opened_again(forge, pull):
    review(forge, at(3))
    (thread,) = forge.threads(pull)
    forge.resolve(thread, "ann")
    wide = forge.actions(pull_requests="write", contents="write")
    assert not graph(forge, wide, RESOLVE.replace("resolveReview", "unresolveReview"), id=thread.id).get("errors")
    assert not thread.resolved_by
    answer = (
        "mutation($i: AddPullRequestReviewThreadReplyInput!) { addPullRequestReviewThreadReply(input: $i) { comment"
    )
    asked = {"pullRequestReviewThreadId": thread.id, "body": "Still there"}
    told = graph(forge, wide, answer + " { body replyTo { databaseId } } } }", i=asked)["data"]
    said = told["addPullRequestReviewThreadReply"]["comment"]
    assert said == {"body": "Still there", "replyTo": {"databaseId": thread.first.id}}


def test_connections_need_a_size(forge, pull):
    query = THREADS.replace("reviewThreads(first: 2, after: $after)", "reviewThreads(after: $after)")
    assert graph(forge, forge.actions(), query)["errors"][0]["type"] == "MISSING_PAGINATION_BOUNDARIES"


@pytest.mark.parametrize(
    "query",
    [
        "query { repository(owner: 1, name: 2) { id } }",
        THREADS.replace("isResolved", "isSolved"),
        RESOLVE.replace("threadId", "thread"),
        "query {",
    ],
)
def test_a_query_against_the_schema_is_a_violation(forge, pull, query):
    assert "errors" in graph(forge, forge.actions(), query, id="x")
    assert forge.violations.pop().startswith("POST /graphql")
    forge.violations.clear()


# --- the contract -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "asked"),
    [
        ("POST", "/pulls/1/reviews", {"event": "LGTM", "body": "x"}),
        ("POST", "/pulls/1/reviews", {"event": "COMMENT", "body": "x", "comments": [{"path": "a.py"}]}),
        ("POST", "/pulls/1/reviews", {"event": "COMMENT", "body": "x", "comments": [{**at(3), "anchor": 1}]}),
        ("POST", "/pulls/1/reviews", {"event": "COMMENT", "body": "x", "comments": [{**at(3), "line": "3"}]}),
        ("POST", "/pulls/1/comments", at(3)),
        ("POST", "/issues/1/comments", {}),
        ("POST", "/check-runs", {"name": "review"}),
        ("GET", "/pulls/1/files?perpage=100", None),
        ("GET", "/pulls/1/files?page=one", None),
        ("GET", "/pulls/1/threads", None),
    ],
)
def test_a_request_against_the_description_fails_the_test_that_made_it(tmp_path, method, path, asked):
    forge = GitHub(tmp_path)
    with forge:
        forge.commit("main", {"a.py": b"1\n"})
        forge.open("A title", head="main")
        answer = ask(forge, method, ROOT + path, **({"json": asked} if asked is not None else {}))
        assert answer.status_code in (404, 422)
        kept = list(forge.violations)
        forge.violations.clear()
    assert path.split("?")[0] in kept[0]
    forge.violations = kept
    with pytest.raises(AssertionError):
        forge.__exit__(None)


def test_a_wrong_answer_of_the_fake_would_be_found():
    request = Request("GET", f"{ROOT}/issues/1/comments", {}, {}, b"")
    operation = contract.find("GET", request.path)
    assert operation is not None
    assert operation.path == {"owner": "acme", "repo": "shop", "issue_number": "1"}
    assert contract.wrong_answer(operation, request, Answer(200, [])) == []
    assert "'body_html'" not in str(contract.wrong_answer(operation, request, Answer(200, [{"id": 1}])))
    assert "is a required property" in contract.wrong_answer(operation, request, Answer(200, [{"id": 1}]))[0]
    assert "does not answer so" in contract.wrong_answer(operation, request, Answer(201, []))[0]


def test_every_operation_of_the_fake_is_one_that_github_describes():
    from tests.fakes.forge.github_routes import routes

    assert set(routes()) <= set(contract.operations())


# --- who may do what ----------------------------------------------------------------------------------------


def test_a_token_may_what_it_says(forge, pull):
    reader = forge.actions(contents="read", pull_requests="read")
    assert ask(forge, "GET", f"{ROOT}/pulls/1/files", reader).status_code == 200
    for method, path, asked in [
        ("POST", "/pulls/1/reviews", {"event": "COMMENT", "body": "x"}),
        ("POST", "/issues/1/comments", {"body": "x"}),
        ("POST", "/check-runs", {"name": "x", "head_sha": pull.head}),
    ]:
        refused = ask(forge, method, ROOT + path, reader, json=asked)
        assert (refused.status_code, refused.json()["message"]) == (403, "Resource not accessible by integration")
    fine = forge.user("ann", pull_requests="read")
    refused = ask(forge, "POST", f"{ROOT}/issues/1/comments", fine, json={"body": "x"})
    assert refused.json()["message"] == "Resource not accessible by personal access token"


def test_strangers_see_what_is_public_and_write_nothing(forge, pull):
    assert ask(forge, "GET", f"{ROOT}/pulls/1", "").json()["title"] == "A title"
    assert ask(forge, "POST", f"{ROOT}/issues/1/comments", "", json={"body": "x"}).status_code == 401
    assert ask(forge, "GET", f"{ROOT}/pulls/1", "made-up").json()["message"] == "Bad credentials"
    assert ask(forge, "GET", f"{ROOT}/pulls/9").status_code == 404
    assert ask(forge, "GET", "/repos/acme/other").status_code == 404


def test_what_is_private_is_not_there_for_strangers(tmp_path):
    with GitHub(tmp_path, private=True) as forge:
        forge.commit("main", {"a.py": b"1\n"})
        assert ask(forge, "GET", ROOT, forge.user("eve")).status_code == 404
        assert ask(forge, "GET", ROOT, "").status_code == 404
        assert ask(forge, "GET", ROOT, forge.user("ann")).json()["private"]


def test_a_bot_has_no_user_of_its_own_and_is_no_collaborator(forge):
    assert ask(forge, "GET", "/user").json()["message"] == "Resource not accessible by integration"
    assert ask(forge, "GET", "/user", forge.user("ann")).json()["login"] == "ann"
    forge.person("tess", "triage")
    known = {"ann": "write", "acme": "admin", "tess": "read", "eve": "read", "nobody": 404, "github-actions[bot]": 404}
    for login, level in known.items():
        answer = ask(forge, "GET", f"{ROOT}/collaborators/{login}/permission")
        assert answer.json().get("permission", answer.status_code) == level
    assert ask(forge, "GET", f"{ROOT}/collaborators/ann/permission", forge.user("eve")).status_code == 403


def test_check_runs_are_for_apps_and_take_fifty_annotations_at_a_time(forge, pull):
    note = {"path": "a.py", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "hm"}
    asked = {
        "name": "review",
        "head_sha": pull.head,
        "output": {"title": "t", "summary": "s", "annotations": [note] * 50},
    }
    person = ask(forge, "POST", f"{ROOT}/check-runs", forge.user("ann"), json=asked)
    assert person.json()["message"] == "You must authenticate via a GitHub App."
    made = ask(forge, "POST", f"{ROOT}/check-runs", json=asked).json()
    assert (made["status"], made["output"]["annotations_count"]) == ("queued", 50)
    more = {"conclusion": "neutral", "output": {"title": "t", "summary": "s", "annotations": [note] * 3}}
    done = ask(forge, "PATCH", f"{ROOT}/check-runs/{made['id']}", json=more).json()
    assert (done["status"], done["conclusion"], done["output"]["annotations_count"]) == ("completed", "neutral", 53)
    asked["output"]["annotations"].append(note)
    assert ask(forge, "POST", f"{ROOT}/check-runs", json=asked).status_code == 422
    assert "too long" in forge.violations.pop()


def test_a_comment_is_changed_by_its_author_or_by_who_may_push(forge, pull):
    said = forge.say(pull, "ann", "Thanks")
    url = f"{ROOT}/issues/comments/{said.id}"
    assert ask(forge, "PATCH", url, forge.user("eve"), json={"body": "x"}).status_code == 403
    assert ask(forge, "PATCH", url, forge.user("ann"), json={"body": ""}).status_code == 422
    assert ask(forge, "PATCH", url, forge.user("ann"), json={"body": "Thank you"}).json()["body"] == "Thank you"
    assert ask(forge, "DELETE", url, forge.user("ann")).status_code == 204
    assert not forge.comments(pull)


# --- pages, limits and faults -------------------------------------------------------------------------------


def test_a_remark_at_a_line_is_changed_by_its_author_or_by_who_may_push(forge, pull):
    thread = forge.remark(pull, "eve", "a.py", 4, "first")
    where = f"{ROOT}/pulls/comments/{thread.first.id}"
    stranger = ask(forge, "PATCH", where, forge.user("mallory"), json={"body": "no"})
    assert (stranger.status_code, thread.first.body) == (403, "first")
    assert ask(forge, "PATCH", where, forge.user("eve"), json={"body": "second"}).json()["body"] == "second"
    assert ask(forge, "GET", where).json()["id"] == thread.first.id
    assert ask(forge, "GET", f"{ROOT}/pulls/comments/1").status_code == 404


def test_where_a_conversation_is_locked_only_who_may_push_speaks(forge, pull):
    pull.locked = True
    for token, told in [
        (forge.actions(), (422, 403)),
        (forge.user("eve"), (422, 403)),
        (forge.user("ann"), (200, 201)),
    ]:
        review = ask(forge, "POST", f"{ROOT}/pulls/1/reviews", token, json={"event": "COMMENT", "body": "x"})
        comment = ask(forge, "POST", f"{ROOT}/issues/1/comments", token, json={"body": "x"})
        assert (review.status_code, comment.status_code) == told


@pytest.mark.parametrize(("method", "status"), [("GET", 301), ("POST", 307)])
def test_a_former_name_leads_to_the_number_of_the_repository(forge, pull, method, status):
    forge.state.former_names.append("acme/store")
    body = {"json": {"body": "x"}} if method == "POST" else {}
    moved = ask(forge, method, "/repos/acme/store/issues/1/comments", **body)
    assert moved.status_code == status
    assert "/repositories/9001/issues/1/comments" in moved.headers["location"]


def test_pages_are_followed_by_links_that_name_the_repository_by_number(forge, pull):
    for number in range(7):
        forge.say(pull, "ann", str(number))
    url, seen = f"{forge.url}{ROOT}/issues/1/comments?per_page=3", []
    while url:
        answer = httpx2.get(url, headers={"Authorization": f"Bearer {forge.actions()}"})
        seen += [one["body"] for one in answer.json()]
        url = answer.links.get("next", {}).get("url", "")
        assert "/repositories/" in url or not url
    assert seen == [str(number) for number in range(7)]
    assert len(forge.asked("GET", "/issues/1/comments")) == 3


def test_a_page_holds_a_hundred_at_most(forge, pull):
    forge.commit("many", {f"{number}.txt": b"1\n" for number in range(120)})
    forge.open("Many files", head="many")
    answer = ask(forge, "GET", f"{ROOT}/pulls/2/files?per_page=500")
    assert len(answer.json()) == 100
    assert 'rel="last"' in answer.headers["Link"]


def test_what_has_not_changed_is_not_sent_again(forge, pull):
    first = ask(forge, "GET", f"{ROOT}/pulls/1/files")
    again = ask(forge, "GET", f"{ROOT}/pulls/1/files", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_allowance_runs_out(forge):
    forge.remaining = 1
    assert ask(forge, "GET", ROOT).headers["X-RateLimit-Remaining"] == "0"
    refused = ask(forge, "GET", ROOT)
    assert refused.status_code == 403
    assert refused.headers["X-RateLimit-Reset"] == str(forge.reset_at)
    forge.reset_at = 0
    assert ask(forge, "GET", ROOT).status_code == 200


def test_the_nth_request_like_this_fails_as_planned(forge):
    forge.fail("GET /repos", skip=1, answer=secondary_limit(7))
    forge.fail("GET /repos", skip=1, answer=Answer(502, "<html>"))
    answers = [ask(forge, "GET", ROOT) for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 403, 502, 200]
    assert answers[1].headers["Retry-After"] == "7"
    assert "secondary rate limit" in answers[1].json()["message"]


@pytest.mark.parametrize(("works", "posted"), [(True, 1), (False, 0)])
def test_a_connection_is_lost_before_or_after_the_work(forge, pull, works, posted):
    forge.fail("POST", ending="reset", works=works)
    with pytest.raises(httpx2.TransportError):
        ask(forge, "POST", f"{ROOT}/issues/1/comments", json={"body": "x"})
    assert len(forge.comments(pull)) == posted


def test_an_answer_breaks_off_in_the_middle(forge):
    forge.fail("GET", ending="half")
    with pytest.raises(httpx2.TransportError):
        ask(forge, "GET", ROOT)


def test_a_slow_answer_waits_for_its_gate(forge):
    gate = forge.fail("GET", ending="slow")
    seen = []
    asking = threading.Thread(target=lambda: seen.append(ask(forge, "GET", ROOT)))
    asking.start()
    asking.join(0.2)
    assert not seen
    gate.set()
    asking.join(30)
    assert seen[0].json()["full_name"] == "acme/shop"
