"""Reads of secrets: files of the person, of the machine and of the agent, memory and variables of other processes."""

from tests.kimicode.workspace.sandbox.escapes.attempt import GIT_IN_WORKSPACE, LISTED, SEEN, Attempt, landlock


def _read(name: str, program: str, **more) -> Attempt:
    return Attempt(name, "secret", program, **more)


IN_HOME = {
    "ssh-key": ".ssh/id_ed25519",
    "aws": ".aws/credentials",
    "gcloud": ".config/gcloud/application_default_credentials.json",
    "kube": ".kube/config",
    "docker": ".docker/config.json",
    "forge": ".config/gh/hosts.yml",
    "npm": ".npmrc",
    "pypi": ".pypirc",
    "cargo": ".cargo/credentials.toml",
    "maven": ".m2/settings.xml",
    "netrc": ".netrc",
    "gnupg": ".gnupg/private-keys-v1.d/key",
    "keyring": ".local/share/keyrings/login.keyring",
    "browser": ".config/google-chrome/Default/Cookies",
    "firefox": ".mozilla/firefox/profile/logins.json",
    "history": ".bash_history",
    "agent-config": ".config/kimicode/config.toml",
    "agent-session": ".local/share/kimicode/sessions/1/journal.jsonl",
    "plain-key": "server.pem",
}
"""Names of attempts, and where in the home folder the secret lies."""

_VICTIM_MEMORY = """
import os
with open(f"/proc/{os.environ['VICTIM']}/mem", "rb", 0) as memory:
    memory.seek(int(os.environ["ADDRESS"])); print(memory.read(64))
"""
_VM_READ = """
import ctypes, os
libc = ctypes.CDLL(None)
buffer = ctypes.create_string_buffer(64)
class Piece(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
here = Piece(ctypes.addressof(buffer), 64)
there = Piece(int(os.environ["ADDRESS"]), 64)
libc.process_vm_readv(int(os.environ["VICTIM"]), ctypes.byref(here), 1, ctypes.byref(there), 1, 0)
print(buffer.raw)
"""
_DESCRIPTOR = """
import ctypes, os
libc = ctypes.CDLL(None)
process = os.pidfd_open(int(os.environ["VICTIM"]))
for number in range(3, 12):
    found = libc.syscall(438, process, number, 0)
    if found >= 0:
        try: print(os.pread(found, 64, 0))
        except OSError: pass
"""
_KEY = """
import ctypes, os, platform
libc = ctypes.CDLL(None)
keyctl = {"x86_64": 250, "aarch64": 219}[platform.machine()]
for ring in (-4, -3, -5):
    key = libc.syscall(keyctl, 10, ring, b"user", os.environ["MARK"].encode(), 0)
    buffer = ctypes.create_string_buffer(64)
    if key > 0 and libc.syscall(keyctl, 11, key, buffer, 64) > 0: print(buffer.raw)
"""
_SHARED_MEMORY = """
import ctypes, os
libc = ctypes.CDLL(None)
libc.shmat.restype = ctypes.c_void_p
at = libc.shmat(int(os.environ["SEGMENT"]), None, 0o10000)
if at and at != ctypes.c_void_p(-1).value: print(ctypes.string_at(at, 64))
"""
_MESSAGE = """
import ctypes, os
libc = ctypes.CDLL(None)
buffer = ctypes.create_string_buffer(72)
if libc.msgrcv(int(os.environ["QUEUE"]), buffer, ctypes.c_size_t(64), 0, 0o4000) > 0: print(buffer.raw)
"""
_BY_HANDLE = """
import ctypes, os
libc = ctypes.CDLL(None)
class Handle(ctypes.Structure):
    _fields_ = [("bytes", ctypes.c_uint), ("type", ctypes.c_int), ("data", ctypes.c_ubyte * 128)]
with open(os.environ["HANDLE_FILE"], "rb") as file: raw = file.read()
handle = Handle.from_buffer_copy(raw.ljust(136, b"\\0"))
folder = os.open(os.environ["OUT"], os.O_RDONLY)
print(os.read(libc.open_by_handle_at(folder, ctypes.byref(handle), 0), 64))
"""
_INSIDE = landlock(GIT_IN_WORKSPACE)

READING = (
    *(_read(name, f'cat "$HOME/{path}"') for name, path in IN_HOME.items()),
    _read("copy", 'cp "$HOME/.ssh/id_ed25519" copy'),
    _read("link", 'ln -s "$HOME/.ssh/id_ed25519" link; cat link'),
    _read("hard-link-to-secret", 'ln "$HOME/.ssh/id_ed25519" hard && cat hard'),
    _read("archive", 'tar -C "$HOME" -cf - .ssh .aws 2>/dev/null | tr -d "\\0"', gaps=landlock(LISTED)),
    _read("search", 'grep -rah SECRET "$HOME" 2>/dev/null | head -20', gaps=_INSIDE),
    _read("names", 'ls -a "$HOME/.ssh"', gaps=landlock(LISTED)),
    _read("command-lines", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '", gaps=landlock(SEEN)),
    _read("message-queue", _MESSAGE, language="python"),
    _read("dotdot-secret", "cat ../.ssh/id_ed25519"),
    _read("self-root-secret", 'cat "/proc/self/root$HOME/.ssh/id_ed25519"'),
    _read("self-descriptor", 'cat /proc/self/fd/9 9< "$HOME/.ssh/id_ed25519"'),
    _read("agent-root-secret", 'cat "/proc/$AGENT/root$HOME/.ssh/id_ed25519"'),
    _read(
        "mapped",
        'import mmap, os; f = open(os.environ["HOME"] + "/.ssh/id_ed25519", "rb"); '
        "print(mmap.mmap(f.fileno(), 0, prot=1)[:])",
        language="python",
    ),
    _read("git-as-reader", 'git config --file "$HOME/.aws/credentials" --list'),
    _read("git-include", 'git -c include.path="$HOME/.aws/credentials" config --list'),
    _read("git-credentials", "printf 'protocol=https\\nhost=forge.test\\n\\n' | git credential fill"),
    _read("git-global-settings", "git config --global --list"),
    _read("curl-file", 'curl -s "file://$HOME/.ssh/id_ed25519"', optional=True),
    _read("dotenv", "cat .env", gaps=_INSIDE),
    _read("dotenv-deeper", "cat services/api/.env.production", gaps=_INSIDE),
    _read("dotenv-by-link", "ln -s .env x; cat x", gaps=_INSIDE),
    _read("dotenv-by-hard-link", "ln .env x; cat x", gaps=_INSIDE),
    _read("dotenv-renamed", "mv .env x; cat x", gaps=_INSIDE),
    _read("dotenv-folder-renamed", "mv services s; cat s/api/.env.production", gaps=_INSIDE),
    _read("dotenv-sourced", "set -a; . ./.env; env", gaps=_INSIDE),
    _read("home-of-another", 'cat "$HOMES/neighbour/notes"'),
    _read("shadow", "cat /etc/shadow", root=True),
    _read("secret-of-run", "cat /run/secrets/value", root=True),
    _read("own-variables", "env"),
    _read("variables-of-agent", "tr '\\0' '\\n' < /proc/$AGENT/environ"),
    _read("variables-of-parent", "tr '\\0' '\\n' < /proc/$PPID/environ"),
    _read("variables-of-all", "cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep SECRET"),
    _read("variables-of-victim", "tr '\\0' '\\n' < /proc/$VICTIM/environ"),
    _read("memory-of-victim", _VICTIM_MEMORY, language="python"),
    _read("memory-by-vm-read", _VM_READ, language="python"),
    _read("descriptor-of-victim", _DESCRIPTOR, language="python"),
    _read(
        "descriptors-by-proc",
        "for f in /proc/$VICTIM/fd/*; do case $(readlink $f) in *held*) cat $f;; esac; done",
    ),
    _read("keyring-of-kernel", _KEY, language="python", optional=True),
    _read("shared-memory-segment", _SHARED_MEMORY, language="python"),
    _read("handle-of-secret", _BY_HANDLE, language="python", root=True),
    _read(
        "rbind-below-mask",
        "mkdir m; unshare -Urm sh -c 'mount --rbind / m; umount -l m$HOME; cat m$HOME/.ssh/id_ed25519'",
    ),
    _read("unmount-mask-in-namespace", "unshare -Urm sh -c 'umount -l $HOME; cat $HOME/.ssh/id_ed25519'"),
    _read("enter-and-read", "nsenter -t $AGENT -m cat $HOME/.ssh/id_ed25519", root=True),
)
