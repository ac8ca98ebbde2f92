"""A process that behaves like `python -m kimicode_engine` and plays prepared answers; it has faults on request.

`config.json` of its checkpoint says what to do: `turns` (replies of the scripted model), `window`, `loading_s` and
`fault`. What happens to it stands in the file `log` beside that. `shim` makes the command that starts it.
"""

import argparse
import json
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from kimicode.llm.scripted import Reply, chunks_of, event

ROOT = Path(__file__).parents[2]


def shim(folder: Path) -> dict[str, str]:
    """Variables with which `python -m kimicode_engine` starts this fake in place of the engine."""
    package = folder / "kimicode_engine"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text("from tests.fakes.local_engine import main\n\nmain()\n")
    return {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}


def checkpoint(folder: Path, **config: Any) -> Path:
    """A folder that the fake can be given."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def log(folder: Path) -> list[str]:
    """What the fake noted, a word a line, with details behind it."""
    path = folder / "log"
    return path.read_text().splitlines() if path.exists() else []


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("checkpoint", "host", "port", "state-file", "api-key-file", "drain-timeout", "window", "name"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--exit-with-stdin", action="store_true")
    options, others = parser.parse_known_args()
    folder = Path(options.checkpoint)
    config = json.loads((folder / "config.json").read_text())
    fault = config.get("fault", "")

    def note(text: str) -> None:
        with (folder / "log").open("a") as file:
            file.write(text + "\n")

    def end(why: str, code: int = 0) -> None:
        note(f"ended {why}")
        if options.state_file:
            Path(options.state_file).unlink(missing_ok=True)
        os._exit(code)

    def until_stdin_ends() -> None:
        sys.stdin.read()
        end("stdin")

    note(f"started {os.getpid()} {' '.join(others)}".rstrip())
    if options.exit_with_stdin:
        threading.Thread(target=until_stdin_ends, daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: None if fault == "deaf" else end("SIGTERM"))
    signal.signal(signal.SIGINT, lambda *_: end("SIGINT", 130))
    _load(config.get("loading_s", 0.0), fault)
    key = Path(options.api_key_file).read_text().strip() if options.api_key_file else "made-up-key"
    config["name"] = options.name or folder.name
    server = _server(int(options.port or 0), key, config, note)
    state = {"pid": os.getpid(), "base_url": f"http://127.0.0.1:{server.server_address[1]}/v1", "api_key": key}
    state |= {"model": config["name"], "window": int(options.window or config.get("window", 32_768)), "version": "0"}
    if options.state_file:
        whole = Path(f"{options.state_file}.new")
        whole.write_text(json.dumps(state))
        whole.replace(options.state_file)
    server.serve_forever()


def _load(seconds: float, fault: str) -> None:
    if fault == "refuse":
        _say("kimicode_engine: model-00001.safetensors is cut off\n")
        sys.exit(1)
    if fault == "crash":
        _say("loading 10 %\rloading 20 %\r\x1b[2Kthe disk went away\n")
        sys.exit(2)
    if fault == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    for percent in range(0, 100, 10):
        _say(f"\r\x1b[2Kloading {percent} %")
        time.sleep(seconds / 10)
    _say("\r\x1b[2Kloaded\n")


def _say(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def _server(port: int, key: str, config: dict[str, Any], note: Any) -> ThreadingHTTPServer:
    turns = [Reply(**turn) for turn in config.get("turns", [])]

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self._begin("application/json"):
                self.wfile.write(json.dumps({"data": [{"id": config["name"]}]}).encode())

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            note(f"asked {json.dumps({name: body.get(name) for name in body if name not in ('messages', 'tools')})}")
            if config.get("fault") == "dies":
                _say("out of memory\n")
                os._exit(2)
            if self._begin("text/event-stream"):
                for chunk in chunks_of(turns.pop(0)):
                    self.wfile.write(event(chunk))
                self.wfile.write(b"data: [DONE]\n\n")

        def _begin(self, kind: str) -> bool:
            allowed = self.headers["authorization"] == f"Bearer {key}"
            self.send_response(200 if allowed else 401)
            self.send_header("content-type", kind)
            self.end_headers()
            return allowed

        def log_message(self, *arguments: object) -> None:
            pass

    return ThreadingHTTPServer(("127.0.0.1", port), Answer)
