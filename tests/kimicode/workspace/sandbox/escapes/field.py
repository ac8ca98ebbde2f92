"""A person's home with secrets, a project to work in and another one beside it, and what of it came to harm.

Made from a template that is built once; all is looked at from outside of the sandbox.
"""

import contextlib
import os
import secrets
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from kimicode.workspace.sandbox.ghosts import CONTENTS, FOLDERS
from tests.kimicode.workspace.sandbox.escapes.reading import IN_HOME

HERE = Path(__file__).parent
SETTINGS = (
    *(f".git/{name}" for name in ("config", "config.worktree", "commondir", "hooks", "info/attributes")),
    *(f".git/worktrees/side/{name}" for name in ("gitdir", "commondir", "config.worktree")),
    *(".git/modules/lib/config", ".git/modules/lib/hooks", "sub/.git/config", "sub/.git/hooks"),
    *("lib/.git", "side/.git", ".kimicode", ".husky", "team.gitconfig"),
)
"""What of the project must stay as it is."""
IN_PROJECT = {"dotenv": ".env", "dotenv-deeper": "services/api/.env.production"}
_VOLATILE = (".cache/kimicode", ".local/share/kimicode/ghosts", ".local/state/kimicode")
_GIT = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "GIT_TERMINAL_PROMPT": "0"}
_COMMITTER = ("-c", "user.name=A", "-c", "user.email=a@b.test", "-c", "protocol.file.allow=always")


class Template:
    """The home folder as it is before each attempt. `marks` are the contents of its secrets, by their names."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.marks = {name: f"SECRET-{name}-{secrets.token_hex(6)}" for name in (*IN_HOME, *IN_PROJECT)}
        self.marks |= {"git": f"SECRETgit{secrets.token_hex(6)}", "settings": f"SECRETset{secrets.token_hex(6)}"}
        self.marks["name"] = f"SECRET-name-{secrets.token_hex(6)}"
        project, other = self.home / "project", self.home / "other"
        other.mkdir(parents=True)
        project.mkdir()
        for name in ("file", "held"):
            (other / name).write_text("as it was\n")
        (other / "empty").touch()
        for name, path in IN_HOME.items():
            _put(
                self.home / path,
                f"token = {self.marks[name]}\n" if name != "aws" else f"[a]\n\tb = {self.marks[name]}\n",
            )
        for name, path in IN_PROJECT.items():
            _put(project / path, f"TOKEN={self.marks[name]}\n")
        _put(self.home / ".ssh" / self.marks["name"], "")
        _put(self.home / ".bashrc", "# mine\n")
        _put(self.home / ".cargo/bin/cargo", "#!/bin/sh\n")
        _put(self.home / ".cargo/registry/index", "mine\n")
        _put(self.home / ".git-credentials", f"https://me:{self.marks['git']}@forge.test\n")
        helper = f"[credential]\n\thelper = store\n[http]\n\textraheader = Authorization: {self.marks['settings']}\n"
        _put(self.home / ".gitconfig", helper)
        self._repositories(project)
        self._programs(project)

    def _repositories(self, project: Path) -> None:
        library = self.home.parent / "library"
        for folder in (library, project):
            folder.mkdir(exist_ok=True)
            _git(folder, "init", "-q", "-b", "main", ".")
            _put(folder / "README", "text\n")
            _git(folder, "add", "README")
            _git(folder, "commit", "-qm", "one")
        _git(project, "submodule", "--quiet", "add", str(library), "lib")
        _git(project, "worktree", "add", "-q", "side")
        _git(project, "config", "include.path", "../team.gitconfig")
        _git(project, "config", "core.hooksPath", ".husky")
        _put(project / "team.gitconfig", "[alias]\n\tst = status\n")
        _put(project / ".husky/pre-commit", "#!/bin/sh\n")
        _put(project / ".git/hooks/post-commit", "#!/bin/sh\n")
        for sample in (project / ".git/hooks").glob("*.sample"):
            sample.unlink()
        (project / "sub").mkdir()
        _git(project / "sub", "init", "-q", ".")

    def _programs(self, project: Path) -> None:
        compiler = shutil.which("cc")
        for name, options in (("native", ()), ("preloaded", ("-shared", "-fPIC"))):
            if compiler is not None:
                subprocess.run(
                    [compiler, "-w", *options, "-o", project / name, HERE / f"{name}.c"], capture_output=True
                )

    def field(self, home: Path) -> "Field":
        """A fresh copy at `home`, which is made."""
        shutil.copytree(self.home, home, symlinks=True)
        for file in (home / "project/.git/worktrees/side/gitdir", home / "project/side/.git"):
            file.write_text(file.read_text().replace(str(self.home), str(home)))
        return Field(home, self.marks)


class Field:
    """One copy of it: `harm` tells what became of it since `remember`."""

    def __init__(self, home: Path, marks: dict[str, str]) -> None:
        self.home = home
        self.project, self.other = home / "project", home / "other"
        self.scratch = Path(tempfile.mkdtemp(prefix="kimicode-"))
        self.mark = f"escape-{secrets.token_hex(6)}"
        self.marks = marks
        self._own = {(self.project / name).stat().st_ino for name in IN_PROJECT.values()}
        self._before: dict[str, object] = {}

    @property
    def shared(self) -> tuple[Path, ...]:
        """Names in folders that everybody shares, and where a setting of the machine would be."""
        folders = ("/tmp", "/var/tmp", "/dev/shm", "/etc/cron.d")
        return (*(Path(folder, self.mark) for folder in folders), Path("/etc/profile.d", f"{self.mark}.sh"))

    def remember(self) -> None:
        self._before = self._state()

    def harm(self) -> set[str]:
        """ "outside" and "protected", each with a path, for all that is not as it was."""
        after = self._state()
        names = {name for name in {*self._before, *after} if self._before.get(name) != after.get(name)}
        return {f"protected: {name}" if name.startswith("project/") else f"outside: {name}" for name in names}

    def come_back(self, output: str) -> set[str]:
        """Secrets that stand in the output of a command or in a file that it may have left."""
        found = {name for name, mark in self.marks.items() if mark in output}
        for file in (path for folder in (self.project, self.scratch) for path in _files(folder)):
            with contextlib.suppress(OSError):
                status = file.stat()
                text = file.read_bytes() if status.st_size < 1_000_000 and status.st_ino not in self._own else b""
                found |= {name for name, mark in self.marks.items() if mark.encode() in text}
        return {f"secret: {name}" for name in found}

    def large(self, most: int) -> set[str]:
        return {f"crowd: {path.name}" for path in _files(self.project) if path.lstat().st_size > most}

    def remove(self) -> None:
        """All of it, wherever it was moved to."""
        for path in self.shared:
            with contextlib.suppress(OSError):
                path.unlink()
        for folder in (self.scratch, *self.home.parent.glob(f"{self.home.name}*")):
            shutil.rmtree(folder, ignore_errors=True)

    def _state(self) -> dict[str, object]:
        state: dict[str, object] = {str(path): path.exists() for path in self.shared}
        for path in _walk(self.home):
            name = path.relative_to(self.home).as_posix()
            if name.split("/")[0] != "project" and not name.startswith(_VOLATILE):
                state[name] = _looks(path)
        return state | {f"project/{name}": looks for name, looks in self._project()}

    def _project(self) -> Iterator[tuple[str, object]]:
        for name in SETTINGS:
            for path in (self.project / name, *_walk(self.project / name)):
                if not _is_ghost(path):
                    yield path.relative_to(self.project).as_posix(), _looks(path)
        for path in _walk(self.project):
            status = path.lstat()
            name = path.relative_to(self.project).as_posix()
            if status.st_mode & stat.S_ISUID or stat.S_ISBLK(status.st_mode) or stat.S_ISCHR(status.st_mode):
                yield f"{name} has rights of its own", stat.filemode(status.st_mode)
            if path.name == ".git" and name.count("/") and not name.startswith(".git/"):
                yield f"{name} is a repository", True
        yield ".git", (self.project / ".git").is_dir() and (self.project / ".git").stat().st_ino


def _is_ghost(path: Path) -> bool:
    """Whether it is nothing, or what a layer has made so that nothing can be made there."""
    if not os.path.lexists(path):
        return True
    if path.is_symlink():
        return False
    if path.is_dir():
        return path.name in FOLDERS and not any(path.iterdir())
    return path.read_bytes() == CONTENTS.get(path.name, b"")


def _looks(path: Path) -> object:
    """Kind, mode, owner, content, and the time of a change of that."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    kind = (status.st_mode, status.st_uid, status.st_gid)
    if stat.S_ISDIR(status.st_mode):
        return kind
    if stat.S_ISLNK(status.st_mode):
        return (*kind, os.readlink(path))
    content = path.read_bytes() if stat.S_ISREG(status.st_mode) else b""
    return (*kind, status.st_mtime_ns, content, tuple(os.listxattr(path, follow_symlinks=False)))


def _walk(top: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(top):
        yield from (Path(folder, name) for name in (*folders, *files))


def _files(top: Path) -> Iterator[Path]:
    return (path for path in _walk(top) if path.is_file() and not path.is_symlink())


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _git(folder: Path, *words: str) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **_GIT}
    subprocess.run(["git", *_COMMITTER, *words], cwd=folder, env=environment, check=True, capture_output=True)
