"""What commands leave behind is removed however it is built, and nothing beside it."""

import os
import subprocess
import sys

from kimicode.workspace.discard import discard


def test_a_thousand_folders_in_one_another_are_removed_and_links_are_not_followed(tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").touch()
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link").symlink_to(kept)
    os.mkfifo(folder / "pipe")
    here = os.open(folder, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=here)
        deeper = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)
    discard(folder)
    assert not folder.exists()
    assert (kept / "file").exists()


def test_nothing_there_is_nothing_to_do(tmp_path):
    discard(tmp_path / "missing")


def test_a_deep_folder_is_not_removed_by_an_rm_that_a_command_left_on_the_path(tmp_path):
    project = tmp_path / "project"
    (project / "bin").mkdir(parents=True)
    (project / "bin/rm").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    (project / "bin/rm").chmod(0o755)
    script = (
        "import os, pathlib, sys; from kimicode.workspace.discard import discard\n"
        "os.mkdir(sys.argv[1]); here = os.getcwd(); os.chdir(sys.argv[1])\n"
        "for _ in range(3000): os.mkdir('d'); os.chdir('d')\n"
        "os.chdir(here); discard(pathlib.Path(sys.argv[1]))\n"
    )
    environ = {"PATH": f"{project}/bin:/usr/bin:/bin", "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", script, tmp_path / "deep"], cwd=project, env=environ, check=True)
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "deep").exists()
