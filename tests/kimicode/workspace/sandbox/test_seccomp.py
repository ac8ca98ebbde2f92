"""The filter, read by an interpreter of our own for both machines, and in force around real system calls."""

import errno
import os
import struct
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.workspace.sandbox import seccomp
from kimicode.workspace.sandbox.layers import PACKAGE_ROOT
from kimicode.workspace.sandbox.seccomp import REFUSED, REFUSED_ALONE, assemble
from kimicode.workspace.sandbox.syscalls import ABSENT, MACHINES, NUMBERS

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
I386, ARM = 0x40000003, 0x40000028
ALLOW, KILL = "allow", "kill"
NEW_USER, NEW_TIME, THREAD = 0x10000000, 0x80, 0x00010000
UNIX, INET, INET6, NETLINK, ALG, PACKET, VSOCK = 1, 2, 10, 16, 38, 17, 40
STREAM, DATAGRAM, RAW, CLOSE_ON_EXEC = 1, 2, 3, 0x80000

if not seccomp.available():
    pytest.skip("no filter for this machine", allow_module_level=True)


def verdict(machine, call, *arguments, alone=False, architecture=None):
    """What the filter answers: "allow", "kill", or the error's number."""
    program = assemble(machine, alone=alone)
    number = call if isinstance(call, int) else NUMBERS[call][MACHINES.index(machine)]
    numbers = [*arguments, *[0] * (6 - len(arguments))]
    audit = ARCHITECTURES[machine] if architecture is None else architecture
    data = struct.pack("<iIQ6Q", struct.unpack("<i", struct.pack("<I", number))[0], audit, 0, *numbers)
    return run_filter(program, data)


def run_filter(program, data):
    instructions = list(struct.iter_unpack("=HBBI", program))
    at = accumulator = 0
    while True:
        operation, if_true, if_false, operand = instructions[at]
        at += 1
        match operation:
            case 0x20:
                (accumulator,) = struct.unpack_from("<I", data, operand)
            case 0x54:
                accumulator &= operand
            case 0x15:
                at += if_true if accumulator == operand else if_false
            case 0x35:
                at += if_true if accumulator >= operand else if_false
            case 0x45:
                at += if_true if accumulator & operand else if_false
            case 0x06:
                return {0x7FFF0000: ALLOW, 0x80000000: KILL}.get(operand, operand & 0xFFFF)


both_machines = pytest.mark.parametrize("machine", MACHINES)


@both_machines
@pytest.mark.parametrize("call", REFUSED)
def test_what_changes_the_machine_or_looks_into_others_is_refused(machine, call):
    assert verdict(machine, call) == errno.EPERM
    assert verdict(machine, call, alone=True) == errno.EPERM


@both_machines
@given(st.integers(0, 0x3FFFFFFF), st.lists(st.integers(0, 2**64 - 1), min_size=6, max_size=6))
def test_whatever_is_not_named_is_allowed_with_any_arguments(machine, number, arguments):
    named = {numbers[MACHINES.index(machine)] for numbers in NUMBERS.values()}
    if number not in named:
        assert verdict(machine, number, *arguments) == ALLOW


@both_machines
@pytest.mark.parametrize("architecture", [I386, ARM, 0, 0xFFFFFFFF])
def test_a_program_for_another_machine_is_ended(machine, architecture):
    assert verdict(machine, "socket", architecture=architecture) == KILL


@given(st.integers(0x40000000, 0xFFFFFFFF))
def test_calls_of_the_x32_kind_end_the_program(number):
    assert verdict("x86_64", number) == KILL


@both_machines
def test_processes_and_threads_can_be_made_but_no_namespaces(machine):
    assert verdict(machine, "clone", THREAD) == ALLOW
    assert verdict(machine, "clone", NEW_TIME) == ALLOW, "the same bit belongs to the signal here"
    assert verdict(machine, "clone", NEW_USER | 17) == errno.EPERM
    assert verdict(machine, "clone", NEW_USER | 2**40) == errno.EPERM
    assert verdict(machine, "unshare", NEW_TIME) == errno.EPERM
    assert verdict(machine, "unshare", 0x400) == ALLOW
    assert verdict(machine, "clone3") == errno.ENOSYS


@both_machines
def test_no_file_can_be_given_the_rights_of_its_owner(machine):
    here = MACHINES.index(machine)
    places = {"chmod": 1, "fchmod": 1, "fchmodat": 2, "fchmodat2": 2, "creat": 1, "mknod": 1, "mknodat": 2}
    for call, place in places.items():
        if NUMBERS[call][here] != ABSENT:
            assert verdict(machine, call, *[0] * place, 0o4755) == errno.EPERM, call
            assert verdict(machine, call, *[0] * place, 0o2775) == ALLOW, call
    for call, place in (("open", 1), ("openat", 2)):
        if NUMBERS[call][here] != ABSENT:
            for flags, mode, expected in (
                (0o101, 0o4755, errno.EPERM),
                (0o20200001, 0o4755, errno.EPERM),
                (0o101, 0o755, ALLOW),
                (0o200000, 0o4755, ALLOW),  # without a file to make, what stands there is no mode
            ):
                assert verdict(machine, call, *[0] * place, flags, mode) == expected, call
    assert verdict(machine, "openat2") == errno.ENOSYS


@both_machines
def test_alone_it_keeps_from_the_memory_messages_and_limits_of_others(machine):
    for call in REFUSED_ALONE:
        assert verdict(machine, call, alone=True) == errno.EPERM
        assert verdict(machine, call) == ALLOW
    assert verdict(machine, "prlimit64", 0, 7, alone=True) == ALLOW
    assert verdict(machine, "prlimit64", 4242, 7, alone=True) == errno.EPERM
    assert verdict(machine, "prlimit64", 4242, 7) == ALLOW


@both_machines
def test_keys_cannot_be_put_into_a_terminal(machine):
    for request in (0x5412, 0x541C, 0x5412 + 2**32):
        assert verdict(machine, "ioctl", 0, request) == errno.EPERM
    assert verdict(machine, "ioctl", 0, 0x5413) == ALLOW


@both_machines
def test_sockets_are_of_the_kinds_that_programs_need(machine):
    kinds = {UNIX: ALLOW, INET: ALLOW, INET6: ALLOW, NETLINK: ALLOW}
    for family in range(64):
        expected = kinds.get(family, errno.EAFNOSUPPORT)
        assert verdict(machine, "socket", family, STREAM | CLOSE_ON_EXEC, 0) == expected, family
    assert verdict(machine, "socket", INET, RAW | CLOSE_ON_EXEC, 1) == errno.EPERM
    assert verdict(machine, "socket", INET6, RAW, 1) == errno.EPERM
    assert verdict(machine, "socket", INET, DATAGRAM, 17) == ALLOW
    assert verdict(machine, "socket", NETLINK, RAW, 0) == ALLOW
    assert verdict(machine, "socket", NETLINK, RAW, 9) == errno.EAFNOSUPPORT


@both_machines
def test_without_a_network_only_connected_pairs_are_left(machine):
    for family in (UNIX, INET, INET6, ALG, PACKET, VSOCK):
        assert verdict(machine, "socket", family, STREAM, alone=True) == errno.EAFNOSUPPORT
    assert verdict(machine, "socketpair", UNIX, STREAM, alone=True) == ALLOW
    assert verdict(machine, "socketpair", UNIX, DATAGRAM | CLOSE_ON_EXEC, alone=True) == errno.EPERM
    assert verdict(machine, "socketpair", UNIX, DATAGRAM) == ALLOW


@both_machines
def test_a_program_can_ask_for_its_personality_but_not_for_executable_data(machine):
    assert verdict(machine, "personality", 0xFFFFFFFF) == ALLOW
    assert verdict(machine, "personality", 0x0040000) == ALLOW
    assert verdict(machine, "personality", 0x0400000) == errno.EPERM


def test_an_unknown_machine_is_said_to_be_unknown():
    with pytest.raises(OSError, match="m68k"):
        assemble("m68k", alone=False)


def outcome(code, *, confined):
    """The last line that a program prints, with the filter or without it."""
    install = "from kimicode.workspace.sandbox import seccomp; seccomp.install()" if confined else ""
    start = f"import sys; sys.path.append({str(PACKAGE_ROOT)!r})\n{install}\n"
    command = [sys.executable, "-I", "-S", "-c", start + code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    return done.stdout.strip()


EACH_CALL = """
import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
from kimicode.workspace.sandbox.seccomp import REFUSED
from kimicode.workspace.sandbox.syscalls import MACHINES, NUMBERS
import platform
for name in REFUSED:
    ctypes.set_errno(0)
    # Nothing that any of these calls could act on: every number is out of range, every address unmapped.
    libc.syscall(NUMBERS[name][MACHINES.index(platform.machine())], *[ctypes.c_long(-1)] * 6)
    print(name, ctypes.get_errno())
"""


def test_each_refused_call_fails_for_real_and_for_another_reason_without_the_filter():
    refused = dict(line.split() for line in outcome(EACH_CALL, confined=True).splitlines())
    assert refused == {name: str(errno.EPERM) for name in REFUSED}
    if os.geteuid() == 0:
        bare = dict(line.split() for line in outcome(EACH_CALL, confined=False).splitlines())
        assert [name for name in REFUSED if bare[name] == str(errno.EPERM)] == []


@pytest.mark.parametrize(
    "code",
    [
        "import os; pid = os.fork() or os._exit(0); print(os.waitpid(pid, 0)[1])",
        "import threading; t = threading.Thread(target=lambda: None); t.start(); t.join(); print(0)",
        "import subprocess; print(subprocess.run(['true']).returncode)",
        "import socket; print(0 * len(socket.if_nameindex()))",
        "import socket as s; h = s.create_server(('127.0.0.1', 0)); s.create_connection(h.getsockname()); print(0)",
        "import multiprocessing; print(0 * multiprocessing.get_context('fork').Queue().empty())",
        "import os; os.memfd_create('a'); print(0)",
        "import pty; print(pty.spawn(['true']))",
    ],
)
def test_ordinary_programs_do_not_notice_it(code):
    assert outcome(code, confined=True) == outcome(code, confined=False)
