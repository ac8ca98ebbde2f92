"""Which token goes where: to the server that it was made for, and to no other that somebody's address names."""

import stat

import pytest

from kimicode.errors import UsageError
from kimicode.review.forges.address import parse
from kimicode.review.forges.connect import connect, require_token, token_for
from kimicode.review.forges.failures import Denied, Missing
from kimicode.review.forges.github import GitHub
from kimicode.review.forges.gitlab import GitLab
from kimicode.review.forges.limits import Patience
from tests.fakes.network import server

HUB = "https://github.com/o/r/pull/1"
TENANT = "https://acme.ghe.com/o/r/pull/1"
OWN_HUB = "https://ghe.example.com/o/r/pull/1"
LAB = "https://gitlab.com/g/p/-/merge_requests/1"
OWN_LAB = "https://git.example.org/g/p/-/merge_requests/1"
STRANGE = "https://evil.example/o/r/pull/1"
WORKFLOW = {"CI": "true", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_TOKEN": "ghs_workflow"}
OWN_WORKFLOW = {**WORKFLOW, "GITHUB_SERVER_URL": "https://ghe.example.com"}
PIPELINE = {"CI": "true", "CI_SERVER_URL": "https://git.example.org", "CI_JOB_TOKEN": "job"}


def sent(url: str, environ: dict[str, str]) -> tuple[str, str] | None:
    """Header and value of what would be sent there."""
    token = token_for(parse(url, environ).server, {"PATH": "", **environ})
    return (token.header, token.value) if token else None


@pytest.mark.parametrize(
    ("url", "environ", "expected"),
    [
        (HUB, {"GITHUB_TOKEN": "a"}, ("Authorization", "Bearer a")),
        (HUB, {"GH_TOKEN": " b\n"}, ("Authorization", "Bearer b")),
        (TENANT, {"GITHUB_TOKEN": "a"}, ("Authorization", "Bearer a")),
        (HUB, WORKFLOW, ("Authorization", "Bearer ghs_workflow")),
        (OWN_HUB, OWN_WORKFLOW, ("Authorization", "Bearer ghs_workflow")),
        (OWN_HUB, {"GH_HOST": "ghe.example.com", "GH_ENTERPRISE_TOKEN": "e"}, ("Authorization", "Bearer e")),
        (LAB, {"GITLAB_TOKEN": "a"}, ("PRIVATE-TOKEN", "a")),
        (OWN_LAB, {"GITLAB_HOST": "git.example.org", "GITLAB_TOKEN": "a"}, ("PRIVATE-TOKEN", "a")),
        (OWN_LAB, PIPELINE, ("JOB-TOKEN", "job")),
        (OWN_LAB, {**PIPELINE, "GITLAB_TOKEN": "a"}, ("PRIVATE-TOKEN", "a")),
    ],
)
def test_a_token_goes_to_its_own_server(url, environ, expected):
    assert sent(url, environ) == expected


@pytest.mark.parametrize(
    ("url", "environ"),
    [
        (STRANGE, WORKFLOW),
        (STRANGE, {"GITHUB_TOKEN": "a", "GH_TOKEN": "b", "GITLAB_TOKEN": "c"}),
        (STRANGE, {"GH_ENTERPRISE_TOKEN": "e", "GH_HOST": "ghe.example.com"}),
        (OWN_HUB, {"GITHUB_TOKEN": "a"}),
        (OWN_HUB, {"GITHUB_TOKEN": "a", "GH_HOST": "ghe.example.com"}),
        (HUB, OWN_WORKFLOW),
        (TENANT, OWN_WORKFLOW),
        (LAB, {**PIPELINE, "GITLAB_TOKEN": "a"}),
        (LAB, {"GITLAB_HOST": "git.example.org", "GITLAB_TOKEN": "a"}),
        (OWN_LAB, {"GITLAB_TOKEN": "a"}),
        (OWN_LAB, {"CI_JOB_TOKEN": "job"}),
        ("https://github.com.evil.example/o/r/pull/1", WORKFLOW),
        ("https://evilghe.com/o/r/pull/1", {"GITHUB_TOKEN": "a"}),
        ("https://github.com:8443/o/r/pull/1", {"GITHUB_TOKEN": "a"}),
        (HUB, {}),
        (HUB, {"GITHUB_TOKEN": "  "}),
    ],
)
def test_a_token_goes_to_no_other_server(url, environ):
    assert sent(url, environ) is None


@pytest.mark.parametrize("value", ["two words", "a\nb: c", "sch\u00f6n", "a\x00b"])
def test_what_cannot_be_a_token_is_told_without_repeating_it(value):
    with pytest.raises(UsageError, match="GITHUB_TOKEN") as caught:
        sent(HUB, {"GITHUB_TOKEN": value})
    assert value not in str(caught.value)


def a_gh(folder, says: str) -> dict[str, str]:
    """An environment in which `gh` is a program that says this, and remembers what it was asked and with what."""
    program = folder / "gh"
    program.write_text(f'#!/bin/sh\necho "$@" > {folder}/asked\nenv > {folder}/env\n{says}\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


def test_a_person_who_is_logged_in_with_gh_needs_no_variable(tmp_path):
    environ = {**a_gh(tmp_path, "echo gho_kept"), "SECRET_KEY": "x", "GITHUB_TOKEN": "ghp_for_github_com"}
    assert sent(OWN_HUB, environ) == ("Authorization", "Bearer gho_kept")
    assert (tmp_path / "asked").read_text() == "auth token --hostname ghe.example.com\n"
    given = (tmp_path / "env").read_text()
    assert "SECRET_KEY" not in given
    assert "GITHUB_TOKEN" not in given


@pytest.mark.parametrize("says", ["echo not logged in >&2; exit 1", "exit 0"])
def test_without_a_login_gh_gives_no_token(tmp_path, says):
    assert sent(HUB, a_gh(tmp_path, says)) is None


def test_a_variable_goes_before_gh_and_a_workflow_never_asks_it(tmp_path):
    environ = a_gh(tmp_path, "echo gho_kept")
    assert sent(HUB, {**environ, "GH_TOKEN": "named"}) == ("Authorization", "Bearer named")
    assert sent(HUB, {**environ, "CI": "1"}) is None
    assert not (tmp_path / "asked").exists()


async def test_the_address_tells_which_forge_it_is():
    for url, kind in ((HUB, GitHub), (LAB, GitLab)):
        forge = connect(url, {"CI": "1"})
        assert isinstance(forge, kind)
        await forge.close()


@pytest.mark.parametrize(
    ("environ", "path", "status", "kind", "words"),
    [
        ({}, "o/r/pull/1", 401, Denied, "GH_HOST=127.0.0.1:"),
        ({}, "o/r/pull/1", 404, Missing, "What is not public needs a token"),
        ({}, "g/p/-/merge_requests/1", 401, Denied, "GITLAB_HOST=127.0.0.1:"),
        ({"GITHUB_SERVER_URL": "", "GITHUB_TOKEN": "t"}, "o/r/pull/1", 401, Denied, "GITHUB_TOKEN is wrong"),
        ({"GITHUB_SERVER_URL": "", "GITHUB_TOKEN": "t"}, "o/r/pull/1", 403, Denied, "pull-requests: write"),
        ({"CI_SERVER_URL": "", "GITLAB_TOKEN": "t"}, "g/p/-/merge_requests/1", 403, Denied, "Developer"),
        ({"CI_SERVER_URL": "", "CI_JOB_TOKEN": "t"}, "g/p/-/merge_requests/1", 404, Missing, "CI_JOB_TOKEN reads"),
    ],
)
async def test_a_no_says_what_to_set(environ, path, status, kind, words):
    async def refusing(reader, writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())

    async with server(refusing) as port:
        web = f"http://127.0.0.1:{port}"
        environ = {"CI": "1", **{name: value or web for name, value in environ.items()}}
        forge = connect(f"{web}/{path}", environ, patience=Patience(attempts=1))
        with pytest.raises(kind) as caught:
            await forge.pull_request()
        await forge.close()
    assert words in caught.value.hint


@pytest.mark.parametrize(
    ("url", "environ", "hint"),
    [
        ("https://github.com/o/n/pull/1", {}, "Set GITHUB_TOKEN"),
        ("https://git.example/o/n/pull/1", {}, "Set GH_HOST=git.example and GH_ENTERPRISE_TOKEN"),
        ("https://git.example/o/n/pull/1", {"GITHUB_SERVER_URL": "https://git.example"}, "Set GITHUB_TOKEN"),
        ("https://gitlab.com/g/p/-/merge_requests/1", {}, "Set GITLAB_TOKEN"),
        ("https://lab.example/g/p/-/merge_requests/1", {}, "Set GITLAB_HOST=lab.example and GITLAB_TOKEN"),
        ("https://lab.example/g/p/-/merge_requests/1", {"GITLAB_HOST": "lab.example"}, "Set GITLAB_TOKEN"),
    ],
)
def test_who_is_to_post_needs_a_token_and_learns_which_one(url, environ, hint):
    environ = {**environ, "CI": "true"}
    place = parse(url, environ, "")
    with pytest.raises(UsageError, match="no token to post at") as caught:
        require_token(place.server, environ)
    assert caught.value.hint.startswith(hint)


def test_who_has_one_may_go_on():
    environ = {"GITHUB_TOKEN": "t", "CI": "true"}
    require_token(parse("https://github.com/o/n/pull/1", environ, "").server, environ)
