"""The state file: whole, private, and removed by whoever wrote it."""

import json
import stat

from kimicode_engine.server.state import ServerState, remove_state, write_state

STATE = ServerState(4711, "http://127.0.0.1:8421/v1", "key", "tiny", 4096, "0.1.0")


def test_it_is_json_that_only_its_owner_reads(tmp_path):
    path = tmp_path / "run" / "server.json"
    path.parent.mkdir()
    path.write_text("older")
    path.chmod(0o644)
    write_state(path, STATE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text()) == {
        "pid": 4711,
        "base_url": "http://127.0.0.1:8421/v1",
        "api_key": "key",
        "model": "tiny",
        "window": 4096,
        "version": "0.1.0",
    }
    assert [child.name for child in path.parent.iterdir()] == ["server.json"]


def test_a_missing_folder_is_made_for_its_owner_alone(tmp_path):
    write_state(tmp_path / "new" / "server.json", STATE)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def test_only_the_writer_removes_it(tmp_path):
    path = tmp_path / "server.json"
    write_state(path, STATE)
    remove_state(path, 1)
    assert path.exists()
    remove_state(path, STATE.pid)
    assert not path.exists()
    remove_state(path, STATE.pid)


def test_a_broken_file_is_left_alone(tmp_path):
    path = tmp_path / "server.json"
    for text in ("", "[]", "{", "7"):
        path.write_text(text)
        remove_state(path, STATE.pid)
        assert path.exists()
