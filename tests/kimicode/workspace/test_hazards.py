"""Files that something obeys later are known by name, however the name is spelt."""

from pathlib import PurePath

import pytest

from kimicode.workspace.hazards import guarded, runs_later, to_look_at


@pytest.mark.parametrize(
    "path",
    [
        "Makefile",
        "deep/down/conftest.py",
        ".github/workflows/ci.yml",
        ".husky/pre-commit",
        "web/package.json",
        "PACKAGE.JSON",
        "src/ｃonftest.py",
        "Conf\u200btest.py",
        ".vscode/tasks.json",
        "build.rs",
        "docker-compose.dev.yml",
        "AGENTS.md",
        ".hg/hgrc",
        ".gitlab-ci.deploy.yml",
        "infra/main.tf",
        "docs/conf.py",
        "app.xcodeproj/project.pbxproj",
        ".bash_login",
        "native/binding.gyp",
        "yarn.lock",
    ],
)
def test_what_a_program_obeys_later_is_known(path: str) -> None:
    assert runs_later(PurePath(path))


@pytest.mark.parametrize("path", ["src/app.py", "README.md", "package.json.txt", "makefiles/a.c", "github/x.yml"])
def test_ordinary_files_are_not_suspected(path: str) -> None:
    assert not runs_later(PurePath(path))


@pytest.mark.parametrize(
    "path",
    [
        ".git/config",
        "sub/.GIT/hooks/pre-commit",
        ".kimicode/config.toml",
        ".g\u200bit/config",
        "GIT~1/config",
        ".git./config",
        ".git /x",
        "KIMICO~1/x",
    ],
)
def test_settings_of_git_and_kimicode_are_guarded(path: str) -> None:
    assert guarded(PurePath(path))


def test_a_report_names_the_files_to_look_at() -> None:
    assert to_look_at(["a.py", "Makefile", ".gitmodules", "b.py"]) == ["Makefile", ".gitmodules"]
