"""Temporary folders go with their review; what a killed one left goes later, and nothing else does."""

import os
import subprocess
import sys
import time

from kimicode.review import scratch

DAYS_AGO = time.time() - 3 * 86_400


def old(folder):
    os.utime(folder, (DAYS_AGO, DAYS_AGO))
    return folder


def test_what_a_killed_review_left_days_ago_is_swept_up(tmp_path):
    left = tmp_path / "kimicode-review-abc"
    (left / "tree" / "src").mkdir(parents=True)
    (left / "tree" / "src" / "a.py").write_text("x = 1\n")
    old(left)
    scratch.sweep(tmp_path)
    assert not left.exists()


def test_running_reviews_and_what_is_none_of_them_stay(tmp_path):
    running = tmp_path / "kimicode-review-running"
    running.mkdir()
    other, target = old_folder(tmp_path / "other"), old_folder(tmp_path / "target")
    link = tmp_path / "kimicode-review-link"
    link.symlink_to(target)
    os.utime(link, (DAYS_AGO, DAYS_AGO), follow_symlinks=False)
    file = tmp_path / "kimicode-review-file"
    file.write_text("kept")
    old(file)
    scratch.sweep(tmp_path)
    assert all(place.exists() for place in (running, other, target, file))
    assert link.is_symlink()


def test_other_folders_have_their_own_pattern_and_age(tmp_path):
    first, second = old_folder(tmp_path / "a.git"), old_folder(tmp_path / "b")
    scratch.sweep(tmp_path, pattern="*.git", unused_s=30 * 86_400)
    assert first.exists()
    scratch.sweep(tmp_path, pattern="*.git", unused_s=86_400)
    assert not first.exists()
    assert second.exists()


def test_a_place_that_is_not_there_is_swept_as_well(tmp_path):
    scratch.sweep(tmp_path / "nowhere")


def test_a_folder_that_was_closed_is_removed_by_its_owner_who_is_no_superuser():
    code = (
        "import os, tempfile; from pathlib import Path\n"
        "from kimicode.review import scratch\n"
        "os.getuid() == 0 and os.setuid(65534)\n"
        "folder = Path(tempfile.mkdtemp()); (folder / 'a/b/c').mkdir(parents=True)\n"
        "(folder / 'a/b/c/file').touch(); (folder / 'a/b').chmod(0); (folder / 'a').chmod(0o100)\n"
        "scratch.remove(folder); print(folder.exists())"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd="/")
    assert (answer.stdout, answer.stderr) == ("False\n", "")


def old_folder(place):
    place.mkdir()
    return old(place)
