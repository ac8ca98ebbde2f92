"""What commands leave behind is removed however it is built, and nothing beside it."""

import os

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
