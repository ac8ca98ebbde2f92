import os

import pytest

from scoped import environment, working_directory


def test_the_directory_changes_and_comes_back(tmp_path):
    before = os.getcwd()
    with working_directory(tmp_path):
        assert os.path.samefile(os.getcwd(), tmp_path)
    assert os.getcwd() == before


def test_the_directory_comes_back_after_an_error(tmp_path):
    before = os.getcwd()
    try:
        with pytest.raises(RuntimeError), working_directory(tmp_path):
            raise RuntimeError("inside")
        assert os.getcwd() == before
    finally:
        os.chdir(before)


def test_variables_are_set_and_removed():
    with environment(SCOPED_A="1"):
        assert os.environ["SCOPED_A"] == "1"
        with environment(SCOPED_A=None):
            assert "SCOPED_A" not in os.environ
        assert os.environ["SCOPED_A"] == "1"
    assert "SCOPED_A" not in os.environ


def test_variables_come_back_after_an_error():
    with pytest.raises(RuntimeError), environment(SCOPED_B="1"):
        raise RuntimeError("inside")
    assert "SCOPED_B" not in os.environ
