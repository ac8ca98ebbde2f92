"""Rights that a process gives up for itself and for all that it starts, by prctl and capset. Standard library only."""

import ctypes
import os

_PR_SET_DUMPABLE = 4
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_CAPABILITY_VERSION_3 = 0x20080522


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (("words", ctypes.c_uint32 * 6),)


def give_up() -> None:
    """No capabilities, none to be had from a set-uid program, and no looking into this process by its children.

    Raises OSError where the kernel refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    _checked(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    _checked(libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0), "dumpable")
    _checked(libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "ambient capabilities")
    _drop_bounding_set(libc)
    header, sets = _Header(_CAPABILITY_VERSION_3, 0), _Sets()
    _checked(libc.capset(ctypes.byref(header), ctypes.byref(sets)), "capset")


def _drop_bounding_set(libc: ctypes.CDLL) -> None:
    """Only who holds CAP_SETPCAP can, and nobody else has anything in it that no_new_privs leaves of use."""
    for capability in range(64):
        if libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            return


def _checked(result: int, what: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
