"""The network and sockets of the machine. Listeners outside count who came; $PORT is the same for TCP and UDP."""

from tests.kimicode.workspace.sandbox.escapes.attempt import LATE_SOCKET, Attempt

ALLOWED = "allowed.test"
"""A host that commands may reach where there is a proxy; on the machine its name leads to 127.0.0.1."""


def _reach(name: str, program: str, **more) -> Attempt:
    return Attempt(name, "reached", program, **more)


def _socket(name: str, code: str, **more) -> Attempt:
    start = 'import os, socket, struct; E = os.environ; port = int(E["PORT"]); s = socket.socket; '
    return Attempt(name, "reached", start + code, "python", **more)


def _ask(name: str, request: str, **more) -> Attempt:
    """By the proxy that variables name. Without a sandbox that is the listener itself, with one the agent's."""
    lines = request.replace("HERE", "{E['PORT']}")
    code = (
        "place, number = E['http_proxy'].rpartition('/')[2].split(':'); "
        "c = socket.create_connection((place, int(number)), 2); c.settimeout(0.3); "
        f'c.sendall(f"{lines}\\r\\n\\r\\n".encode()); c.recv(100)'
    )
    return _socket(name, code, **more)


_FIRST_BYTES = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x05evil\x04test\x00\x00\x01\x00\x01"
_DNS = f"s(2, 2).sendto({_FIRST_BYTES!r}, ('127.0.0.1', port))"
_PING = "import struct; s(2, 3, 1).sendto(struct.pack('!BBHHH', 8, 0, 0xe5ca, 0x1234, 1), ('127.0.0.1', 0))"
_PACKET = "p = s(17, 3); p.bind(('lo', 0)); p.send(bytes(12) + b'\\x88\\xb5' + E['MARK'].encode())"
_PAIR = "a, b = socket.socketpair(1, 2); a.sendto(b'x', E['DATAGRAM_SOCKET'])"
_ADDRESS = (
    "import subprocess; n = s(16, 3, 0); n.bind((0, 0)); body = struct.pack('BBBBi', 2, 32, 0, 0, 1) "
    "+ struct.pack('HH4s', 8, 2, bytes([10, 66, 66, 66])); "
    "n.send(struct.pack('IHHII', 16 + len(body), 20, 0x605, 1, 0) + body); n.recv(4096)"
)

REACHING = (
    _socket("tcp", "socket.create_connection(('127.0.0.1', port), 2)"),
    _socket("tcp-ipv6", "socket.create_connection(('::1', port), 2)", optional=True),
    _socket("tcp-own-address", "socket.create_connection((E['ADDRESS_OF_HOST'], port), 2)", root=True),
    _socket("metadata-service", "socket.create_connection(('169.254.169.254', port), 2)", root=True),
    _socket("tcp-fast-open", "s(2, 1).sendto(b'x', 0x20000000, ('127.0.0.1', port))"),
    _socket("mptcp", "c = s(2, 1, 262); c.settimeout(2); c.connect(('127.0.0.1', port))", optional=True),
    _socket("udp", "s(2, 2).sendto(b'x', ('127.0.0.1', port))"),
    _socket("udp-ipv6", "s(10, 2).sendto(b'x', ('::1', port))", optional=True),
    _socket("dns", _DNS),
    _socket("ping", _PING, root=True),
    _socket("packet", _PACKET, root=True),
    _socket("vsock", "c = s(40, 1); c.settimeout(0.5); c.connect((1, port))", optional=True),
    _reach("bash-tcp", "exec 3<>/dev/tcp/127.0.0.1/$PORT"),
    _reach("bash-udp", "echo x > /dev/udp/127.0.0.1/$PORT"),
    _reach("curl", "curl -s -m 0.5 http://127.0.0.1:$PORT/", optional=True),
    _reach("wget", "wget -q -T 0.5 -t 1 -O - http://127.0.0.1:$PORT/", optional=True),
    _reach("git-remote", "timeout 0.5 git ls-remote git://127.0.0.1:$PORT/x"),
    _reach("proxy-variable", "curl -s -m 0.5 http://evil.test/", optional=True),
    _reach("io-uring-connect", "$NATIVE uring-connect $PORT", optional=True),
    _reach("perl-tcp", 'use IO::Socket::INET; IO::Socket::INET->new("127.0.0.1:$ENV{PORT}")', language="perl"),
    _reach("network-of-agent", "nsenter -t $AGENT -n bash -c 'exec 3<>/dev/tcp/127.0.0.1/'$PORT", root=True),
    _socket("path-socket", "s(1).connect(E['PATH_SOCKET'])"),
    _socket("path-socket-by-link", "os.symlink(E['PATH_SOCKET'], 'l'); s(1).connect('l')"),
    _socket("path-socket-by-proc", "s(1).connect(f\"/proc/{E['AGENT']}/root{E['PATH_SOCKET']}\")"),
    _socket("datagram-path-socket", "s(1, 2).sendto(b'x', E['DATAGRAM_SOCKET'])"),
    _socket("pair-turned-elsewhere", _PAIR),
    _socket("socket-in-home", "s(1).connect(E['HOME'] + '/.cache/agent.sock')"),
    _socket("late-socket", "s(1).connect(E['OUT'] + '/late.sock')", gaps={"bubblewrap": LATE_SOCKET}),
    _socket("ssh-agent", "s(1).connect(E['AGENT_SOCKET_IN_TMP'])"),
    _socket("docker-socket", "s(1).connect('/run/docker.sock')", root=True),
    _socket("docker-socket-by-link", "s(1).connect('/var/run/docker.sock')", root=True),
    _socket("x11-abstract", "s(1).connect(chr(0) + E['MARK'])"),
    _socket("abstract-datagram", "s(1, 2).sendto(b'x', chr(0) + E['MARK'] + '-d')"),
    _ask("by-proxy", "CONNECT 127.0.0.1:HERE HTTP/1.1"),
    _ask("by-proxy-plain", "GET http://127.0.0.1:HERE/ HTTP/1.1\\r\\nHost: 127.0.0.1:HERE"),
    _ask("by-proxy-number", "CONNECT 2130706433:HERE HTTP/1.1"),
    _ask("by-proxy-octal", "CONNECT 0177.0.0.1:HERE HTTP/1.1"),
    _ask("by-proxy-any-address", "CONNECT 0.0.0.0:HERE HTTP/1.1"),
    _ask("by-proxy-mapped", "CONNECT [::ffff:127.0.0.1]:HERE HTTP/1.1"),
    _ask("by-proxy-localhost", "CONNECT localhost:HERE HTTP/1.1"),
    _ask("by-proxy-metadata", "CONNECT 169.254.169.254:HERE HTTP/1.1", root=True),
    _ask("by-proxy-allowed-name", f"CONNECT {ALLOWED}:HERE HTTP/1.1\\r\\nHost: {ALLOWED}:HERE"),
    _ask("by-proxy-allowed-plain", f"GET http://{ALLOWED}:HERE/ HTTP/1.1\\r\\nHost: {ALLOWED}:HERE"),
    _ask("by-proxy-user", f"GET http://{ALLOWED}@127.0.0.1:HERE/ HTTP/1.1\\r\\nHost: {ALLOWED}:HERE"),
    _ask("by-proxy-zero", f"CONNECT 127.0.0.1\\0.{ALLOWED}:HERE HTTP/1.1"),
    _ask("by-proxy-two-hosts", f"CONNECT {ALLOWED}:HERE HTTP/1.1\\r\\nHost: 127.0.0.1:HERE"),
    Attempt("new-address", "machine", "import os, socket, struct; s = socket.socket; " + _ADDRESS, "python", root=True),
)
