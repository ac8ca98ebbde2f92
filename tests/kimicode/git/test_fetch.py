"""A pull request's commits fetched over real HTTP: what comes, where the token goes, and what is left untouched."""

import pytest

from kimicode.errors import UsageError
from kimicode.git.command import GitError
from kimicode.git.fetch import Remote, commit_of, fetched
from tests.fakes.git_http import GitServer

TOKEN = "ghs_0123456789abcdefghijABCDEFGHIJ012345"
PULL = "refs/pull/7/head"


@pytest.fixture
def served(tmp_path, project, git):
    """A bare repository with a pull request at pull/7, ahead of main by one commit."""
    git(project, "switch", "-qc", "topic")
    (project / "a").write_text("1\n2\nthree\n")
    git(project, "commit", "-qam", "Spell it out")
    git(project, "clone", "-q", "--bare", ".", str(tmp_path / "served" / "pro ject.git"))
    git(tmp_path / "served" / "pro ject.git", "update-ref", PULL, "topic")
    git(project, "switch", "-q", "main")
    git(project, "branch", "-qD", "topic")
    git(project, "reflog", "expire", "--expire=now", "--all")
    git(project, "gc", "-q", "--prune=now")
    return tmp_path / "served"


def remote(server, token=""):
    return Remote(f"{server.url}/pro%20ject.git", token=token)


def test_a_pull_requests_head_comes_into_a_repository_of_our_own(served, project, found, git, tmp_path):
    before = git(project, "for-each-ref"), git(project, "count-objects", "-v")
    with GitServer(served) as server:
        got = fetched(tmp_path / "private", remote(server), [PULL, "refs/heads/main"], found(project))
    head = commit_of(got, PULL)
    assert got.origin.run(["show", f"{head}:a"]).output == b"1\n2\nthree\n"
    assert commit_of(got, "refs/heads/main") == git(project, "rev-parse", "main")
    assert (git(project, "for-each-ref"), git(project, "count-objects", "-v")) == before


def test_without_a_clone_it_comes_as_well_and_a_second_time_brings_what_is_new(served, git, tmp_path):
    with GitServer(served) as server:
        first = commit_of(fetched(tmp_path / "private", remote(server), [PULL], None), PULL)
        git(served / "pro ject.git", "update-ref", PULL, "main")
        assert commit_of(fetched(tmp_path / "private", remote(server), [PULL], None), PULL) != first


def test_a_single_commit_can_be_asked_for(served, git, tmp_path):
    commit = git(served / "pro ject.git", "rev-parse", "main")
    with GitServer(served) as server:
        assert commit_of(fetched(tmp_path / "private", remote(server), [commit], None), commit) == commit


def test_a_shallow_clone_lends_nothing(served, git, found, tmp_path):
    git(tmp_path, "clone", "-q", "--depth=1", (served / "pro ject.git").as_uri(), str(tmp_path / "shallow"))
    with GitServer(served) as server:
        got = fetched(tmp_path / "private", remote(server), [PULL], found(tmp_path / "shallow"))
    assert got.origin.run(["rev-list", "--count", commit_of(got, PULL)]).line == "2"


def test_the_token_goes_to_its_server_and_nowhere_else(served, project, found, git, tmp_path):
    with GitServer(served, TOKEN) as server:
        with pytest.raises(GitError, match=r"(?i)authentication|401|username") as refused:
            fetched(tmp_path / "none", remote(server), [PULL], None)
        got = fetched(tmp_path / "private", remote(server, TOKEN), [PULL], found(project))
        assert commit_of(got, PULL)
    written = b"".join(path.read_bytes() for path in (tmp_path / "private").rglob("*") if path.is_file())
    assert TOKEN.encode() not in written
    assert TOKEN not in repr(remote(server, TOKEN)) + str(refused.value)


def test_a_redirect_is_not_followed(served, tmp_path):
    with GitServer(served) as elsewhere, GitServer(served, redirect=elsewhere.url) as server:
        with pytest.raises(GitError):
            fetched(tmp_path / "private", remote(server, TOKEN), [PULL], None)
        assert elsewhere.seen == []


@pytest.mark.parametrize("key", ["core.hooksPath", "core.fsmonitor", "fetch.output", "remote.origin.uploadpack"])
def test_settings_of_the_persons_repository_are_not_read(served, project, found, git, tmp_path, key):
    git(project, "config", key, f"touch {tmp_path}/ran")
    with GitServer(served) as server:
        git(project, "config", "url.http://127.0.0.1:9/.insteadOf", server.url)
        fetched(tmp_path / "private", remote(server), [PULL], found(project))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "url", ["ext::touch x", "file:///tmp", "/tmp", "git://example.org/x", "http://example.org/x", "-x", "ftp://h/x"]
)
def test_other_kinds_of_addresses_are_refused(tmp_path, url):
    with pytest.raises(UsageError, match="only https and ssh"):
        fetched(tmp_path / "private", Remote(url), [PULL], None)


def test_what_is_not_there_is_said(served, tmp_path):
    with GitServer(served) as server, pytest.raises(GitError, match="pull/99"):
        fetched(tmp_path / "private", remote(server), ["refs/pull/99/head"], None)
