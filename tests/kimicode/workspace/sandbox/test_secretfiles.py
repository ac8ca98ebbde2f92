"""Which files are taken for secrets, and how far the search goes."""

import os
import time

import pytest

from kimicode.workspace.sandbox import secretfiles
from kimicode.workspace.sandbox.secretfiles import search


def put(folder, *names, text="x"):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def names(found, folder):
    return {path.relative_to(folder).as_posix() for path in found}


def test_env_files_and_keys_are_secrets_and_their_examples_are_not(tmp_path):
    secret = {".env", ".env.local", ".env.production", "a/b/.ENV", "deploy/id_ed25519", "x.kdbx", ".netrc", ".pypirc"}
    put(tmp_path, *secret)
    put(tmp_path, ".env.example", ".env.sample", ".env.template", ".env.dist", ".environment", "env", "id_rsa.pub")
    put(tmp_path, "tests/server.pem", ".env.d/readme")
    assert names(search(tmp_path).secrets, tmp_path) == secret


def test_a_virtual_environment_of_that_name_is_none(tmp_path):
    put(tmp_path, ".env/bin/python")
    assert search(tmp_path).secrets == []


def test_settings_are_secrets_where_a_secret_is_in_them(tmp_path):
    put(tmp_path, "a/.npmrc", text="registry=https://r.example\n//r.example/:_authToken=${TOKEN}\n")
    put(tmp_path, "b/.npmrc", text="//r.example/:_authToken=npm_0123456789abcdef\n")
    put(tmp_path, "c/.envrc", text="use flake\nlayout python\n")
    put(tmp_path, "d/.envrc", text="export API_KEY=0123456789abcdef\n")
    assert names(search(tmp_path).secrets, tmp_path) == {"b/.npmrc", "d/.envrc"}


def test_repositories_below_the_top_are_found(tmp_path):
    put(tmp_path, ".git/config", "vendor/lib/.git/config", "module/.git", "node_modules/x/.git/config")
    assert names(search(tmp_path).repositories, tmp_path) == {"vendor/lib/.git", "module/.git"}


def test_folders_that_tools_fill_are_passed_over_and_links_not_followed(tmp_path):
    put(tmp_path, "node_modules/a/.env", "target/.env", "real/.env")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert names(search(tmp_path).secrets, tmp_path) == {"real/.env"}


def test_a_link_of_that_name_counts(tmp_path):
    put(tmp_path, "shared/secrets")
    (tmp_path / ".env").symlink_to("shared/secrets")
    assert names(search(tmp_path).secrets, tmp_path) == {".env"}


def test_the_search_ends_at_its_depth(tmp_path):
    put(tmp_path, "/".join("abcdef") + "/.env", "/".join("abcdefg") + "/.env")
    assert names(search(tmp_path).secrets, tmp_path) == {"a/b/c/d/e/f/.env"}


def test_a_pipe_or_an_unreadable_file_does_not_stop_it(tmp_path):
    os.mkfifo(tmp_path / ".npmrc")
    put(tmp_path, "a/.envrc", "b/.env")
    (tmp_path / "a" / ".envrc").chmod(0)
    assert names(search(tmp_path).secrets, tmp_path) == {"b/.env"}


@pytest.mark.slow
def test_thirty_thousand_files_are_searched_within_the_bound(tmp_path):
    for number in range(150):
        folder = tmp_path / f"folder-{number}"
        folder.mkdir()
        for name in range(210):
            (folder / f"file-{name}.py").touch()
    put(tmp_path, ".env")
    began = time.process_time()
    found = search(tmp_path)
    assert names(found.secrets, tmp_path) == {".env"}
    assert not found.complete
    assert time.process_time() - began < 4 * secretfiles.SECONDS
