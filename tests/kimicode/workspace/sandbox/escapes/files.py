"""Writes outside of the workspace. $OUT is a folder beside it that commands may read; `file`, `empty` and `held` are
in it, and the agent keeps `held` open."""

from tests.kimicode.workspace.sandbox.escapes.attempt import ATTRIBUTES, Attempt, landlock


def _write(name: str, program: str, **more) -> Attempt:
    return Attempt(name, "outside", program, **more)


_RACE = """
import os, threading
out, over = os.environ["OUT"], False
os.mkdir("real")
def swap():
    while not over:
        for target in ("real", out):
            os.symlink(target, "next"); os.rename("next", "link")
os.symlink("real", "link")
thread = threading.Thread(target=swap); thread.start()
for _ in range(2000):
    try:
        with open("link/raced", "w") as file: file.write("evil")
        if os.path.exists(out + "/raced"): break
    except OSError: pass
over = True
thread.join()
"""
_BY_HANDLE = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
class Handle(ctypes.Structure):
    _fields_ = [("bytes", ctypes.c_uint), ("type", ctypes.c_int), ("data", ctypes.c_ubyte * 128)]
handle, mount = Handle(128), ctypes.c_int()
libc.name_to_handle_at(-100, (os.environ["OUT"] + "/file").encode(), ctypes.byref(handle), ctypes.byref(mount), 0)
folder = os.open(os.environ["OUT"], os.O_RDONLY)
found = libc.open_by_handle_at(folder, ctypes.byref(handle), os.O_WRONLY)
os.write(found, b"evil")
"""
_FROM_MEMORY = """
import os
program = os.memfd_create("shell")
with open("/bin/sh", "rb") as file:
    while piece := file.read(1 << 20): os.write(program, piece)
os.execve(program, ["sh", "-c", "echo evil > $OUT/file"], dict(os.environ))
"""
_HELD = 'for f in /proc/%s/fd/*; do [ "$(readlink $f)" = "$OUT/held" ] && echo evil > $f; done'
_OVERLAY = "mount -t overlay o -o userxattr,lowerdir=/usr/share,upperdir=$OUT,workdir=$OUT-work m && echo evil > m/new"

FILES = (
    _write("write", 'echo evil > "$OUT/file"'),
    _write("append", 'echo evil >> "$OUT/file"'),
    _write("truncate", 'truncate -s 0 "$OUT/file"'),
    _write("overwrite-in-place", 'dd if=/dev/zero of="$OUT/file" bs=1 count=2 conv=notrunc'),
    _write("remove", 'rm -f "$OUT/file"'),
    _write("rename-outside", 'mv "$OUT/file" "$OUT/other"'),
    _write("take-inside", 'mv "$OUT/file" taken'),
    _write("new-file", 'touch "$OUT/new"'),
    _write("new-folder", 'mkdir "$OUT/new"'),
    _write("new-link", 'ln -s /etc "$OUT/new"'),
    _write("new-pipe", 'mkfifo "$OUT/new"'),
    _write("put-outside", 'echo evil > x; mv x "$OUT/new"'),
    _write("new-socket", 'import os, socket; socket.socket(1).bind(os.environ["OUT"] + "/new")', language="python"),
    _write("mode", 'chmod 777 "$OUT/file"', gaps=landlock(ATTRIBUTES)),
    _write(
        "mode-by-descriptor",
        'import os; os.fchmod(os.open(os.environ["OUT"] + "/file", os.O_RDONLY), 0o777)',
        language="python",
        gaps=landlock(ATTRIBUTES),
    ),
    _write("times", 'touch -d 2001-01-01 "$OUT/file"', gaps=landlock(ATTRIBUTES)),
    _write("owner", 'chown 1:1 "$OUT/file"', root=True),
    _write(
        "attribute",
        'import os; os.setxattr(os.environ["OUT"] + "/file", "user.evil", b"x")',
        language="python",
        gaps=landlock(ATTRIBUTES),
    ),
    _write("dotdot", "echo evil > ../other/file"),
    _write("link-in", 'ln -s "$OUT/file" link; echo evil > link'),
    _write("folder-link-in", 'ln -s "$OUT" link; echo evil > link/file'),
    _write("link-race", _RACE, language="python"),
    _write("hard-link", 'ln "$OUT/file" hard && echo evil > hard'),
    _write("proc-self-root", 'echo evil > "/proc/self/root$OUT/file"'),
    _write("proc-1-root", 'echo evil > "/proc/1/root$OUT/file"', root=True),
    _write("proc-agent-root", 'echo evil > "/proc/$AGENT/root$OUT/file"'),
    _write("proc-agent-cwd", "echo evil > /proc/$AGENT/cwd/file"),
    _write("proc-parent-cwd", "echo evil > /proc/$PPID/cwd/file"),
    _write("proc-agent-descriptors", _HELD % "$AGENT"),
    _write("proc-parent-descriptors", _HELD % "$PPID"),
    _write("workspace-away", 'mv "$WORK" "$WORK-moved"'),
    _write("parent-away", 'mv "$HOME" "$HOME-moved"'),
    _write("shared-tmp", 'echo evil > "/tmp/$MARK"'),
    _write("shared-var-tmp", 'echo evil > "/var/tmp/$MARK"'),
    _write("shared-memory-folder", 'echo evil > "/dev/shm/$MARK"'),
    _write("from-memory", _FROM_MEMORY, language="python"),
    _write("perl", 'open(F, ">", "$ENV{OUT}/file"); print F "evil"; close F', language="perl"),
    _write("32-bit-call", '$NATIVE int80 "$OUT/new"', optional=True),
    _write("x32-call", '$NATIVE x32 "$OUT/new"', optional=True),
    _write("io-uring", '$NATIVE uring "$OUT/new"', optional=True),
    _write("openat2", '$NATIVE openat2 "$OUT/new"', optional=True),
    _write("by-handle", _BY_HANDLE, language="python", root=True),
    _write("bind-in-namespace", "mkdir m; unshare -Urm sh -c 'mount --bind $OUT m && echo evil > m/file'"),
    _write("remount-in-namespace", "unshare -Urm sh -c 'mount -o remount,bind,rw $OUT; echo evil > $OUT/file'"),
    _write("overlay", f"mkdir m; mkdir -p $OUT-work; unshare -Urm sh -c '{_OVERLAY}'", optional=True),
    _write("clone3-namespace", '$NATIVE clone3 "$OUT/new"', optional=True),
    _write("chroot-in-namespace", "unshare -Ur chroot /proc/self/root sh -c 'echo evil > $OUT/file'"),
    _write("remount", "mount -o remount,bind,rw $HOME; echo evil > $OUT/file", root=True),
    _write("unmount", "umount -l $OUT; umount -l $HOME/other; echo evil > $OUT/file", root=True),
    _write("bind", "mkdir m; mount --bind $OUT m; echo evil > m/file; umount m", root=True),
    _write("chroot", "chroot /proc/$AGENT/root sh -c 'echo evil > $OUT/file'", root=True),
    _write("enter-mounts", "nsenter -t $AGENT -m sh -c 'echo evil > $OUT/file'", root=True),
    _write("enter-mounts-of-1", "nsenter -t 1 -m sh -c 'echo evil > $OUT/file'", root=True),
    _write("without-capabilities", "capsh --drop=all -- -c 'echo evil > $OUT/file'", root=True, optional=True),
    _write(
        "state-file-as-link", "f=$(trap -p EXIT | grep -o '/[^ ;>]*/kimicode-[^ ;>]*' | head -1); ln -s $OUT/empty $f"
    ),
)
