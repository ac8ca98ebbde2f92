"""What tests of the interface share."""

import os

import pytest


@pytest.fixture
def home(tmp_path):
    """A place of its own for configuration and sessions, by the variable that moves all of them."""
    before = os.environ.get("KIMICODE_HOME")
    place = tmp_path / "home"
    os.environ["KIMICODE_HOME"] = str(place)
    yield place
    if before is None:
        del os.environ["KIMICODE_HOME"]
    else:
        os.environ["KIMICODE_HOME"] = before


@pytest.fixture
def project(tmp_path):
    """A folder to work in."""
    folder = tmp_path / "project"
    folder.mkdir()
    return folder
