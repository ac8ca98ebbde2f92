"""Which checkers are called for a file: configured by the project, on this machine, permitted."""

import os

import pytest

from kimicode.workspace.diagnostics.configured import Checkers


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    (folder / "src").mkdir(parents=True)
    return folder


@pytest.fixture
def machine(tmp_path):
    return tmp_path / "bin"


def install(folder, *names):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)


def checkers(project, machine, *, trust=True, refused=(), search_path=None, roots=None):
    def permits(command, code_of):
        return command[0] not in refused and (trust or code_of is None)

    path = str(machine) if search_path is None else search_path
    return Checkers(roots or (project,), project.parent / "scratch", path, permits)


def names(found):
    return [check.checker.name for check in found]


def test_a_checker_that_the_project_does_not_configure_is_not_called(project, machine):
    install(machine, "ruff", "mypy", "pyright")
    (project / "pyproject.toml").write_text('[project]\nname = "x"\n\n[tool.ruff.lint]\nselect = ["F"]\n')
    assert names(checkers(project, machine).of(project / "src" / "a.py")) == ["ruff"]
    (project / "mypy.ini").write_text("[mypy]\n")
    assert names(checkers(project, machine).of(project / "src" / "a.py")) == ["mypy", "ruff"]
    assert checkers(project, machine).of(project / "src" / "a.txt") == []


def test_a_table_named_in_passing_configures_nothing(project, machine):
    install(machine, "ruff")
    (project / "pyproject.toml").write_text("# no [tool.ruff] here\n[tool.ruffian]\n")
    assert checkers(project, machine).of(project / "a.py") == []


def test_one_that_is_not_installed_is_not_called(project, machine):
    (project / "ruff.toml").touch()
    assert checkers(project, machine).of(project / "a.py") == []


def test_the_nearest_configuration_counts(project, machine):
    install(machine, "tsc")
    (project / "tsconfig.json").write_text("{}")
    (project / "src" / "tsconfig.json").write_text("{}")
    check = checkers(project, machine).of(project / "src" / "a.ts")[0]
    assert check.cwd == project / "src"
    assert str(project / "src" / "tsconfig.json") in check.argv
    assert check.top == project


def test_configuration_above_the_project_is_not_its_own(project, machine):
    install(machine, "ruff")
    (project.parent / "ruff.toml").touch()
    assert checkers(project, machine).of(project / "a.py") == []


def test_in_a_repository_its_root_is_the_top(project, machine):
    install(machine, "ruff")
    (project / "ruff.toml").touch()
    roots = (project / "src", project)
    assert checkers(project, machine, roots=roots).of(project / "src" / "a.py")[0].top == project


def test_a_file_outside_of_the_work_is_not_checked(project, machine):
    install(machine, "shellcheck")
    assert checkers(project, machine).of(project.parent / "a.sh") == []
    assert names(checkers(project, machine).of(project / "a.sh")) == ["shellcheck"]


def test_what_the_project_installed_goes_before_what_the_machine_has(project, machine):
    install(machine, "eslint")
    install(project / "node_modules" / ".bin", "eslint")
    (project / "eslint.config.mjs").touch()
    check = checkers(project, machine).of(project / "src" / "a.js")[0]
    assert check.argv[0] == str(project / "node_modules" / ".bin" / "eslint")


def test_without_trust_the_machines_own_is_taken_and_nothing_that_runs_code_of_the_project(project, machine):
    install(machine, "ruff", "mypy", "eslint", "cargo", "tsc", "go", "ruby", "pyright")
    install(project / ".venv" / "bin", "ruff")
    install(project / "node_modules" / ".bin", "tsc")
    for name in ("ruff.toml", "mypy.ini", "eslint.config.js", "Cargo.toml", "tsconfig.json", "go.mod"):
        (project / name).touch()
    (project / "pyrightconfig.json").touch()
    asked = checkers(project, machine, trust=False)
    assert [check.argv[0] for check in asked.of(project / "a.py")] == [str(machine / "ruff")]
    for name in ("a.ts", "a.js", "a.rs", "a.go", "a.rb"):
        assert asked.of(project / name) == []


@pytest.mark.parametrize("kind", ["a folder in it", "a link into it", "a relative folder"])
def test_a_program_of_the_project_is_its_code_however_it_is_found(project, machine, kind):
    install(project / "tools", "ruff")
    machine.mkdir()
    (machine / "ruff").symlink_to(project / "tools" / "ruff")
    search_path = {
        "a folder in it": str(project / "src" / ".." / "tools"),
        "a link into it": str(machine),
        "a relative folder": f".{os.pathsep}tools{os.pathsep}",
    }[kind]
    (project / "ruff.toml").touch()
    assert checkers(project, machine, trust=False, search_path=search_path).of(project / "a.py") == []


def test_a_refused_program_is_not_called(project, machine):
    install(machine, "ruff", "mypy")
    (project / "ruff.toml").touch()
    (project / "mypy.ini").touch()
    assert names(checkers(project, machine, refused={"mypy"}).of(project / "a.py")) == ["ruff"]


def test_caches_lie_outside_of_the_project_and_apart_by_configuration(project, machine):
    install(machine, "cargo")
    (project / "Cargo.toml").touch()
    (project / "src" / "Cargo.toml").touch()
    outer = checkers(project, machine).of(project / "a.rs")[0].argv[-1]
    inner = checkers(project, machine).of(project / "src" / "a.rs")[0].argv[-1]
    assert outer != inner
    assert all(path.startswith(str(project.parent / "scratch")) for path in (outer, inner))


def test_a_configuration_that_is_no_file_is_none(project, machine):
    install(machine, "ruff", "mypy")
    os.mkfifo(project / "pyproject.toml")
    (project / "ruff.toml").mkdir()
    assert checkers(project, machine).of(project / "a.py") == []


def test_braces_in_a_name_are_part_of_the_name(project, machine):
    install(machine, "ruff")
    (project / "ruff.toml").touch()
    assert str(project / "{path}.py") in checkers(project, machine).of(project / "{path}.py")[0].argv
