"""`kimicode map`, as a program."""

import pytest

from tests.fakes.indexed import plant


@pytest.fixture
def ask(called, tmp_path):
    plant(tmp_path / "tree")

    def run(*arguments):
        return called("map", *arguments, cwd=tmp_path / "tree")

    return run


def test_it_prints_the_most_used_definitions_and_keeps_to_its_budget(ask):
    whole = ask()
    assert whole.returncode == 0
    assert whole.stdout.startswith("shop/money.py\n  1 class Money\n")
    assert len(ask("--tokens", "50").stdout) <= 176 < len(whole.stdout)


def test_files_that_are_named_come_first(ask):
    assert ask("shop/storage.py").stdout.startswith("shop/storage.py\n")


def test_a_file_that_is_not_there_is_said(ask):
    answer = ask("gone.py")
    assert answer.returncode == 1
    assert "gone.py" in answer.stderr


def test_an_empty_folder_says_so(ask, tmp_path):
    (tmp_path / "empty").mkdir()
    assert ask("-C", str(tmp_path / "empty")).stdout == "nothing is defined here that could be shown\n"


def test_names_and_sources_cannot_steer_the_terminal(ask, tmp_path):
    plant(tmp_path / "tree", {"odd\x1b[2J\n  9 def trust_me().py": "def f(a='\x1b[31m'): pass\n"})
    shown = ask().stdout
    assert "odd\\x1b[2J\\x0a  9 def trust_me().py\n" in shown
    assert "\x1b" not in shown
