"""The doctor finds what keeps people from starting, against real servers, and never shows a key or crashes."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from kimicode.cli.checks import Check
from kimicode.cli.doctor import diagnose, render
from kimicode.config.trust import Record
from tests.fakes.nano_package import package

KEY = "sk-very-secret-0123456789"
MODELS = json.dumps({"object": "list", "data": [{"id": "kimi-k2.6"}, {"id": "other/model"}]}).encode()


@contextmanager
def serving(status: int = 200, body: bytes = MODELS, delay_s: float = 0.0) -> Iterator[str]:
    """A server that answers each request alike; its base URL. With KEY as the key it answers, without it says 401."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            time.sleep(delay_s)
            allowed = self.headers["Authorization"] in (None, f"Bearer {KEY}") and self.path == "/v1/models"
            self.send_response(status if allowed else 401)
            self.send_header("Location", "http://127.0.0.1:1/")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.daemon_threads = True
    server.block_on_close = False
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def environ(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    return {"KIMICODE_HOME": str(home), "PATH": os.environ["PATH"], "TERM": "xterm-256color"}


def examined(environ: Mapping[str, str], cwd: Path, **flags: Any) -> dict[str, list[Check]]:
    found: dict[str, list[Check]] = {}
    for check in diagnose(flags, cwd=cwd, environ=environ):
        assert KEY not in repr(check)
        found.setdefault(check.name, []).append(check)
    return found


def test_without_configuration_it_says_how_to_begin(environ, tmp_path):
    found = examined(environ, tmp_path)
    (endpoint,) = found["endpoint"]
    assert endpoint.status == "failure"
    assert "export MOONSHOT_API_KEY" in endpoint.hint
    assert "server" not in found
    assert found["python"][0].status == found["shell"][0].status == found["disk"][0].status == "ok"


def test_a_working_endpoint_is_praised(environ, tmp_path):
    with serving() as url:
        found = examined({**environ, "KIMICODE_API_KEY": KEY}, tmp_path, base_url=url, model="kimi-k2.6")
    assert [check.status for check in found["server"]] == ["ok"]
    assert found["endpoint"][0].text == f"{url}, model kimi-k2.6, key from KIMICODE_API_KEY"
    assert found["model"][0].status == "ok"
    assert "262,144 tokens" in found["model"][0].text


def test_a_refused_key_is_told_by_its_variable(environ, tmp_path):
    with serving() as url:
        found = examined({**environ, "KIMICODE_API_KEY": "wrong"}, tmp_path, base_url=url)
    (server,) = found["server"]
    assert server.status == "failure"
    assert server.hint == "Correct the key in KIMICODE_API_KEY."


def test_a_server_that_wants_a_key_is_understood(environ, tmp_path):
    with serving(status=401) as url:
        (server,) = examined(environ, tmp_path, base_url=url)["server"]
    assert server.status == "failure"
    assert "export KIMICODE_API_KEY" in server.hint


def test_a_misspelt_model_is_told_with_the_nearest(environ, tmp_path):
    with serving() as url:
        server = examined(environ, tmp_path, base_url=url, model="kimi-k2.66")["server"]
    assert [check.status for check in server] == ["ok", "failure"]
    assert "kimi-k2.6" in server[1].hint


def test_a_variant_of_a_listed_model_is_fine(environ, tmp_path):
    with serving() as url:
        server = examined(environ, tmp_path, base_url=url, model="other/model:free")["server"]
    assert [check.status for check in server] == ["ok"]


def test_without_a_model_the_servers_models_are_listed(environ, tmp_path):
    with serving() as url:
        server = examined(environ, tmp_path, base_url=url)["server"]
    assert "kimi-k2.6, other/model" in server[1].text


def test_a_model_that_the_catalogue_does_not_know_needs_a_window(environ, tmp_path):
    with serving() as url:
        (model,) = examined(environ, tmp_path, base_url=url, model="other/model")["model"]
        assert model.status == "warning"
        assert '[models."other/model"]' in model.hint
        (Path(environ["KIMICODE_HOME"]) / "config.toml").write_text('[models."other/model"]\nwindow = 65536')
        (model,) = examined(environ, tmp_path, base_url=url, model="other/model")["model"]
    assert model.status == "ok"
    assert "65,536" in model.text


def test_a_closed_port_means_that_the_server_is_not_running(environ, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    (server,) = examined(environ, tmp_path, base_url=f"http://127.0.0.1:{port}/v1")["server"]
    assert server.status == "failure"
    assert "Start the server" in server.hint


@pytest.mark.parametrize(
    ("status", "body", "verdict", "words"),
    [
        (404, b"", "warning", "/v1"),
        (302, b"", "warning", "status 302"),
        (500, b"", "failure", "status 500"),
        (200, b"<html>", "failure", "OpenAI-compatible"),
        (200, b"[]", "failure", "OpenAI-compatible"),
        (200, b'{"data": [1, {"id": 2}]}', "ok", "0 model(s)"),
        (200, b"\xff", "failure", "OpenAI-compatible"),
    ],
)
def test_strange_answers_are_explained(environ, tmp_path, status, body, verdict, words):
    with serving(status, body) as url:
        server = examined(environ, tmp_path, base_url=url)["server"][0]
    assert server.status == verdict
    assert words in server.text + server.hint


def test_a_server_that_hangs_costs_five_seconds_and_no_more(environ, tmp_path):
    started = time.monotonic()
    with serving(delay_s=20) as url:
        (server,) = examined(environ, tmp_path, base_url=url)["server"]
    assert server.status == "failure"
    assert time.monotonic() - started < 15


def test_a_broken_file_is_told_and_the_rest_is_still_checked(environ, tmp_path):
    (Path(environ["KIMICODE_HOME"]) / "config.toml").write_text("model = ")
    found = examined(environ, tmp_path)
    assert found["configuration"][0].status == "failure"
    assert "config.toml:1" in found["configuration"][0].text
    assert found["disk"][0].status == "ok"


def test_what_was_read_is_listed(environ, tmp_path):
    (Path(environ["KIMICODE_HOME"]) / "config.toml").write_text('mode = "ask"')
    (tmp_path / "AGENTS.md").write_text("be kind")
    found = examined({**environ, "KIMICODE_WINDOW": "9", "KIMICODE_MODELL": "x"}, tmp_path)
    file = Path(environ["KIMICODE_HOME"]) / "config.toml"
    assert found["configuration"][0].text == f"read {file}; mode from {file}; window from KIMICODE_WINDOW"
    assert "did you mean KIMICODE_MODEL" in found["configuration"][1].text
    assert found["instructions"][0].text == "no AGENTS.md is read, which is fine"
    assert (found["trust"][0].status, "AGENTS.md" in found["trust"][0].text) == ("warning", True)
    Record(file.with_name("trust.toml")).remember(tmp_path, "trusted")
    found = examined(environ, tmp_path)
    assert found["instructions"][0].text == f"read {tmp_path / 'AGENTS.md'}"
    assert found["trust"][0].text == f"{tmp_path} is trusted"


def test_the_repository_is_described(environ, tmp_path):
    assert examined(environ, tmp_path)["git"][0].status == "warning"
    subprocess.run(["git", "init", "--initial-branch=main"], cwd=tmp_path, check=True, capture_output=True)
    (git,) = examined(environ, tmp_path)["git"]
    assert git.status == "ok"
    assert "branch main" in git.text


def test_the_engine_and_its_weights_are_described(environ, tmp_path):
    (engine,) = examined(environ, tmp_path)["engine"]
    assert engine.text == "installed, none runs; no checkpoint configured (`kimicode help local`)"
    weights = {"KIMICODE_CHECKPOINT": str(tmp_path)}
    (engine,) = examined({**environ, **weights}, tmp_path)["engine"]
    assert (engine.status, "no checkpoint in" in engine.text) == ("warning", True)
    (tmp_path / "config.json").touch()
    found = examined({**environ, **weights}, tmp_path, model="local")
    assert found["engine"][0].status == found["endpoint"][0].status == "ok"
    assert str(tmp_path) in found["engine"][0].text


def test_local_without_engine_and_weights_is_a_failure_that_says_what_to_do(environ, tmp_path):
    found = examined({**environ, "MOONSHOT_API_KEY": KEY}, tmp_path, model="local")
    (endpoint,) = found["endpoint"]
    assert endpoint.status == "failure"
    assert "kimicode serve --checkpoint DIR" in endpoint.hint
    assert "server" not in found, "and nobody is asked with another server's key"


def test_kimi_nano_is_looked_for_and_can_be_asked_for(environ, tmp_path):
    (nano,) = examined({**environ, "KIMICODE_NANO": str(tmp_path / "none")}, tmp_path)["kimi-nano"]
    assert (nano.status, "pip install" in nano.hint) == ("warning", True)
    whole = {**environ, "KIMICODE_NANO": str(package(tmp_path / "nano"))}
    found = examined(whole, tmp_path, model="kimi-nano")
    assert "kimicode demo" in found["kimi-nano"][0].text
    assert found["endpoint"][0].status == "ok"
    assert str(tmp_path / "nano") in found["endpoint"][0].text


def test_a_bare_machine_is_told_what_it_lacks(environ, tmp_path):
    found = examined({**environ, "PATH": str(tmp_path)}, tmp_path)
    assert found["shell"][0].status == "warning"
    assert found["ripgrep"][0].status == "warning"
    assert found["gpu"][0].status == "ok"


def test_gpus_are_named_and_a_driver_that_hangs_is_not_waited_for(environ, tmp_path):
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'NVIDIA H100, 81559 MiB'\necho 'NVIDIA H100, 81559 MiB'\n")
    tool.chmod(0o755)
    path = {"PATH": f"{tmp_path}:{environ['PATH']}"}
    assert examined({**environ, **path}, tmp_path)["gpu"][0].text == "2 NVIDIA GPU(s): NVIDIA H100, 81559 MiB"
    tool.write_text("#!/bin/sh\nexec sleep 20\n")
    assert examined({**environ, **path}, tmp_path)["gpu"][0].status == "warning"


def test_a_sessions_folder_that_cannot_be_written_is_a_failure(environ, tmp_path):
    (tmp_path / "file").touch()
    (disk,) = examined({**environ, "KIMICODE_HOME": str(tmp_path / "file")}, tmp_path)["disk"]
    assert disk.status == "failure"
    assert "KIMICODE_HOME" in disk.hint


def test_a_proxy_in_front_of_a_local_server_is_noticed(environ, tmp_path):
    with serving() as url:
        found = examined({**environ, "HTTP_PROXY": f"http://user:{KEY}@proxy:1"}, tmp_path, base_url=url)
    assert "NO_PROXY" in found["network"][0].hint
    missing = examined({**environ, "SSL_CERT_FILE": "/nowhere/ca.pem"}, tmp_path)
    assert "does not exist" in missing["network"][0].text


def test_the_report_fits_any_encoding_and_holds_no_control_characters():
    found = [Check("a", "ok", "fine ü"), Check("b", "failure", "evil \x1b[2J\nline", "do\nthis")]
    assert render(found, "utf-8").splitlines()[:4] == [
        "✓ a             fine ü",
        "✗ b             evil �[2J; line",
        "    do",
        "    this",
    ]
    assert render(found, "ascii").startswith("+ a             fine ?\nx b")
    assert render(found, "no-such-encoding").startswith("+ a")


def call(environ: Mapping[str, str], cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    code = "import typer; from kimicode.cli.doctor import doctor; typer.run(doctor)"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], env=environ, cwd=cwd, capture_output=True, text=True
    )


def test_as_a_command_it_exits_with_1_where_something_is_to_repair(environ, tmp_path):
    answer = call(environ, tmp_path)
    assert answer.returncode == 1
    assert "✗ endpoint" in answer.stdout
    assert answer.stderr == ""


def test_as_json_it_can_be_read_by_programs(environ, tmp_path):
    with serving() as url:
        answer = call(environ, tmp_path, "--base-url", url, "--model", "kimi-k2.6", "--json")
    report = json.loads(answer.stdout)
    assert answer.returncode == 0
    assert report["ok"] is True
    assert {"name", "status", "text", "hint"} == report["checks"][0].keys()


def test_in_a_folder_that_is_gone_it_says_so(environ, tmp_path):
    code = (
        "import os, sys, typer; from kimicode.cli.doctor import doctor\n"
        "os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone'); typer.run(doctor)"
    )
    answer = subprocess.run([sys.executable, "-c", code], env=environ, cwd=tmp_path, capture_output=True, text=True)
    assert answer.returncode == 1
    assert "no longer exists" in answer.stdout


def test_the_sandbox_says_what_it_is_and_what_it_does_not_prevent(environ, tmp_path):
    (sandbox,) = examined(environ, tmp_path)["sandbox"]
    if "cannot be confined" in sandbox.text:
        assert sandbox.status == "warning"
        return
    assert f"{tmp_path} writable" in sandbox.text
    assert "network: none" in sandbox.text
    assert "Not prevented: " in sandbox.hint


def test_hosts_are_shown_where_they_count_and_a_mistake_in_them_is_said(environ, tmp_path):
    file = Path(environ["KIMICODE_HOME"]) / "config.toml"
    file.write_text('network = ["pypi.org", "*.npmjs.org"]')
    (sandbox,) = examined(environ, tmp_path)["sandbox"]
    if "cannot be confined" in sandbox.text:
        return
    shown = "pypi.org, *.npmjs.org" if sandbox.text.startswith("bubblewrap") else "none"
    assert f"network: {shown}" in sandbox.text
    file.write_text('network = ["https://pypi.org"]')
    (sandbox,) = examined(environ, tmp_path)["sandbox"]
    assert sandbox.status == "warning"
    assert "network: 'https://pypi.org' is not" in sandbox.text


def test_a_sandbox_that_is_switched_off_or_cannot_be_had_here_is_a_warning(environ, tmp_path):
    (off,) = examined({**environ, "KIMICODE_SANDBOX": "off"}, tmp_path)["sandbox"]
    assert (off.status, "all of your rights" in off.text) == ("warning", True)
    (wide,) = examined(environ, Path("/"))["sandbox"]
    assert (wide.status, "cannot be confined" in wide.text) == ("warning", True)
    (required,) = examined({**environ, "KIMICODE_SANDBOX": "required"}, Path("/"))["sandbox"]
    assert required.status == "failure"


def test_the_persons_rules_are_counted_and_a_mistake_in_them_is_a_failure(environ, tmp_path):
    file = Path(environ["KIMICODE_HOME"]) / "rules.toml"
    (none,) = examined(environ, tmp_path)["rules"]
    assert (none.status, str(file) in none.text) == ("ok", True)
    file.write_text('deny = ["bash: git push"]\nallow = ["bash: make test"]')
    (read,) = examined(environ, tmp_path)["rules"]
    assert read.text.endswith("1 deny, 0 ask, 1 allow")
    file.write_text('allow = ["bash: sudo"]')
    (mistaken,) = examined(environ, tmp_path)["rules"]
    assert (mistaken.status, "sudo" in mistaken.text) == ("failure", True)


def test_redaction_says_how_many_values_it_knows_and_never_which(environ, tmp_path):
    (known,) = examined({**environ, "KIMICODE_API_KEY": KEY, "DEPLOY_TOKEN": "abcdef-1234567890"}, tmp_path)[
        "redaction"
    ]
    assert (known.status, " 2 values " in known.text) == ("ok", True)
    (off,) = examined({**environ, "KIMICODE_REDACT": "false"}, tmp_path)["redaction"]
    assert off.status == "warning"
