"""Commits of a forge brought into a private repository of our own: the one door to the network that git has here.

The person's repository lends its objects and is not written to; its settings, hooks and helpers are not read.
"""

import base64
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from kimicode.errors import DiskError, UsageError
from kimicode.git.command import GitError, run
from kimicode.git.repository import Repository
from kimicode.git.shadow import Origin, quoted

PATIENCE_S = 900.0
SHALLOW = 300
"""Commits that a branch may be ahead of its base and still be told of whole, where no clone lends its objects."""

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SSH = "ssh -oBatchMode=yes -oConnectTimeout=20"


@dataclass(frozen=True, slots=True)
class Remote:
    """Where to fetch from. `user` and `token` are for https alone; the token is part of no repr and no command line."""

    url: str
    user: str = ""
    token: str = ""

    def __repr__(self) -> str:
        return f"Remote({self.url!r})"


def fetched(folder: Path, remote: Remote, wanted: Sequence[str], lender: Repository | None) -> Repository:
    """A bare repository in `folder`, made if need be, with what is `wanted`: full names of references, or commit ids.

    Blocks as long as the network takes. Raises UsageError for an address that is no https or ssh one, GitError with
    what git said, DiskError.
    """
    protocol = _protocol(remote.url)
    if lender is not None and (lender.origin.common_dir / "shallow").exists():
        lender = None  # its oldest commits name parents that it does not have
    origin = _made(folder, lender)
    shallow = [] if lender is not None else [f"--depth={SHALLOW}"]
    options = ["--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-maintenance", *shallow]
    refspecs = [f"+{name}:{reference(name)}" for name in wanted]
    env = {
        "GIT_DIR": str(origin.git_dir),
        "GIT_ALLOW_PROTOCOL": protocol,
        "GIT_SSH_COMMAND": _SSH,
        **_authorization(remote),
    }
    settings = [
        (f"protocol.{protocol}.allow", "always"),
        ("core.sshCommand", _SSH),
        ("http.followRedirects", "false"),
        ("fetch.fsckObjects", "true"),
        ("transfer.credentialsInUrl", "die"),
    ]
    command = ["fetch", *options, "--", remote.url, *refspecs]
    run(command, cwd=folder, env=env, settings=settings, patience=PATIENCE_S)
    return Repository(folder, origin)


def reference(name: str) -> str:
    """Under which name something fetched is kept."""
    return f"refs/fetched/{name.removeprefix('refs/')}"


def commit_of(repository: Repository, name: str) -> str:
    """The commit of something that was fetched. Raises GitError."""
    return repository.origin.run(["rev-parse", "--verify", f"{reference(name)}^{{commit}}"]).line


def _protocol(url: str) -> str:
    parts = urlsplit(url)
    if parts.username and parts.password:
        raise UsageError("the address of the repository must not hold a password", hint="Set a token instead.")
    if parts.scheme in ("https", "ssh") or (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        return parts.scheme
    if not parts.scheme and ":" in url and not url.startswith("-"):  # user@host:path
        return "ssh"
    raise UsageError(f"cannot fetch from {url}: only https and ssh addresses are fetched from")


def _authorization(remote: Remote) -> dict[str, str]:
    """The token as a header for this server alone, in the environment of this one process."""
    if not remote.token or not remote.url.startswith("http"):
        return {}
    parts = urlsplit(remote.url)
    pair = base64.b64encode(f"{remote.user or 'x-access-token'}:{remote.token}".encode()).decode()
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"http.{parts.scheme}://{parts.netloc}/.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {pair}",
    }


def _made(folder: Path, lender: Repository | None) -> Origin:
    origin = Origin(folder, folder, folder)
    try:
        if not (folder / "HEAD").exists():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            made = ["init", "--quiet", "--bare", "--template=", "--initial-branch=none", str(folder)]
            run(made, cwd=folder, env={"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull})
        lent = folder / "objects" / "info" / "alternates"
        if lender is None:
            lent.unlink(missing_ok=True)
        else:
            lent.parent.mkdir(parents=True, exist_ok=True)
            lent.write_text(f"{quoted(str(lender.origin.common_dir / 'objects'))}\n", errors="surrogateescape")
    except OSError as error:
        raise DiskError.from_os("make a repository in", folder, error) from error
    if not (folder / "HEAD").exists():
        raise GitError(f"git made no repository in {folder}")
    return origin
