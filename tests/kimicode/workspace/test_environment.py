"""The state file between two commands is data: whatever it holds, loading it is quick, and harmless."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.workspace.environment import ShellState, child_variables, load

TOKEN = "0123456789abcdef"


def test_a_complete_state_is_loaded_without_what_belongs_to_one_shell(tmp_path):
    file = tmp_path / "state"
    file.write_bytes(
        b"/some/dir\n\0A=1=2\nx\0_=/bin/env\0SHLVL=2\0BASH_ENV=/evil\0BASH_FUNC_f%%=() {\0noequals\0" + TOKEN.encode()
    )
    assert load(file, TOKEN) == ShellState(Path("/some/dir"), {"A": "1=2\nx", "noequals": ""})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        TOKEN.encode(),
        b"/dir\n\0A=1\0",
        b"/dir\n\0A=1\0another token",
        b"relative\n\0A=1\0" + TOKEN.encode(),
        b"/dir\0A=1\0" + TOKEN.encode(),
        b"/dir\n\0" + b"x" * 2_000_000 + b"\0" + TOKEN.encode(),
    ],
)
def test_a_state_that_is_torn_forged_or_flooded_is_ignored(tmp_path, data):
    file = tmp_path / "state"
    file.write_bytes(data)
    assert load(file, TOKEN) is None


def test_a_missing_file_a_folder_a_link_and_a_pipe_are_ignored_at_once(tmp_path):
    real = tmp_path / "real"
    real.write_bytes(b"/dir\n\0A=1\0" + TOKEN.encode())
    assert load(real, TOKEN) is not None
    (tmp_path / "link").symlink_to(real)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("missing", "link", "pipe", "folder"):
        assert load(tmp_path / name, TOKEN) is None


@given(st.binary(max_size=200))
def test_any_bytes_load_to_a_usable_state_or_none(tmp_path_factory, data):
    file = tmp_path_factory.getbasetemp() / "fuzz-state"
    file.write_bytes(data + b"\0" + TOKEN.encode())
    state = load(file, TOKEN)
    if state is not None:
        assert state.cwd.is_absolute()
        assert all(name.isidentifier() and "\0" not in value for name, value in state.variables.items())


def test_a_repository_cannot_have_git_status_start_a_program():
    plain, own = child_variables({}), child_variables({"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "user.name"})
    assert (plain["GIT_CONFIG_KEY_0"], plain["GIT_CONFIG_VALUE_0"]) == ("core.fsmonitor", "false")
    assert (own["GIT_CONFIG_COUNT"], own["GIT_CONFIG_KEY_0"], own["GIT_CONFIG_KEY_1"]) == (
        "2",
        "user.name",
        "core.fsmonitor",
    )


def test_the_keys_of_model_providers_are_removed_and_those_of_the_project_stay():
    kept = child_variables(
        {"KIMICODE_API_KEY": "x", "MOONSHOT_API_KEY": "x", "STRIPE_API_KEY": "mine", "TERM": "xterm"}
    )
    assert "KIMICODE_API_KEY" not in kept
    assert "MOONSHOT_API_KEY" not in kept
    assert kept["STRIPE_API_KEY"] == "mine"
    assert kept["TERM"] == "dumb"
