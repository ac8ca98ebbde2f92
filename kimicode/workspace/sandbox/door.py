"""The sandbox's way to the agent's proxy: a port in its own network, where the agent itself listens.

The supervisor opens the port and hands the listening socket out before any command runs; nothing inside forwards.
Standard library only.
"""

import socket
from collections.abc import Mapping

PORT = 61080
"""Above the ports that systems give out by themselves."""
_HERE = "127.0.0.1"
_WAITING = 128


def hand_out(gate: int) -> None:
    """Inside: listen, and send the socket through the descriptor `gate`, which is closed. Raises OSError."""
    with socket.socket(fileno=gate) as out, socket.create_server((_HERE, PORT), backlog=_WAITING) as listener:
        socket.send_fds(out, [b"!"], [listener.fileno()])


def take(gate: socket.socket) -> socket.socket:
    """Outside: the listening socket that was sent. Raises OSError where none was."""
    _, descriptors, _, _ = socket.recv_fds(gate, 1, 1, socket.MSG_DONTWAIT)
    if not descriptors:
        raise OSError("the sandbox opened no way to the proxy")
    listener = socket.socket(fileno=descriptors[0])
    listener.set_inheritable(False)
    return listener


def variables() -> Mapping[str, str]:
    """What leads programs there, and leaves servers inside the sandbox to themselves."""
    proxy, direct = f"http://{_HERE}:{PORT}", "localhost,127.0.0.1,::1"
    names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    return {
        **{spelling: proxy for name in names for spelling in (name, name.lower())},
        **dict.fromkeys(("NO_PROXY", "no_proxy", "npm_config_noproxy"), direct),
        **dict.fromkeys(("npm_config_proxy", "npm_config_https_proxy"), proxy),
        **dict.fromkeys(("YARN_HTTP_PROXY", "YARN_HTTPS_PROXY"), proxy),
        "NODE_USE_ENV_PROXY": "1",
    }
