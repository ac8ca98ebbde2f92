"""Out of the sandbox to single hosts: the agent's proxy is the only way, and it is gone with the sandbox."""

import contextlib
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from kimicode.workspace.network.hosts import AllowList
from kimicode.workspace.network.proxy import Contact, Proxy
from kimicode.workspace.sandbox import door
from kimicode.workspace.sandbox.policy import Policy
from kimicode.workspace.sandbox.sandbox import Sandbox
from kimicode.workspace.sandbox.supervisor import Supervisor
from kimicode.workspace.shell import Shell
from tests.fakes.confined import walls
from tests.fakes.network import leading_here, page, saying, server

ROOT = Path(__file__).parents[4]
READ = "import sys, urllib.request as u; print(u.urlopen(sys.argv[1], timeout=20).read().decode())"
DIRECT = "import sys, socket; socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=5); print('connected')"


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "work"
    root.mkdir()
    (root / "read.py").write_text(READ)
    (root / "direct.py").write_text(DIRECT)
    return root.resolve()


@contextlib.asynccontextmanager
async def shell_with(root, *hosts, proxy=True, layer=None):
    guard = Proxy(AllowList.of(hosts), leading_here("good.example", "evil.example")) if proxy else None
    policy = Policy((root,), hosts=hosts, variables=door.variables() if hosts else {})
    box = Sandbox(layer or walls("bubblewrap"), policy, proxy=guard)
    shell = Shell(root, root.parent / "spill", sandbox=box)
    shell.proxy, shell.box = guard, box
    try:
        yield shell
    finally:
        await shell.close()


async def test_an_allowed_host_is_reached_by_name_and_no_other_way(root):
    heard: list[bytes] = []
    async with server(saying(page(b"hello"), heard)) as port, shell_with(root, f"good.example:{port}") as shell:
        told: list[Contact] = []
        shell.proxy.tell = told.append
        good = await shell.run(f"python3 read.py http://good.example:{port}/")
        assert (good.exit_code, good.output.strip()) == (0, "hello")
        assert good.notes == ()
        evil = await shell.run(f"python3 read.py http://evil.example:{port}/")
        assert evil.exit_code != 0
        assert "403" in evil.output
        assert [f"evil.example:{port} was refused" in note for note in evil.notes] == [True]
        for host in ("127.0.0.1", "127.0.0.2"):
            assert (await shell.run(f"python3 direct.py {host} {port}")).exit_code != 0
        assert [contact.place for contact in told] == [f"good.example:{port}", f"evil.example:{port}"]
    assert len(heard) == 1


async def test_a_server_inside_is_reached_without_the_proxy(root):
    async with shell_with(root, "good.example") as shell:
        await shell.run("python3 -m http.server 8765 --bind 127.0.0.1", background=True)
        (root / "page").write_text("inside")
        answer = await shell.run(
            "for i in $(seq 100); do python3 read.py http://127.0.0.1:8765/page 2>/dev/null && break; sleep 0.1; done"
        )
        assert answer.output.strip() == "inside"


async def test_without_hosts_nobody_listens(root):
    async with shell_with(root) as shell:
        assert (await shell.run(f"python3 direct.py 127.0.0.1 {door.PORT}")).exit_code != 0
        assert "PROXY" not in (await shell.run("env")).output


async def test_without_a_proxy_nothing_is_reached(root):
    heard: list[bytes] = []
    async with (
        server(saying(page(b"hello"), heard)) as port,
        shell_with(root, f"good.example:{port}", proxy=False) as shell,
    ):
        result = await shell.run(f"timeout 2 python3 read.py http://good.example:{port}/")
        assert result.exit_code != 0
    assert heard == []


async def test_no_command_can_listen_in_the_proxys_place(root):
    take = (
        "import socket; s = socket.socket(); [s.setsockopt(socket.SOL_SOCKET, option, 1) for option in (2, 15)]; "
        f"s.bind(('127.0.0.1', {door.PORT})); s.listen(); print('taken')"
    )
    async with shell_with(root, "good.example") as shell:
        result = await shell.run(f'python3 -c "{take}"')
        assert "taken" not in result.output
        assert result.exit_code != 0


async def test_the_next_sandbox_has_a_door_too_and_the_last_ones_connections_are_cut(root):
    async with server(saying(page(b"hello"))) as port, shell_with(root, f"good.example:{port}") as shell:
        assert (await shell.run(f"python3 read.py http://good.example:{port}/")).exit_code == 0
        shell.box.kill()
        again = await shell.run(f"python3 read.py http://good.example:{port}/")
        assert again.output.strip() == "hello"


async def test_commands_get_no_descriptor_of_it(root):
    async with shell_with(root, "good.example") as shell:
        assert (await shell.run("ls /proc/self/fd | grep -v '^[0-3]$'")).output == ""


async def test_landlock_alone_has_no_door(root):
    heard: list[bytes] = []
    async with (
        server(saying(page(b"hello"), heard)) as port,
        shell_with(root, f"good.example:{port}", layer=walls("landlock")) as shell,
    ):
        for line in (f"read.py http://good.example:{port}/", f"direct.py 127.0.0.1 {port}"):
            assert (await shell.run(f"python3 {line}")).exit_code != 0
    assert heard == []


async def test_after_the_end_nobody_listens_any_more(root):
    supervisor = await Supervisor.start(walls("bubblewrap"), Policy((root,), hosts=("good.example",)))
    assert supervisor.door.getsockname() == ("127.0.0.1", door.PORT)
    await supervisor.close()
    assert supervisor.door.fileno() == -1


def test_what_is_handed_out_is_a_listening_socket():
    ours, theirs = socket.socketpair()
    code = (
        f"import sys; sys.path.append({str(ROOT)!r}); "
        f"from kimicode.workspace.sandbox import door; door.hand_out({theirs.fileno()})"
    )
    with ours:
        with theirs:
            inside = subprocess.run([sys.executable, "-I", "-S", "-c", code], pass_fds=[theirs.fileno()], timeout=20)
        if inside.returncode != 0:
            pytest.skip("the port is taken on this machine")
        with door.take(ours) as listener, socket.create_connection(listener.getsockname(), 20) as client:
            taken, _ = listener.accept()
            with taken:
                taken.sendall(b"here")
                assert client.recv(4) == b"here"
            assert not listener.get_inheritable()


def test_a_gate_through_which_nothing_came_is_an_error():
    ours, theirs = socket.socketpair()
    with ours:
        theirs.close()
        with pytest.raises(OSError, match="no way to the proxy"):
            door.take(ours)
