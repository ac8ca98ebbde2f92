"""Which forges there are: the two that everybody knows, those that the environment names, and any other by its kind."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from kimicode.config.catalog import is_loopback
from kimicode.errors import UsageError
from kimicode.review.forges.answer import one_line
from kimicode.workspace.network.hosts import authority, parse_authority

Kind = Literal["github", "gitlab"]
GITHUB, GITLAB = "https://github.com", "https://gitlab.com"
PORTS = {"https": 443, "http": 80}
_TENANTS = ".ghe.com"
_LOGIN = re.compile("//[^/]*@")


@dataclass(frozen=True, slots=True)
class Server:
    """`web` is its address for people, with the folder that it lives in if any; `graphql` is "" for GitLab."""

    kind: Kind
    web: str
    api: str
    graphql: str

    @property
    def host(self) -> str:
        """With the port where it is not the usual one."""
        return urlsplit(self.web).netloc

    def path_of(self, origin: str, path: str) -> str | None:
        """A path as the server itself counts it; None where that address is not on it."""
        root = urlsplit(self.web).path
        return path.removeprefix(root) if origin == origin_of(self.web) and f"{path}/".startswith(f"{root}/") else None


def servers(environ: Mapping[str, str]) -> tuple[Server, ...]:
    """Those of the environment first. Raises UsageError where a variable holds no address."""
    named = (
        _with("github", environ, "GITHUB_SERVER_URL", "GITHUB_API_URL", "GITHUB_GRAPHQL_URL"),
        _with("gitlab", environ, "CI_SERVER_URL", "CI_API_V4_URL"),
        _with("github", environ, "GH_HOST"),
        _with("gitlab", environ, "GITLAB_HOST"),
    )
    return (*filter(None, named), usual("github", GITHUB), usual("gitlab", GITLAB))


def usual(kind: Kind, web: str) -> Server:
    """A server with the addresses of its API where servers of its kind have them."""
    if kind == "gitlab":
        return Server(kind, web, f"{web}/api/v4", "")
    if web == GITHUB or is_tenant(web):
        host = urlsplit(web).netloc
        return Server(kind, web, f"https://api.{host}", f"https://api.{host}/graphql")
    return Server(kind, web, f"{web}/api/v3", f"{web}/api/graphql")


def is_tenant(web: str) -> bool:
    """Whether it is one of GitHub's own servers for a single enterprise."""
    return urlsplit(web).netloc.endswith(_TENANTS)


def origin_of(url: str) -> str:
    """Scheme, host and port in one spelling. Raises UsageError, also where a token would travel in the clear."""
    try:
        parts = urlsplit(url)
        if parts.scheme not in PORTS or "@" in parts.netloc:
            raise ValueError("It begins with https:// and holds no user name.")
        host, port = parse_authority(parts.netloc, PORTS[parts.scheme])
    except ValueError as error:
        shown = one_line(_LOGIN.sub("//", url))
        raise UsageError(f"not the address of a forge: {shown}", hint=one_line(str(error))) from error
    origin = f"{parts.scheme}://{authority(host, port).removesuffix(f':{PORTS[parts.scheme]}')}"
    if parts.scheme == "http" and not is_loopback(origin):
        hint = "Plain http would show the token to others; it is for this very machine alone."
        raise UsageError(f"not the address of a forge over https: {one_line(url)}", hint=hint)
    return origin


def named_by(variable: str, environ: Mapping[str, str]) -> str:
    """The web address of a server that a variable names, by address or by host alone; "" where it is not set.

    Raises UsageError.
    """
    value = environ.get(variable, "").strip()
    if not value:
        return ""
    url = value if "://" in value else f"https://{value}"
    try:
        return f"{origin_of(url)}{urlsplit(url).path.rstrip('/')}"
    except UsageError as error:
        raise UsageError(f"{variable} is {error.message}", hint=error.hint) from error


def _with(kind: Kind, environ: Mapping[str, str], web: str, api: str = "", graphql: str = "") -> Server | None:
    """The server that a variable names, with the addresses of its API that others name."""
    address = named_by(web, environ)
    if not address:
        return None
    found = usual(kind, address)
    return Server(kind, address, named_by(api, environ) or found.api, named_by(graphql, environ) or found.graphql)
