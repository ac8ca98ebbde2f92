"""Commits of the fakes come over git's own protocol, at the address that people see, to those who may read."""

import pytest

from kimicode.errors import KimicodeError
from kimicode.git.fetch import Remote, fetched
from tests.fakes.forge.github import GitHub
from tests.fakes.forge.gitlab import GitLab


def pulled(folder, forge, commit, token, user=""):
    return fetched(folder, Remote(f"{forge.url}/{forge.state.full_name}.git", user, token), [commit], None)


def test_a_private_repository_is_given_to_a_token_that_reads_contents(tmp_path):
    with GitHub(tmp_path, private=True) as forge:
        commit = forge.commit("main", {"a.py": b"1\n"})
        found = pulled(tmp_path / "own", forge, commit, forge.actions(contents="read"))
        assert found.origin.run(["show", f"{commit}:a.py"]).output == b"1\n"
        for token in ("", "ghs_nobodys", forge.actions(pull_requests="write")):
            with pytest.raises(KimicodeError):
                pulled(tmp_path / f"none{token}", forge, commit, token)


def test_a_public_one_is_given_to_everybody_but_a_wrong_token(tmp_path):
    with GitHub(tmp_path) as forge:
        commit = forge.commit("main", {"a.py": b"1\n"})
        assert pulled(tmp_path / "own", forge, commit, "")
        with pytest.raises(KimicodeError):
            pulled(tmp_path / "none", forge, commit, "ghs_nobodys")


def test_gitlab_gives_them_to_its_tokens(tmp_path):
    with GitLab(tmp_path) as forge:
        commit = forge.commit("main", {"a.py": b"1\n"})
        assert pulled(tmp_path / "own", forge, commit, forge.bot(), "oauth2")
        with pytest.raises(KimicodeError):
            pulled(tmp_path / "none", forge, commit, "glpat-nobodys", "oauth2")
