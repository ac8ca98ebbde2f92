"""A git folder of our own beside a person's repository: it borrows their objects and index and can write only itself.

Commands that look at files run here, because git would start whatever a repository's own configuration names as a
filter, monitor or remote. The shadow takes over a short list of harmless settings and nothing else.
"""

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kimicode.errors import DiskError
from kimicode.git.command import Answer, run

_BORROWED = re.compile(
    r"core\.(autocrlf|eol|filemode|ignorecase|symlinks|precomposeunicode|excludesfile|attributesfile"
    r"|sparsecheckout|sparsecheckoutcone)|extensions\.objectformat|status\.showuntrackedfiles"
)
_REQUIRED_FILTER = re.compile(r"filter\.(?P<name>.+)\.required", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Origin:
    """The real repository: its work tree's root, its git folder, and the folder that linked work trees share."""

    root: Path
    git_dir: Path
    common_dir: Path

    def run(
        self,
        arguments: Sequence[str],
        *,
        check: bool = True,
        feed: bytes = b"",
        index: Path | None = None,
        settings: Sequence[tuple[str, str]] = (),
    ) -> Answer:
        """Run a command on references, configuration, objects or an `index` (by default the person's), never on files.

        Raises GitError.
        """
        env = {
            "GIT_DIR": str(self.git_dir),
            "GIT_COMMON_DIR": str(self.common_dir),
            "GIT_WORK_TREE": str(self.root),
            "GIT_INDEX_FILE": str(index or self.git_dir / "index"),
            "GIT_OBJECT_DIRECTORY": str(self.common_dir / "objects"),
        }
        return run(arguments, cwd=self.root, env=env, check=check, feed=feed, settings=settings)


@dataclass(frozen=True, slots=True)
class Shadow:
    """A git folder at `git_dir` that works on the files of `origin.root`."""

    origin: Origin
    git_dir: Path
    settings: dict[str, str]

    @classmethod
    def create(cls, origin: Origin, git_dir: Path) -> "Shadow":
        """Build one in `git_dir`, which must not exist yet. Raises DiskError, GitError."""
        settings, filters = _settings(origin)
        head = origin.run(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], check=False).line
        try:
            for folder in ("objects/info", "refs", "info"):
                (git_dir / folder).mkdir(parents=True, mode=0o700)
            (git_dir / "HEAD").write_text(f"{head or 'ref: refs/heads/unborn'}\n")
            (git_dir / "config").write_text(_config_text(settings, filters), "utf-8", "surrogateescape")
            (git_dir / "objects/info/alternates").write_text(f"{quoted(str(origin.common_dir / 'objects'))}\n")
            _borrow_files(origin, git_dir)
        except OSError as error:
            raise DiskError.from_os("prepare a snapshot in", git_dir, error) from error
        return cls(origin, git_dir, settings)

    @classmethod
    def found(cls, origin: Origin, git_dir: Path) -> "Shadow":
        """One that another process left behind. Raises GitError."""
        return cls(origin, git_dir, _settings(origin)[0])

    @property
    def sparse(self) -> bool:
        return self.settings.get("core.sparsecheckout") == "true"

    @property
    def follows_untracked(self) -> bool:
        """False where the person asked git not to look at untracked files: a home folder kept in git, for one."""
        return self.settings.get("status.showuntrackedfiles") not in ("no", "false")

    def run(self, arguments: Sequence[str], *, check: bool = True, feed: bytes = b"", literal: bool = True) -> Answer:
        """Run a command on the work tree, with the shadow's index and objects; `feed` is its stdin. Raises GitError.

        `literal`: paths are no patterns; a few commands do not take it.
        """
        env = {
            "GIT_DIR": str(self.git_dir),
            "GIT_COMMON_DIR": str(self.git_dir),
            "GIT_WORK_TREE": str(self.origin.root),
            "GIT_INDEX_FILE": str(self.git_dir / "index"),
            "GIT_OBJECT_DIRECTORY": str(self.git_dir / "objects"),
            **({} if literal else {"GIT_LITERAL_PATHSPECS": "0"}),
        }
        return run(arguments, cwd=self.origin.root, env=env, check=check, feed=feed)

    def close(self) -> None:
        """Remove the git folder; what cannot be removed stays."""
        shutil.rmtree(self.git_dir, ignore_errors=True)


def _settings(origin: Origin) -> tuple[dict[str, str], list[str]]:
    """The settings to take over, and the names of the person's own filters that insist on success."""
    fields = origin.run(["config", "--list", "--null", "--show-scope"]).output.split(b"\0")
    settings, filters = {}, []
    for scope, entry in zip(fields[::2], fields[1::2], strict=False):
        key, _, value = entry.decode("utf-8", "surrogateescape").partition("\n")
        if _BORROWED.fullmatch(key):
            settings[key] = value
        elif (match := _REQUIRED_FILTER.fullmatch(key)) and scope in (b"system", b"global"):
            filters.append(match["name"])
    return settings, filters


def _config_text(settings: dict[str, str], filters: list[str]) -> str:
    version = 1 if "extensions.objectformat" in settings else 0
    lines = [f"[core]\n\trepositoryformatversion = {version}\n\tbare = false\n\tlooseCompression = 0"]
    for key, value in settings.items():
        section, _, name = key.partition(".")
        lines.append(f"[{section}]\n\t{name} = {quoted(value)}")
    # A filter that is configured but not installed must not stop the snapshot: the file counts as it is.
    lines += [f"[filter {quoted(name)}]\n\trequired = false" for name in filters]
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _borrow_files(origin: Origin, git_dir: Path) -> None:
    # copy2 keeps the index's time: git compares it with the files' to find those that changed while it was written.
    wanted = [
        (origin.git_dir / "index", git_dir / "index"),
        (origin.common_dir / "info/exclude", git_dir / "info/exclude"),
        (origin.common_dir / "info/attributes", git_dir / "info/attributes"),
        (origin.git_dir / "info/sparse-checkout", git_dir / "info/sparse-checkout"),
        *((shared, git_dir / shared.name) for shared in origin.git_dir.glob("sharedindex.*")),
    ]
    for source, target in wanted:
        if source.is_file():
            shutil.copy2(source, target)
