"""Which layer is found: one that has passed its trial, and never a program that commands could replace."""

import os
import subprocess
import sys

import pytest

from kimicode.workspace.sandbox import layers
from kimicode.workspace.sandbox.layers import NONE, Layer, best, find, prepare, trial
from kimicode.workspace.sandbox.policy import Policy
from tests.fakes.ground import layer


def test_the_layer_that_is_found_has_passed_its_trial():
    found = find()
    assert found is find()
    if found.name == "none":
        pytest.skip(found.lacking)
    assert trial(found) == ""
    assert any("new git repository" in gap for gap in found.gaps)
    assert any("/dev/null" in gap for gap in found.gaps) == (found.name == "bubblewrap" and os.geteuid() == 0)


def test_without_bubblewrap_landlock_takes_its_place_and_says_why():
    found = layer("landlock")
    assert found.lacking == "bubblewrap is not installed"
    assert "apt install bubblewrap" in found.hint
    assert any("hooks" in gap for gap in found.gaps)


def test_a_bubblewrap_that_confines_nothing_fails_its_trial(tmp_path):
    fake = tmp_path / "bwrap"
    fake.write_text('#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done; shift; exec "$@"\n')
    fake.chmod(0o755)
    reason = trial(Layer("bubblewrap", program=fake))
    assert "in it" in reason or "of it" in reason or "hidden" in reason
    found = best(fake)
    assert found.name in ("landlock", "none")
    assert found.lacking.startswith("bubblewrap does not work here: a program")


def test_a_bubblewrap_that_fails_is_quoted(tmp_path):
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'setting up uid map: Permission denied' >&2\nexit 1\n")
    fake.chmod(0o755)
    found = best(fake)
    assert "Permission denied" in found.lacking
    assert "user namespaces" in found.hint


def test_no_layer_at_all_fails_the_trial():
    assert trial(NONE) != ""


def test_a_bubblewrap_that_commands_could_replace_is_not_run(tmp_path):
    own = Layer("bubblewrap", program=tmp_path / "bin" / "bwrap")
    with pytest.raises(PermissionError, match="may change it"):
        prepare(own, Policy((tmp_path,)), ("true",), {}, records=tmp_path / "records")


def test_landlock_alone_does_not_start_where_commands_could_change_what_confines_them():
    with pytest.raises(PermissionError, match="may change it"):
        prepare(Layer("landlock"), Policy((layers.PACKAGE_ROOT,)), ("true",), {})


def test_programs_of_this_folder_import_the_standard_library_alone():
    for module in ("trial", "confine", "landlock", "seccomp", "privileges", "policy"):
        code = f"import sys; sys.path.append({str(layers.PACKAGE_ROOT)!r}); import kimicode.workspace.sandbox.{module}"
        command = [sys.executable, "-I", "-S", "-c", f"{code}; print(*sys.modules)"]
        loaded = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.split()
        ours = {name for name in loaded if name.startswith("kimicode.")}
        assert all(name == "kimicode.workspace" or name.startswith("kimicode.workspace.sandbox") for name in ours)
