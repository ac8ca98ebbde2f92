"""Running engines are found by their state files; dead, foreign and damaged ones are told apart."""

import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode import paths
from kimicode.config.schema import Settings
from kimicode.errors import ConfigError
from kimicode.llm.local import Engine, checkpoint_of, engine_command, read_state, running
from tests.fakes.model_server import free_port

KEY = "key-of-the-engine"


@contextmanager
def listening(status=200):
    """A server that answers /health to KEY; yields its address and the keys that it was shown."""
    shown = []

    class Health(BaseHTTPRequestHandler):
        def do_GET(self):
            shown.append(self.headers["authorization"])
            right = self.path == "/health" and shown[-1] == f"Bearer {KEY}"
            self.send_response(status if right else 401)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Health)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", shown
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def home(tmp_path):
    environ = {"KIMICODE_HOME": str(tmp_path)}
    paths.engines_dir(environ).mkdir(parents=True)
    return environ


def write(home, name="8421", **fields):
    state = {"pid": os.getpid(), "base_url": "http://127.0.0.1:1/v1", "api_key": KEY, "model": "k", "window": 4096}
    path = paths.engines_dir(home) / f"{name}.json"
    path.write_text(json.dumps({**state, **fields}))
    return path


def test_where_nothing_was_ever_started_nothing_runs(tmp_path):
    assert running({"KIMICODE_HOME": str(tmp_path)}) is None


def test_an_engine_that_answers_to_its_key_is_found(home):
    with listening() as (url, _):
        write(home, base_url=url)
        assert running(home) == Engine(os.getpid(), url, KEY, "k", 4096)


def test_a_key_is_not_part_of_what_is_printed(home):
    assert KEY not in repr(read_state(write(home)))


def test_one_without_a_key_is_found_as_well(home):
    engine = read_state(write(home, api_key=None))
    assert engine is not None
    assert engine.api_key == ""
    assert engine.applied(Settings()).api_key is None


def test_the_latest_of_two_is_taken(home):
    with listening() as (url, _):
        old = write(home, "1", base_url=url, model="old")
        write(home, "2", base_url=url, model="new")
        os.utime(old, (1, 1))
        found = running(home)
    assert found is not None
    assert found.model == "new"


def test_one_that_serves_another_model_is_not_the_one_that_is_wanted(home):
    with listening() as (url, shown):
        write(home, base_url=url, model="kimi-k2.6")
        assert running(home, model="kimi-nano") is None
        assert shown == [], "it is not even asked"
        write(home, "1", base_url=url, model="kimi-nano")
        found = running(home, model="kimi-nano")
    assert found is not None
    applied = found.applied(Settings())
    assert applied.models["kimi-nano"].like == "kimi-nano"


def test_of_a_dead_process_the_file_is_removed_and_nobody_gets_its_key(home):
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    with listening() as (url, shown):
        path = write(home, base_url=url, pid=process.pid)
        assert running(home) is None
    assert not path.exists()
    assert shown == []


def test_a_number_that_another_process_has_now_is_seen_by_the_silence_of_the_port(home):
    path = write(home, base_url=f"http://127.0.0.1:{free_port()}/v1")
    assert running(home) is None
    assert not path.exists()


@pytest.mark.parametrize("fields", [{"api_key": "another"}, {"api_key": "ungültig"}, {"base_url": "nonsense"}])
def test_what_does_not_answer_as_an_engine_is_not_joined_and_left_alone(home, fields):
    with listening() as (url, _):
        path = write(home, **{"base_url": url, **fields})
        assert running(home) is None
    assert path.exists()


def test_an_engine_that_has_crashed_inside_is_not_joined(home):
    with listening(status=500) as (url, _):
        write(home, base_url=url)
        assert running(home) is None


@given(
    st.binary() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(lambda x: json.dumps(x).encode())
)
def test_no_state_file_is_so_damaged_that_it_harms(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "state.json"
    path.write_bytes(content)
    assert read_state(path) is None


@pytest.mark.parametrize("fields", [{"window": None}, {"window": "many"}, {"window": 0}, {"pid": [1]}])
def test_a_state_with_a_wrong_field_is_none(home, fields):
    assert read_state(write(home, **fields)) is None


def test_the_window_is_the_smallest_that_anybody_names(home):
    engine = Engine(1, "http://127.0.0.1:1/v1", "", "k", 4096)
    assert engine.applied(Settings()).window == 4096
    assert engine.applied(Settings(window=1000)).window == 1000
    assert engine.applied(Settings(window=100_000)).window == 4096


def test_the_folder_of_weights_must_be_one(tmp_path):
    with pytest.raises(ConfigError, match="no checkpoint is configured"):
        checkpoint_of(Settings())
    with pytest.raises(ConfigError, match="there is no folder"):
        checkpoint_of(Settings(checkpoint=tmp_path / "missing"))
    with pytest.raises(ConfigError, match=r"no config\.json"):
        checkpoint_of(Settings(checkpoint=tmp_path))
    (tmp_path / "config.json").touch()
    assert checkpoint_of(Settings(checkpoint=tmp_path)) == tmp_path


def test_the_engine_is_started_by_this_interpreter_and_not_from_the_present_folder():
    assert engine_command(["--plan"]) == [sys.executable, "-P", "-m", "kimicode_engine", "--plan"]


def test_without_torch_one_is_told_how_to_install_it():
    code = (
        "import sys; from kimicode.llm.local import engine_command\n"
        "sys.path[:] = [path for path in sys.path if 'site-packages' not in path]\n"
        "engine_command(())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "torch missing" in done.stderr
    assert "pip install 'kimicode[engine]'" in done.stderr
