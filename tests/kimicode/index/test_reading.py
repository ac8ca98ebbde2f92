"""What one file says, for the index: only what is really in the tree."""

from kimicode.index.reading import look_at


def test_a_file_behind_a_link_counts_as_gone(tmp_path):
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys/a.py").write_text("PIN = 4711\n")
    (tmp_path / "tree").mkdir()
    root = str(tmp_path.resolve() / "tree")
    (tmp_path / "tree/sub").symlink_to(tmp_path / "keys")
    assert look_at(root, "sub/a.py", lambda digest: False).gone
    (tmp_path / "tree/sub").unlink()
    (tmp_path / "keys").rename(tmp_path / "tree/sub")
    assert not look_at(root, "sub/a.py", lambda digest: False).gone
