"""The command line as a program of its own, without the second that its start takes."""

import os
import subprocess
import sys

import pytest


@pytest.fixture
def called(warm_python, tmp_path):
    """Runs `kimicode` from its start to its end; with `TESTS_COLD=1` each one has an interpreter of its own."""

    def run(*given, cwd=tmp_path, typed="", stdout=subprocess.PIPE, **variables):
        environment = {**os.environ, "KIMICODE_HOME": str(tmp_path / "home"), **variables}
        words = [str(word) for word in given]
        if "TESTS_COLD" not in os.environ:
            return warm_python.run("kimicode", *words, cwd=cwd, env=environment, typed=typed, stdout=stdout)
        command = [sys.executable, "-m", "kimicode", *words]
        streams = {"stdout": stdout, "stderr": subprocess.PIPE, "text": True}
        return subprocess.run(command, env=environment, cwd=cwd, input=typed, timeout=30, check=False, **streams)

    return run
