"""What the agent starts itself is never a program that a command in the sandbox could have put there."""

import os
import subprocess
import sys

import pytest

from kimicode import programs


def plant(folder, name, text="#!/bin/sh\nexit 0\n"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)
    return str(folder)


@pytest.fixture
def installed(tmp_path):
    return plant(tmp_path / "usr/bin", "tool")


@pytest.fixture
def project(tmp_path):
    """The present folder; as a process's own it is set in the commands that need it."""
    (tmp_path / "project/.git").mkdir(parents=True)
    return tmp_path / "project"


def found_in(folder, path):
    """What is found by a process in that folder."""
    script = "from kimicode import programs; print(programs.find('tool'))"
    environ = {**os.environ, "PATH": path, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, env=environ, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_a_program_in_the_project_is_none_whatever_folder_of_it_one_is_in(project, installed):
    (project / "sub").mkdir()
    own = plant(project / "bin", "tool")
    assert found_in(project / "sub", os.pathsep.join([own, installed])) == f"{installed}/tool"
    assert found_in(project, own) == "None"


def test_a_link_into_the_project_is_in_the_project(project, installed, tmp_path):
    plant(project / "bin", "tool")
    (tmp_path / "link").symlink_to(project / "bin")
    assert found_in(project, os.pathsep.join([str(tmp_path / "link"), installed])) == f"{installed}/tool"


def test_environments_of_other_projects_do_not_count_either(tmp_path, installed):
    (tmp_path / "other/.venv").mkdir(parents=True)
    (tmp_path / "other/.venv/pyvenv.cfg").write_text("")
    own = plant(tmp_path / "other/.venv/bin", "tool")
    modules = plant(tmp_path / "other/node_modules/.bin", "tool")
    assert programs.find("tool", {"PATH": os.pathsep.join([own, modules, installed])}) == f"{installed}/tool"


def test_in_a_folder_that_holds_the_whole_system_programs_are_found_all_the_same(installed):
    assert found_in("/", installed) == f"{installed}/tool"


def test_places_that_are_not_absolute_and_empty_ones_do_not_count(installed):
    assert programs.places({"PATH": f".:bin::{installed}"}) == installed


def test_git_is_not_the_one_that_a_command_left_in_the_environment_of_the_project(project, tmp_path):
    own = plant(project / ".venv/bin", "git", f'#!/bin/sh\ntouch {tmp_path}/ran\nexec /usr/bin/git "$@"\n')
    script = "from kimicode.git import command; print(command.version())"
    environ = {**os.environ, "PATH": f"{own}:{os.environ['PATH']}", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", script], cwd=project, env=environ, capture_output=True, text=True)
    assert done.stdout.strip() not in ("", "None"), done.stderr
    assert not (tmp_path / "ran").exists()
