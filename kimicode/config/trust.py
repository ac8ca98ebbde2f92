"""Which folders the person trusts, by their own record: trust.toml beside config.toml, and `trusted` in that.

Nothing in a folder can speak for it: its real path is compared, and not a byte of it is read before the answer.
"""

import fcntl
import os
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from kimicode.config import obeyed
from kimicode.config.write import replace_private
from kimicode.errors import ConfigError, DiskError

Answer = Literal["trusted", "untrusted"]
MOST_VERSIONS = 8
"""Contents of one item that are remembered as approved: branches may differ in it."""
UNCONFINED = (("mode", "yolo"), ("sandbox", "off"))
"""Settings, by name and value, under which a folder could do what it likes: they need its trust."""
_HEAD = "# What kimicode may obey, written by kimicode: `kimicode trust --list`, `kimicode trust --revoke DIR`.\n"


@dataclass(frozen=True, slots=True)
class Trust:
    """What holds for the project at `root`: by default nothing of it is obeyed, and nobody was asked.

    `approved` are the contents, by name, to which the person said yes; None: to whatever is there.
    """

    root: Path
    answer: Answer | None = None
    approved: Mapping[str, frozenset[str]] | None = None

    @classmethod
    def unasked(cls, cwd: Path) -> "Trust":
        """No trust in the project that `cwd` lies in."""
        return cls(obeyed.search_path(cwd)[-1])

    @classmethod
    def whole(cls, cwd: Path) -> "Trust":
        """Trust in all that is there, for those who said so on the command line or in config.toml."""
        return cls(obeyed.search_path(cwd)[-1], "trusted")

    @property
    def given(self) -> bool:
        """Whether the folder is trusted; single items may have changed since."""
        return self.answer == "trusted"

    def read(self, path: Path) -> bytes | None:
        """The content of an item that is to be obeyed, as far as it was approved; None for everything else."""
        data = obeyed.read(path, self.root) if self.given else None
        return data if data is not None and self._approves(path, data) else None

    def changed(self, cwd: Path) -> list[str]:
        """The items near `cwd` that are not as they were when the folder was trusted, by name."""
        if not self.given or self.approved is None:
            return []
        near = ((path, obeyed.read(path, self.root)) for path in obeyed.items_near(cwd))
        return [
            obeyed.name_of(path, self.root)
            for path, data in near
            if data is not None and not self._approves(path, data)
        ]

    def left_out(self, cwd: Path) -> list[str]:
        """What is there and not obeyed, by name."""
        return self.changed(cwd) if self.given else obeyed.present(cwd)

    def notice(self, cwd: Path) -> str:
        """The one thing to say about what is not obeyed; "" where there is nothing of the kind."""
        names = self.left_out(cwd)
        if not names:
            return ""
        shown = [name if name.isprintable() else ascii(name) for name in names[:4]]
        listed = ", ".join(shown) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
        why = "changed since the folder was trusted" if self.given else "the folder is not trusted"
        return f"not obeyed: {listed} of {self.root}, for {why} (--trust: this time, `kimicode trust`: for good)"

    def _approves(self, path: Path, data: bytes) -> bool:
        if self.approved is None:
            return True
        return obeyed.fingerprint(data) in self.approved.get(obeyed.name_of(path, self.root), ())


@dataclass(frozen=True, slots=True)
class Entry:
    """One folder in the record. `follows` is the repository whose answer holds for a work tree that kimicode made."""

    path: Path
    answer: Answer = "trusted"
    items: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    follows: Path | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """The file in which answers are kept. Methods raise ConfigError where it is damaged, DiskError."""

    file: Path

    def entries(self) -> list[Entry]:
        """All answers."""
        return _entries(self.file)

    def trust_in(self, cwd: Path, trusted: Iterable[Path] = ()) -> Trust:
        """What holds in `cwd`; `trusted` are the folders that config.toml names."""
        root = obeyed.search_path(cwd)[-1]
        entries = self.entries()
        entry = _find(entries, root)
        subject = entry.follows if entry and entry.follows else root
        if any(_same(Path(os.path.realpath(each)), subject) for each in trusted):
            return Trust(root, "trusted")
        entry = _find(entries, subject)
        if entry is None:
            return Trust(root)
        return Trust(root, entry.answer, {name: frozenset(known) for name, known in entry.items.items()})

    def remember(self, cwd: Path, answer: Answer) -> Path:
        """Keep an answer for the project of `cwd`, with what is there to be obeyed now; returns its folder.

        Raises ConfigError for a folder whose name is no text: it could not be told from another one.
        """
        root = obeyed.search_path(cwd)[-1]
        with self._open() as entries:
            entry = _find(entries, root)
            if entry and entry.follows:
                root, entry = entry.follows, _find(entries, entry.follows)
            before = entry.items if entry else {}
            items = _merged(before, _seen(cwd, root)) if answer == "trusted" else {}
            _put(entries, Entry(_text(root), answer, items))
        return root

    def follow(self, worktree: Path, repository: Path) -> None:
        """A work tree that kimicode made from a repository is trusted as that is."""
        with self._open() as entries:
            _put(entries, Entry(_text(worktree), follows=_text(repository)))

    def forget(self, folder: Path) -> bool:
        """Whether there was an answer; the folder itself is looked for, be it there or not."""
        with self._open() as entries:
            found = [entry for entry in entries if _same(entry.path, folder)]
            for entry in found:
                entries.remove(entry)
        return bool(found)

    @contextmanager
    def _open(self) -> Iterator[list[Entry]]:
        """The entries, to be changed: nobody else does so meanwhile, and they are written at the end."""
        try:
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self.file.with_suffix(".lock").open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                entries = [each for each in _entries(self.file) if each.follows is None or os.path.isdir(each.path)]
                yield entries
                replace_private(Path(os.path.realpath(self.file)), _written(entries))
        except OSError as error:
            raise DiskError.from_os("write", self.file, error) from error


def is_wide(folder: Path) -> bool:
    """Whether trusting it would be unwise: the home folder, and what holds it."""
    return obeyed.is_wide(folder)


def _seen(cwd: Path, root: Path) -> dict[str, str]:
    """All items of the project, those near `cwd` whatever else there is. A folder as wide as home is not searched."""
    near = obeyed.fingerprints(obeyed.search_path(cwd)[-1], obeyed.items_near(cwd))
    return near if is_wide(root) else {**obeyed.survey(root), **near}


def _merged(before: Mapping[str, tuple[str, ...]], seen: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    kept = dict(before)
    for name, known in seen.items():
        kept[name] = (known, *(other for other in kept.get(name, ()) if other != known))[:MOST_VERSIONS]
    return kept


def _find(entries: Iterable[Entry], folder: Path) -> Entry | None:
    return next((entry for entry in entries if _same(entry.path, folder)), None)


def _same(kept: Path, folder: Path) -> bool:
    """Whether two real paths mean one folder: equal, or spelled differently where the file system does not mind.

    What was kept is not resolved again: a link that has taken its place since leads to another folder.
    """
    if kept == folder:
        return True
    try:
        return _folded(kept) == _folded(folder) and os.path.samestat(kept.lstat(), folder.lstat())
    except OSError:
        return False


def _folded(path: Path) -> str:
    return unicodedata.normalize("NFC", str(path)).casefold()


def _put(entries: list[Entry], new: Entry) -> None:
    entries[:] = [*(entry for entry in entries if not _same(entry.path, new.path)), new]


def _text(folder: Path) -> Path:
    try:
        str(folder).encode()
    except UnicodeEncodeError:
        hint = "--trust obeys it this time; rename it to be asked once and for all."
        raise ConfigError(f"the name of {os.fsencode(folder)!r} is not UTF-8 and cannot be kept", hint=hint) from None
    return folder


# --- the file -------------------------------------------------------------------------------------------------


def _entries(file: Path) -> list[Entry]:
    try:
        with file.open("rb") as opened:
            if os.fstat(opened.fileno()).st_mode & 0o022:
                raise ConfigError(f"others can write to {file}, so it proves nothing", hint=f"chmod 600 {file}")
            values = tomllib.loads(opened.read().decode())
        return [_entry(each) for each in values.get("folder", [])]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise DiskError.from_os("read", file, error) from error
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        hint = "Repair it, or remove it to be asked anew."
        raise ConfigError(f"{file} is damaged: {error}", hint=hint) from None


def _entry(table: Mapping[str, object]) -> Entry:
    """Raises ValueError, KeyError for a table that says something else."""
    path, answer, items = table["path"], table.get("answer", "trusted"), table.get("items", {})
    follows = table.get("follows")
    if not isinstance(path, str) or not os.path.isabs(path) or not isinstance(items, dict):
        raise ValueError("a folder is not said by its path")
    if answer not in ("trusted", "untrusted") or not isinstance(follows, str | None):
        raise ValueError(f"no answer for {path}")
    known = {str(name): tuple(map(str, versions)) for name, versions in items.items()}
    return Entry(Path(path), answer, known, Path(follows) if follows else None)


def _written(entries: Iterable[Entry]) -> str:
    import tomlkit

    tables = tomlkit.aot()
    for entry in entries:
        table = tomlkit.table()
        table["path"] = str(entry.path)
        if entry.follows:
            table["follows"] = str(entry.follows)
        else:
            table["answer"] = entry.answer
        if entry.items:
            table["items"] = {name: list(versions) for name, versions in entry.items.items()}
        tables.append(table)
    return _HEAD + tomlkit.dumps({"folder": tables})
