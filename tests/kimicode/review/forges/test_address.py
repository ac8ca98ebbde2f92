"""Addresses as people paste them, remotes as git knows them, and what looks like either and is neither."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.errors import UsageError
from kimicode.review.forges.address import parse

GITHUB_CI = {"GITHUB_SERVER_URL": "https://ghe.example.com", "GITHUB_API_URL": "https://ghe.example.com/api/v3"}
GITLAB_CI = {"CI_SERVER_URL": "https://h.example/gitlab", "CI_API_V4_URL": "https://h.example/gitlab/api/v4"}
segments = st.text("abcXYZ019-_.", min_size=1, max_size=12).filter(lambda name: name.strip("."))
numbers = st.integers(1, 9_999_999_999)
tails = st.sampled_from(["", "/", "/files", "/commits/abc", "/diffs?view=inline#note_1", "?w=1", "#issuecomment-1"])


@pytest.mark.parametrize(
    ("text", "api", "graphql"),
    [
        ("https://github.com/o/r/pull/1", "https://api.github.com", "https://api.github.com/graphql"),
        ("https://GitHub.com:443/o/r/pull/1/files", "https://api.github.com", "https://api.github.com/graphql"),
        ("https://acme.ghe.com/o/r/pull/1", "https://api.acme.ghe.com", "https://api.acme.ghe.com/graphql"),
        ("https://g.example/o/r/pull/1", "https://g.example/api/v3", "https://g.example/api/graphql"),
        ("https://g.example:8443/o/r/pull/1", "https://g.example:8443/api/v3", "https://g.example:8443/api/graphql"),
        ("http://127.0.0.1:80/o/r/pull/1", "http://127.0.0.1/api/v3", "http://127.0.0.1/api/graphql"),
        ("https://[::1]:8/o/r/pull/1", "https://[::1]:8/api/v3", "https://[::1]:8/api/graphql"),
        ("https://gitlab.com/g/s/t/p/-/merge_requests/1", "https://gitlab.com/api/v4", ""),
        ("https://git.example/g/p/merge_requests/1/diffs", "https://git.example/api/v4", ""),
    ],
)
def test_an_address_leads_to_its_forges_api(text, api, graphql):
    found = parse(text, {})
    assert (found.server.api, found.server.graphql, found.number) == (api, graphql, 1)


@given(segments, segments, numbers, tails)
def test_a_pull_request_is_found_in_any_of_its_addresses(owner, name, number, tail):
    found = parse(f"  https://github.com/{owner}/{name}/pull/{number}{tail}\n", {})
    assert (found.server.kind, found.project, found.number) == ("github", f"{owner}/{name}", number)
    assert parse(found.url, {}) == found


@given(st.lists(segments, min_size=2, max_size=6), numbers, tails)
def test_a_merge_request_is_found_below_any_groups(groups, number, tail):
    project = "/".join(groups)
    found = parse(f"https://gitlab.example.org/{project}/-/merge_requests/{number}{tail}", {})
    assert (found.server.kind, found.number) == ("gitlab", number)
    assert found.project == project
    assert parse(found.url, {}) == found


def complaint(text: str, remote: str = "git@github.com:o/r.git") -> str:
    """What is said against it, "" where it is understood."""
    try:
        parse(text, {}, remote)
    except UsageError as error:
        return error.message
    return ""


@given(st.text(max_size=80))
def test_any_text_is_an_address_or_a_usage_error(text):
    assert complaint(text).isprintable()


@given(st.text(max_size=80))
def test_any_remote_is_a_project_or_a_usage_error(remote):
    assert complaint("#1", remote).isprintable()


@pytest.mark.parametrize(
    "text",
    [
        "http://github.com/o/r/pull/1",
        "https://github.com/o/r/pull/0",
        "https://github.com/o/r/pull/1x",
        "https://github.com/o/r/pulls/1",
        "https://github.com/o/../pull/1",
        "https://github.com/../r/pull/1",
        "https://github.com/o/r%2f..%2fx/pull/1",
        "https://github.com/g/p/-/merge_requests/1",
        "https://gitlab.com/o/r/pull/1",
        "https://me:secret@github.com/o/r/pull/1",
        "https://github.com@evil.example/o/r/pull/1",
        "https://github.com\\@evil.example/o/r/pull/1",
        "https://gіthub.com/o/r/pull/1",
        "ftp://github.com/o/r/pull/1",
        "https:///o/r/pull/1",
        "https://github.com/o/r/pull/1\nx",
        "https://[/o/r/pull/1",
        "#0",
        "#12345678901",
        "",
    ],
)
def test_what_is_no_address_is_told(text):
    with pytest.raises(UsageError):
        parse(text, {}, "git@github.com:o/r.git")


def test_a_name_and_password_in_an_address_are_not_repeated():
    with pytest.raises(UsageError) as caught:
        parse("https://me:hunter2@github.com/o/r/pull/1", {})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("remote", "url"),
    [
        ("git@github.com:o/r.git", "https://github.com/o/r/pull/12"),
        ("github.com:o/r", "https://github.com/o/r/pull/12"),
        ("https://github.com/o/r.git/", "https://github.com/o/r/pull/12"),
        ("https://me:token@github.com/o/r.js.git", "https://github.com/o/r.js/pull/12"),
        ("ssh://git@github.com/o/r.git", "https://github.com/o/r/pull/12"),
        ("ssh://git@ssh.github.com:443/o/r.git", "https://github.com/o/r/pull/12"),
        ("git://github.example.com/o/r.git", "https://github.example.com/o/r/pull/12"),
        ("https://github.example.com:8443/o/r.git", "https://github.example.com:8443/o/r/pull/12"),
        ("git@gitlab.com:g/s/p.git", "https://gitlab.com/g/s/p/-/merge_requests/12"),
        ("git@altssh.gitlab.com:g/p.git", "https://gitlab.com/g/p/-/merge_requests/12"),
        ("ssh://git@gitlab.example.org:2222/g/p.git", "https://gitlab.example.org/g/p/-/merge_requests/12"),
    ],
)
def test_a_number_is_one_of_the_remotes_project(remote, url):
    assert parse("12", {}, remote).url == url


@pytest.mark.parametrize(("text", "kind"), [("#12", "github"), ("!12", "gitlab")])
def test_the_sign_tells_which_forge_an_unknown_host_is(text, kind):
    assert parse(text, {}, "git@code.example.org:o/r.git").server.kind == kind


@pytest.mark.parametrize(
    ("remote", "words"),
    [
        ("", "has no remote"),
        ("git@code.example.org:o/r.git", "GitHub or GitLab"),
        ("/srv/git/r.git", "no address of a forge"),
        ("file:///srv/git/r.git", "no address of a forge"),
        ("git@github.com:r.git", "no project"),
        ("git@github.com:o/../r.git", "no project"),
        ("https://me:hunter2@github.com/x/y/z.git", "no project"),
    ],
)
def test_a_remote_that_leads_to_no_project_is_told(remote, words):
    with pytest.raises(UsageError, match=words) as caught:
        parse("12", {}, remote)
    assert "hunter2" not in str(caught.value)


def test_the_environment_of_a_workflow_names_its_server():
    assert parse("7", GITHUB_CI, "git@ghe.example.com:o/r.git").url == "https://ghe.example.com/o/r/pull/7"
    with pytest.raises(UsageError):
        parse("https://ghe.example.com/o/r/-/merge_requests/7", GITHUB_CI)


def test_the_environment_of_a_pipeline_names_its_server_and_its_folder():
    found = parse("https://h.example/gitlab/g/p/-/merge_requests/7", GITLAB_CI)
    assert (found.project, found.server.api) == ("g/p", "https://h.example/gitlab/api/v4")
    assert parse("7", GITLAB_CI, "https://h.example/gitlab/g/p.git") == found
    with pytest.raises(UsageError):
        parse("7", GITLAB_CI, "https://h.example/gitlab/p.git")


def test_variables_that_name_a_host_are_enough():
    assert parse("7", {"GH_HOST": "code.example.org"}, "git@code.example.org:o/r.git").server.kind == "github"
    assert (
        parse("7", {"GITLAB_HOST": "https://code.example.org"}, "git@code.example.org:o/r.git").server.kind == "gitlab"
    )


@pytest.mark.parametrize("value", ["http://ghe.example.com", "https://a@b", "::", "https://", "two words"])
def test_a_variable_that_holds_no_address_is_told(value):
    with pytest.raises(UsageError, match="GITHUB_SERVER_URL is not the address of a forge"):
        parse("https://github.com/o/r/pull/1", {"GITHUB_SERVER_URL": value})
