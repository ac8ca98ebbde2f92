"""A server for real bare repositories over git's own HTTP protocol (`git http-backend`), with or without a token."""

import base64
import subprocess
import threading
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from urllib.parse import unquote


class GitServer:
    """Serves every repository below `folder` at `url`/NAME. With `token`, who does not bring it gets a 401.

    `redirect`: send everybody there instead. `seen` holds the Authorization header of each request, "" without one.
    """

    def __init__(self, folder: Path, token: str = "", redirect: str = "") -> None:
        self.folder, self.token, self.redirect = folder, token, redirect
        self.seen: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "GitServer":
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Request(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                given = self.headers.get("Authorization", "")
                outer.seen.append(given)
                if outer.redirect:
                    self._head(302, [("Location", outer.redirect + self.path)])
                elif outer.token and outer.token not in secret(given):
                    self._head(401, [("WWW-Authenticate", 'Basic realm="git"')])
                else:
                    self._answer()

            do_POST = do_GET  # noqa: N815 - their name there

            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                given = dict(self.headers)
                self._head(*backend(outer.folder, self.command, self.path, given, self.rfile.read(length)))

            def _head(self, status: int, fields: Sequence[tuple[str, str]], body: bytes = b"") -> None:
                self.send_response(status)
                for name, value in fields:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
                pass

        return Request


def secret(header: str) -> str:
    """The password of an Authorization header, "" where there is none."""
    return base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")[2] if header else ""


def backend(
    folder: Path, method: str, target: str, headers: Mapping[str, str], body: bytes
) -> tuple[int, list[tuple[str, str]], bytes]:
    """What git answers for the repositories below `folder`: status, headers, body. `target` is path and query."""
    path, _, query = target.partition("?")
    environ = {
        "GIT_PROJECT_ROOT": str(folder),
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "uploadpack.allowReachableSHA1InWant",
        "GIT_CONFIG_VALUE_0": "true",
        "PATH_INFO": unquote(path),
        "QUERY_STRING": query,
        "REQUEST_METHOD": method,
        "CONTENT_TYPE": headers.get("Content-Type", ""),
        "HTTP_CONTENT_ENCODING": headers.get("Content-Encoding", ""),
        "HTTP_GIT_PROTOCOL": headers.get("Git-Protocol", ""),
        "PATH": "/usr/bin:/bin:/usr/local/bin",
    }
    done = subprocess.run(["git", "http-backend"], env=environ, input=body, capture_output=True, check=True)
    head, _, rest = done.stdout.partition(b"\r\n\r\n")
    fields = [(name, value) for line in head.decode().split("\r\n") for name, _, value in [line.partition(": ")]]
    status = next((int(value[:3]) for name, value in fields if name == "Status"), 200)
    return status, [field for field in fields if field[0] != "Status"], rest
