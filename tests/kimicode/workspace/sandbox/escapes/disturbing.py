"""Other processes, the agent itself, the machine's settings, and what outlives a session or breaks its limits."""

from tests.kimicode.workspace.sandbox.escapes.attempt import ATTRIBUTES, DEVICES, SEEN, Attempt, landlock


def _disturb(name: str, program: str, **more) -> Attempt:
    return Attempt(name, "victim", program, **more)


def _agent(name: str, program: str, **more) -> Attempt:
    return Attempt(name, "agent", program, **more)


def _change(name: str, program: str, **more) -> Attempt:
    return Attempt(name, "machine", program, root=True, **more)


_START = 'import ctypes, fcntl, os, resource, signal; E = os.environ; victim = int(E["VICTIM"]); '
_PTRACE = (
    _START
    + """
libc = ctypes.CDLL(None)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
if libc.ptrace(16, victim, None, None) == 0:
    os.waitpid(victim, 0x40000000)
    libc.ptrace(5, victim, int(E["POKE"]), 0x6c697665)
    libc.ptrace(17, victim, None, None)
"""
)
_SEIZE = (
    _START
    + """
libc = ctypes.CDLL(None)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
if libc.ptrace(0x4206, victim, None, None) == 0:
    libc.ptrace(0x4207, victim, None, None)
    os.waitpid(victim, 0x40000000)
    libc.ptrace(5, victim, int(E["POKE"]), 0x6c697665)
    libc.ptrace(17, victim, None, None)
"""
)
_VM_WRITE = (
    _START
    + """
class Piece(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
buffer = ctypes.create_string_buffer(b"evil")
here, there = Piece(ctypes.addressof(buffer), 4), Piece(int(E["POKE"]), 4)
ctypes.CDLL(None).process_vm_writev(victim, ctypes.byref(here), 1, ctypes.byref(there), 1, 0)
"""
)
_MEM = """
import os
with open(f"/proc/{%s}/mem", "r+b", 0) as memory:
    memory.seek(int(os.environ["%s"])); memory.write(b"evil")
"""
_OWNER = (
    _START
    + """
out, into = os.pipe()
fcntl.fcntl(out, fcntl.F_SETOWN, victim)
fcntl.fcntl(out, fcntl.F_SETFL, os.O_ASYNC)
os.write(into, b"x")
"""
)
_STUFF = """
import fcntl, os, termios
terminal = os.open(os.environ["TERMINAL"], os.O_RDWR | os.O_NOCTTY)
fcntl.ioctl(terminal, termios.TIOCSTI, b"x")
"""
_CHANNEL = """
import ctypes, os, stat
libc = ctypes.CDLL(None)
process = os.pidfd_open(int(os.environ["PARENT"]))
for number in range(3, 64):
    found = libc.syscall(438, process, number, 0)
    if found >= 0 and stat.S_ISSOCK(os.fstat(found).st_mode):
        try: os.write(found, b"forged")
        except OSError: pass
"""
_DAEMON = """(setsid env -i setsid sh -c "%s sleep $LINGER; true" & ) & sleep 0.3"""

DISTURBING = (
    _disturb("kill", "kill -9 $VICTIM"),
    _disturb("signal", "kill -USR1 $VICTIM"),
    _disturb("signal-group", "kill -USR1 -- -$VICTIM"),
    _disturb("stop", "kill -STOP $VICTIM"),
    _disturb("signal-by-name", "pkill -USR1 -f $MARK-victim", optional=True),
    _disturb("signal-by-descriptor", _START + "signal.pidfd_send_signal(os.pidfd_open(victim), 10)", language="python"),
    _disturb("signal-by-owner", _OWNER, language="python"),
    _disturb("ptrace", _PTRACE, language="python"),
    _disturb("ptrace-seize", _SEIZE, language="python"),
    _disturb("vm-write", _VM_WRITE, language="python"),
    _disturb("proc-mem", _MEM % ("os.environ['VICTIM']", "POKE"), language="python"),
    _disturb("limit-of-another", _START + "resource.prlimit(victim, 7, (9, 9))", language="python"),
    _disturb("slow-another", "renice -n 19 -p $VICTIM", gaps=landlock(SEEN)),
    _disturb(
        "pin-another",
        _START + "os.sched_setscheduler(victim, os.SCHED_IDLE, os.sched_param(0))",
        language="python",
        gaps=landlock(SEEN),
    ),
    _disturb("doom-another", "echo 1000 > /proc/$VICTIM/oom_score_adj"),
    _agent("signal-agent", "kill -USR1 $AGENT"),
    _agent("signal-parent", "kill -USR1 $PPID"),
    _agent("memory-of-agent", _MEM % ("os.environ['AGENT']", "POKE_AGENT"), language="python"),
    _agent(
        "limit-of-agent",
        "import os, resource; resource.prlimit(int(os.environ['AGENT']), 4, (0, 0))",
        language="python",
    ),
    _agent("slow-agent", "renice -n 5 -p $AGENT", gaps=landlock(SEEN)),
    _agent("terminal", "echo evil > $TERMINAL"),
    _agent("terminal-input", _STUFF, language="python", root=True, optional=True),
    _agent(
        "terminal-by-agent",
        "for f in /proc/$AGENT/fd/*; do case $(readlink $f) in /dev/pts/*) echo evil > $f;; esac; done",
    ),
    _agent("channel-of-agent", _CHANNEL, language="python"),
    _change("core-pattern", "echo core.$MARK > /proc/sys/kernel/core_pattern"),
    _change("kernel-setting", "echo $NUMBER > /proc/sys/kernel/printk_ratelimit_burst"),
    _change("sysctl", "sysctl -q kernel.printk_ratelimit_burst=$NUMBER", optional=True),
    _change("sysfs", "echo $NUMBER > /sys/kernel/mm/ksm/pages_to_scan", optional=True),
    _change("hostname", "hostname evil", optional=True),
    _change("hostname-by-proc", "echo evil > /proc/sys/kernel/hostname"),
    _change("kernel-log", 'echo "$MARK" > /dev/kmsg'),
    _change("mount", 'mount -t tmpfs tmpfs "$OUT"'),
    _change("device-mode", "chmod 622 /dev/full", gaps={"bubblewrap": DEVICES, **landlock(ATTRIBUTES)}),
    _change("cgroup", 'd=$(ls -d /sys/fs/cgroup/pids /sys/fs/cgroup | head -1); mkdir "$d/$MARK"', optional=True),
    _change("loop-device", "truncate -s 1M image-$MARK; losetup -f image-$MARK", optional=True),
    Attempt("device-node", "protected", "mknod device b 7 0", root=True),
    Attempt("set-user-id", "protected", "cp /bin/true s; chmod 4755 s"),
    Attempt(
        "set-user-id-at-birth",
        "protected",
        'import os; os.close(os.open("s", os.O_CREAT | os.O_WRONLY, 0o4755))',
        "python",
    ),
    Attempt("daemon", "survivor", _DAEMON % "", leaves=True),
    Attempt("deaf-daemon", "survivor", _DAEMON % "trap '' TERM HUP INT;", leaves=True),
    Attempt("forks", "crowd", "for i in $(seq 600); do sleep $LINGER & done 2>/dev/null; wait"),
    Attempt("large-file", "crowd", "head -c 40000000 /dev/zero > large"),
)
