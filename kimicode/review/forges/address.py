"""Where a pull or merge request lives: read from its web address, or from a number and the repository's remote."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from kimicode.errors import UsageError
from kimicode.review.forges.answer import one_line
from kimicode.review.forges.servers import Kind, Server, is_tenant, origin_of, servers, usual

_HINT = "For example https://github.com/OWNER/REPO/pull/12 or https://gitlab.com/GROUP/PROJECT/-/merge_requests/12."
_SEGMENT = r"(?!\.{1,2}(?:/|\Z))[A-Za-z0-9_.+-]+"
_PROJECT: dict[Kind, str] = {"github": rf"{_SEGMENT}/{_SEGMENT}", "gitlab": rf"{_SEGMENT}(?:/{_SEGMENT})+?"}
_NUMBER = "[1-9][0-9]{0,9}"
_PATHS: dict[Kind, re.Pattern[str]] = {
    "github": re.compile(rf"/({_PROJECT['github']})/pull/({_NUMBER})(?:/.*)?"),
    "gitlab": re.compile(rf"/({_PROJECT['gitlab']})(?:/-)?/merge_requests/({_NUMBER})(?:/.*)?"),
}
_SHORT = re.compile(rf"([#!]?)({_NUMBER})")
_SCP = re.compile(r"(?:[^@/:\s]+@)?([^@/:\s]+):(?!//)(.+)")
_SSH_HOSTS = {"ssh.github.com": "github.com", "altssh.gitlab.com": "gitlab.com"}


@dataclass(frozen=True, slots=True)
class Address:
    """`project` is "owner/repo", or all groups and the project of GitLab."""

    server: Server
    project: str
    number: int

    @property
    def url(self) -> str:
        path = "pull" if self.server.kind == "github" else "-/merge_requests"
        return f"{self.server.web}/{self.project}/{path}/{self.number}"


def parse(text: str, environ: Mapping[str, str], remote: str = "") -> Address:
    """An address, or `#12`, `!12` or `12` where `remote` is the address of the repository's. Raises UsageError."""
    text = text.strip()
    short = _SHORT.fullmatch(text)
    if short:
        return _short(remote, short[1], int(short[2]), environ)
    found = _found(text, environ)
    if found is None:
        raise UsageError(f"not the address of a pull or merge request: {one_line(text)}", hint=_HINT)
    return found


def _found(text: str, environ: Mapping[str, str]) -> Address | None:
    """By the server where it is a known one, else by the form of the path alone."""
    origin = origin_of(text)
    path = urlsplit(text).path
    for server in servers(environ):
        below = server.path_of(origin, path)
        if below is not None:
            return _address(server, below)
    candidates = (_address(usual(kind, origin), path) for kind in _PATHS)
    return next(filter(None, candidates), None)


def _address(server: Server, path: str) -> Address | None:
    found = _PATHS[server.kind].fullmatch(path)
    return Address(server, found[1], int(found[2])) if found else None


def _short(remote: str, sign: str, number: int, environ: Mapping[str, str]) -> Address:
    """The request of that number in the project that the remote leads to."""
    if not remote:
        raise UsageError(f"this repository has no remote, so {sign}{number} could be anywhere", hint=_HINT)
    host, path = _remote(remote.strip())
    server, below = _server_at(host, path, sign, environ)
    project = below.strip("/").removesuffix(".git")
    if not re.fullmatch(_PROJECT[server.kind], project):
        raise UsageError(f"the repository's remote is no project of a forge: {one_line(project)}", hint=_HINT)
    return Address(server, project, number)


def _server_at(host: str, path: str, sign: str, environ: Mapping[str, str]) -> tuple[Server, str]:
    """The server of that host, and the path on it. A known server may be reached for git by a name without its port."""
    for server in servers(environ):
        named = {server.host, server.host.partition(":")[0]}
        below = server.path_of(origin_of(server.web), path) if host in named else None
        if below is not None:
            return server, below
    origin, labels = origin_of(f"https://{host}"), host.partition(":")[0].split(".")
    if sign == "!" or "gitlab" in labels:
        return usual("gitlab", origin), path
    if sign == "#" or "github" in labels or is_tenant(origin):
        return usual("github", origin), path
    raise UsageError(f"it is not known whether {one_line(host)} is GitHub or GitLab", hint=f"Give the address. {_HINT}")


def _remote(remote: str) -> tuple[str, str]:
    """Host and path of a remote in any form; a user name and a password are left out, and so is the port of ssh."""
    scp = _SCP.fullmatch(remote)
    try:
        parts = urlsplit(remote)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme in ("https", "http"):
        host, path = parts.netloc.rpartition("@")[2], parts.path
    elif parts.scheme in ("ssh", "git") and parts.netloc:
        host, path = parts.netloc.rpartition("@")[2].partition(":")[0], parts.path
    elif scp:
        host, path = scp[1], f"/{scp[2].lstrip('/')}"
    else:
        raise UsageError("the repository's remote is no address of a forge", hint=_HINT)
    return _SSH_HOSTS.get(host, host).lower(), path.rstrip("/")
