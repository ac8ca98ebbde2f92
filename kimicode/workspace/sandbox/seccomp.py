"""The seccomp filter of sandboxed commands, put together by hand: which system calls fail there, and how.

Refused are those that change the machine, reach around the sandbox or look into other processes. They fail with an
error that programs know, so that these go on without; only a foreign instruction set ends a program. The filter is
classic BPF (the kernel's include/uapi/linux/{bpf_common,filter,seccomp}.h). Standard library only.
"""

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from kimicode.workspace.sandbox.syscalls import ABSENT, MACHINES, NUMBERS

_LOAD_WORD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_BITS, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
_X32_BIT = 0x40000000

_CLONE_NEW = 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000 | 0x00020000
_CLONE_NEWTIME = 0x00000080  # in clone's own flags this bit belongs to the exit signal
_AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK = 1, 2, 10, 16
_SOCK_DGRAM, _SOCK_RAW, _SOCK_TYPES = 2, 3, 0xF
_NETLINK_ROUTE = 0
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_PERSONALITIES = (0x0, 0x8, 0x20000, 0x20008, 0x0040000, 0xFFFFFFFF)
"""32 bits, an old version number, no address randomisation (sanitizers start themselves anew with it), the question."""

_SET_USER_ID = 0o4000
_MAKES_FILE = 0o100 | 0o20000000
"""O_CREAT and what O_TMPFILE has of its own: without one of them, whatever stands in the mode's place means nothing."""
_MODES = {"chmod": 1, "fchmod": 1, "fchmodat": 2, "fchmodat2": 2, "creat": 1, "mknod": 1, "mknodat": 2}
_OPENINGS = {"open": 1, "openat": 2}
"""Where the calls take a mode, and the flags that a mode follows."""

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _MODE_FILTER = 38, 22, 2

Instruction = tuple[int, int, int, int]
"""Operation, how many instructions to skip if it holds, how many if not, operand."""


@dataclass(frozen=True, slots=True)
class _Machine:
    name: str
    audit: int
    x32: bool = False

    def number(self, call: str) -> int:
        return NUMBERS[call][MACHINES.index(self.name)]


_MACHINES = {
    "x86_64": _Machine("x86_64", 0xC000003E, x32=True),
    "aarch64": _Machine("aarch64", 0xC00000B7),
}

REFUSED = (
    # other processes, and the kernel's inside
    *("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp", "move_pages"),
    *("bpf", "perf_event_open", "userfaultfd", "syslog", "lookup_dcookie"),
    # calls that do what filtered calls do
    *("io_uring_setup", "io_uring_enter", "io_uring_register"),
    # keys of the person's session
    *("keyctl", "add_key", "request_key"),
    # the tree of files, and ways around it
    *("mount", "umount2", "pivot_root", "chroot", "fsopen", "fsconfig", "fsmount", "fspick", "open_tree"),
    *("open_tree_attr", "move_mount", "mount_setattr", "open_by_handle_at", "setns"),
    # the machine
    *("kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module", "swapon", "swapoff", "reboot"),
    *("quotactl", "quotactl_fd", "acct", "nfsservctl"),
)
REFUSED_ALONE = (
    # memory and messages of others: known by a number or a name that is no file's
    *("shmget", "shmat", "shmctl", "msgget", "msgsnd", "msgrcv", "msgctl"),
    *("semget", "semop", "semtimedop", "semctl", "mq_open", "mq_unlink"),
)


def available() -> bool:
    """Whether there is a filter for this machine."""
    return platform.machine() in _MACHINES


def install(*, alone: bool = False) -> None:
    """Filter the calls of this process and of all that it starts from now on, for good.

    `alone`: no namespace keeps the network and other processes apart. No sockets can be made then but a pair of
    connected ones. Call it before there are threads. Raises OSError where the kernel refuses or the machine is not
    known.
    """
    program = assemble(platform.machine(), alone=alone)
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HxxxxxxP", len(program) // 8, ctypes.addressof(buffer))
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, header, 0, 0):
        code = ctypes.get_errno()
        raise OSError(code, f"seccomp: {os.strerror(code)}")


def assemble(machine: str, *, alone: bool) -> bytes:
    """The filter as the kernel reads it, eight bytes an instruction. Raises OSError for an unknown `machine`."""
    if machine not in _MACHINES:
        raise OSError(errno.ENOSYS, f"no seccomp filter for {machine}")
    target = _MACHINES[machine]
    number = target.number
    code = [_load(_ARCHITECTURE), (_JUMP_EQUAL, 1, 0, target.audit), _result(_KILL), _load(_NUMBER)]
    if target.x32:
        code += [(_JUMP_AT_LEAST, 0, 1, _X32_BIT), _result(_KILL)]
    for name in (*REFUSED, *(REFUSED_ALONE if alone else ())):
        code += _when(number(name), [_refuse()])
    # What stands behind a pointer cannot be seen: without these two, programs fall back on clone and openat.
    for name in ("clone3", "openat2"):
        code += _when(number(name), [_refuse(errno.ENOSYS)])
    for name, place in _MODES.items():
        code += _when(number(name), _refuse_bits(_SET_USER_ID, place))
    for name, place in _OPENINGS.items():
        code += _when(number(name), _births(place))
    if alone:
        code += _when(number("prlimit64"), _accept_values(0, (0,)))
    code += _when(number("clone"), _refuse_bits(_CLONE_NEW))
    code += _when(number("unshare"), _refuse_bits(_CLONE_NEW | _CLONE_NEWTIME))
    code += _when(number("ioctl"), _refuse_values(1, (_TIOCSTI, _TIOCLINUX)))
    code += _when(number("personality"), _accept_values(0, _PERSONALITIES))
    code += _when(number("socket"), _sockets(network=not alone))
    code += _when(number("socketpair"), _pairs(network=not alone))
    code.append(_result(_ALLOW))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def _sockets(*, network: bool) -> list[Instruction]:
    """Unix and internet sockets, none of them raw, and the routing table's: Python and Node list interfaces by it."""
    unreachable = _refuse(errno.EAFNOSUPPORT)
    routing = [_argument(2), (_JUMP_EQUAL, 0, 1, _NETLINK_ROUTE), _result(_ALLOW), unreachable]
    if not network:
        return [_argument(0), (_JUMP_EQUAL, 1, 0, _AF_NETLINK), unreachable, *routing]
    cooked = [_argument(1), (_AND, 0, 0, _SOCK_TYPES), (_JUMP_EQUAL, 0, 1, _SOCK_RAW), _refuse(), _result(_ALLOW)]
    return [
        _argument(0),
        (_JUMP_EQUAL, 0, 1, _AF_UNIX),
        _result(_ALLOW),
        (_JUMP_EQUAL, len(routing) + 3, 0, _AF_INET),
        (_JUMP_EQUAL, len(routing) + 2, 0, _AF_INET6),
        (_JUMP_EQUAL, 1, 0, _AF_NETLINK),
        unreachable,
        *routing,
        *cooked,
    ]


def _pairs(*, network: bool) -> list[Instruction]:
    """Without a network not those that can be turned to another address later."""
    if network:
        return [_result(_ALLOW)]
    return [_argument(1), (_AND, 0, 0, _SOCK_TYPES), (_JUMP_EQUAL, 0, 1, _SOCK_DGRAM), _refuse(), _result(_ALLOW)]


def _births(flags: int) -> list[Instruction]:
    """Files may be made, but none that gives its owner's rights to whoever runs it: a way out by another user."""
    mode = _refuse_bits(_SET_USER_ID, flags + 1)
    return [_argument(flags), (_JUMP_BITS, 1, 0, _MAKES_FILE), _result(_ALLOW), *mode]


def _when(number: int, block: Sequence[Instruction]) -> list[Instruction]:
    """`block`, which ends with a result on every way through it, for that system call alone."""
    return [] if number == ABSENT else [(_JUMP_EQUAL, 0, len(block), number), *block]


def _refuse_bits(bits: int, argument: int = 0) -> list[Instruction]:
    return [_argument(argument), (_JUMP_BITS, 0, 1, bits), _refuse(), _result(_ALLOW)]


def _refuse_values(argument: int, values: Sequence[int]) -> list[Instruction]:
    return [*_any_of(argument, values), _result(_ALLOW), _refuse()]


def _accept_values(argument: int, values: Sequence[int]) -> list[Instruction]:
    return [*_any_of(argument, values), _refuse(), _result(_ALLOW)]


def _any_of(argument: int, values: Sequence[int]) -> list[Instruction]:
    """Goes on one instruction later where the argument's lower half is one of `values`: the kernel reads no more."""
    last = len(values) - 1
    return [_argument(argument), *((_JUMP_EQUAL, last - place + 1, 0, value) for place, value in enumerate(values))]


def _argument(position: int) -> Instruction:
    return _load(_ARGUMENTS + 8 * position)  # both machines are little-endian


def _load(offset: int) -> Instruction:
    return (_LOAD_WORD, 0, 0, offset)


def _refuse(code: int = errno.EPERM) -> Instruction:
    return _result(_ERRNO | code)


def _result(value: int) -> Instruction:
    return (_RETURN, 0, 0, value)
