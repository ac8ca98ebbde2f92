"""A small HTTP server on a real socket for the fake forges: it records what is asked and misbehaves as planned.

It answers from threads of its own, so that tests may be synchronous or not; one request is answered at a time.
"""

import json
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self
from urllib.parse import parse_qsl, unquote, urlsplit

_HANG_S = 60.0


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked. Names of headers are in small letters; `path` is as it was sent, still quoted."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def plain_path(self) -> str:
        return unquote(self.path)

    def json(self) -> Any:
        """The body, None if it is empty. Raises ValueError if it is not JSON."""
        return json.loads(self.body) if self.body else None


@dataclass(slots=True)
class Answer:
    """What the forge says. A body that is text or bytes goes out as it is, anything else as JSON; None is no body."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def data(self) -> bytes:
        if isinstance(self.body, str | bytes):
            return self.body if isinstance(self.body, bytes) else self.body.encode("utf-8", "surrogateescape")
        return b"" if self.body is None else json.dumps(self.body).encode()


class Refused(Exception):
    """What was asked is answered with a refusal."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body)
        self.answer = answer


@dataclass(slots=True)
class Fault:
    """What befalls requests whose line ("POST /repos/…") holds `match`, after `skip` of them, `times` times.

    `answer` takes the place of the honest one; `works` says whether the forge does what was asked before that.
    `ending`: the answer arrives whole; the connection is reset in its place; it breaks off in the middle; or its second
    half waits until `gate` is set. An answer that breaks off or waits is the honest one if none is given.
    """

    match: str = ""
    skip: int = 0
    times: int = 1
    answer: Answer | None = None
    works: bool = False
    ending: Literal["whole", "reset", "half", "slow"] = "whole"
    gate: threading.Event = field(default_factory=threading.Event)

    def strikes(self, request: Request) -> bool:
        """Whether it is this request's turn; counts."""
        if self.match not in f"{request.method} {request.plain_path}" or not self.times:
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.times -= 1
        return True


class Server:
    """Serves `answer` on a free port of this machine while it is entered.

    `requests` holds every request in the order of arrival. Whatever `answer` raises is kept in `broken`.
    """

    def __init__(self, answer: Callable[[Request], Answer]) -> None:
        self.requests: list[Request] = []
        self.faults: list[Fault] = []
        self.broken: list[BaseException] = []
        self._answer = answer
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._listener = _Listener(self)
        self.port = int(self._listener.server_address[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self._listener.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ended.set()
        self._listener.shutdown()
        self._listener.server_close()

    def meet(self, request: Request) -> tuple[Answer, Fault]:
        """The answer to a request, and what befalls it on the way."""
        with self._lock:
            self.requests.append(request)
            # Without a fault, one that changes nothing: an honest answer that arrives whole.
            fault = next((each for each in self.faults if each.strikes(request)), Fault())
            if not fault.works and (fault.answer is not None or fault.ending == "reset"):
                return fault.answer or Answer(0), fault
            honest = self._honest(request)
            return fault.answer or honest, fault

    def _honest(self, request: Request) -> Answer:
        try:
            return self._answer(request)
        except BaseException as error:
            self.broken.append(error)
            raise

    def wait(self, gate: threading.Event) -> None:
        """Until somebody opens the gate or the server ends."""
        waited = 0.0
        while not gate.wait(0.02) and not self._ended.is_set() and waited < _HANG_S:
            waited += 0.02


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, server: Server) -> None:
        self.served = server
        super().__init__(("127.0.0.1", 0), _Exchange)

    def handle_error(self, request: Any, address: Any) -> None:
        """Silent: what broke is in `broken` or was planned."""


class _Exchange(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Listener

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._exchange
        raise AttributeError(name)

    def log_message(self, *arguments: Any) -> None:
        """Nothing on the terminal."""

    def _exchange(self) -> None:
        target = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = dict(parse_qsl(target.query, keep_blank_values=True))
        request = Request(self.command, target.path, query, headers, self.rfile.read(length))
        answer, fault = self.server.served.meet(request)
        if fault.ending == "reset":
            return self._reset()
        data = self._bytes(answer)
        if fault.ending == "whole":
            self.wfile.write(data)
            return None
        self.wfile.write(data[: len(data) // 2])
        if fault.ending == "half":
            return self._reset()
        self.server.served.wait(fault.gate)
        self.wfile.write(data[len(data) // 2 :])
        return None

    def _bytes(self, answer: Answer) -> bytes:
        """Head and body in one piece: two writes would wait for each other's acknowledgement."""
        body = answer.data()
        kind = "application/json; charset=utf-8" if not isinstance(answer.body, str | bytes) else "text/plain"
        headers = {"Content-Type": kind, "Content-Length": str(len(body)), **answer.headers}
        lines = [f"HTTP/1.1 {answer.status} X", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + (b"" if self.command == "HEAD" else body)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()
