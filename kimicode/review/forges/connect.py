"""From an address and the environment to a forge: which token goes where, and what to set when there is none.

A token goes to the server that it was made for, never to another one that an address names.
"""

import os
import re
import subprocess
from collections.abc import Mapping

from kimicode import programs
from kimicode.errors import UsageError
from kimicode.review.forges.address import parse
from kimicode.review.forges.failures import Advice
from kimicode.review.forges.forge import Forge
from kimicode.review.forges.github import HEADERS, GitHub
from kimicode.review.forges.gitlab import GitLab
from kimicode.review.forges.http import Http, Token
from kimicode.review.forges.limits import Patience
from kimicode.review.forges.servers import GITHUB, GITLAB, Server, is_tenant, named_by

_PLAIN = re.compile(r"[!-~]+")
_USUAL = ("GITHUB_TOKEN", "GH_TOKEN")
_ENTERPRISE = ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")
_JOB = "CI_JOB_TOKEN"
_GH_S = 10.0
_GH_NEEDS = ("HOME", "XDG_CONFIG_HOME", "GH_CONFIG_DIR", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS")
"""Where its configuration and its keyring are. Not the variables from which it would take a token itself."""
_PERMISSIONS = (
    "A job needs the permissions `contents: read` and `pull-requests: read`, `pull-requests: write` "
    "to post, and `checks: write` for a check run; for a pull request from a fork its token can only read. "
    "A personal token needs the same for the repository."
)
_ROLE = "The token needs the scope `api`, and its account the role Developer at least."
_JOB_CANNOT = (
    "CI_JOB_TOKEN reads a merge request and its notes, not its diff or discussions, and posts nothing: "
    "set GITLAB_TOKEN to a project access token with the scope `api` and the role Developer."
)


def connect(url: str, environ: Mapping[str, str], remote: str = "", patience: Patience | None = None) -> Forge:
    """The forge of one pull or merge request. `remote` is the repository's, for `#12` and `!12`.

    May ask the program `gh` for its token, so it blocks for a moment. Raises UsageError.
    """
    address = parse(url, environ, remote)
    server, token = address.server, token_for(address.server, environ)
    advice = _advice(server, token, environ)
    if server.kind == "gitlab":
        return GitLab(Http("GitLab", server.api, token, advice=advice, patience=patience), address)
    return GitHub(Http("GitHub", server.api, token, HEADERS, advice=advice, patience=patience), address)


def token_for(server: Server, environ: Mapping[str, str]) -> Token | None:
    """The token for that server; None where there is none: then a public request can be read. Raises UsageError."""
    if server.kind == "github":
        found = _first(environ, _github_variables(server, environ))
        source, value = found or _from_gh(server, environ)
        return _token("Authorization", f"Bearer {value}", source) if value else None
    source, value = _first(environ, _gitlab_variables(server, environ)) or ("", "")
    return _token("JOB-TOKEN" if source == _JOB else "PRIVATE-TOKEN", value, source) if value else None


def require_token(server: Server, environ: Mapping[str, str]) -> None:
    """Raises UsageError where there is no token for that server: nothing can be posted without one."""
    if token_for(server, environ) is None:
        raise UsageError(f"there is no token to post at {server.host} with", hint=_setting(server, environ))


def _github_variables(server: Server, environ: Mapping[str, str]) -> tuple[str, ...]:
    """As for `gh`: the usual ones are for github.com, in a workflow for its own server; GH_HOST names another one."""
    own = named_by("GITHUB_SERVER_URL", environ)
    if server.web == (own or GITHUB) or (is_tenant(server.web) and not own):
        return _USUAL
    return _ENTERPRISE if server.web == named_by("GH_HOST", environ) else ()


def _gitlab_variables(server: Server, environ: Mapping[str, str]) -> tuple[str, ...]:
    """They are for the server that runs the pipeline, else for the one that GITLAB_HOST names, else for gitlab.com."""
    own = named_by("CI_SERVER_URL", environ)
    if server.web != (own or named_by("GITLAB_HOST", environ) or GITLAB):
        return ()
    return ("GITLAB_TOKEN", _JOB) if own else ("GITLAB_TOKEN",)


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> tuple[str, str] | None:
    found = ((name, environ.get(name, "").strip()) for name in names)
    return next((each for each in found if each[1]), None)


def _from_gh(server: Server, environ: Mapping[str, str]) -> tuple[str, str]:
    """What `gh` keeps for that very host, where a person is at work; continuous integration says what it wants."""
    program = None if environ.get("CI") else programs.find("gh", environ)
    if program is None:
        return "", ""
    command = [program, "auth", "token", "--hostname", server.host]
    variables = {name: environ[name] for name in _GH_NEEDS if name in environ}
    try:
        done = subprocess.run(
            command,
            env={**variables, "PATH": programs.places(environ)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_GH_S,
            check=False,
            cwd=os.sep,
        )
    except (OSError, subprocess.TimeoutExpired):
        return "", ""
    return "gh", done.stdout.decode("ascii", "replace").strip() if done.returncode == 0 else ""


def _token(header: str, value: str, source: str) -> Token:
    """Checked here: what a header cannot carry would be quoted, secret and all, in the error of whoever sends it."""
    if not _PLAIN.fullmatch(value.removeprefix("Bearer ")):
        raise UsageError(f"{source} holds what cannot be a token", hint="It is one word of ASCII characters.")
    return Token(header, value, source)


def _advice(server: Server, token: Token | None, environ: Mapping[str, str]) -> Advice:
    """What to set, and what the token that is set would have to be allowed."""
    github = server.kind == "github"
    if token is None:
        setting = _setting(server, environ)
        return Advice(setting, setting, f"Is the address right? What is not public needs a token. {setting}")
    if token.source == _JOB:
        return Advice(_JOB_CANNOT, _JOB_CANNOT, _JOB_CANNOT)
    wrong = f"{token.source} is wrong or has expired."
    hidden = f"Is the address right, and may the token of {token.source} see it?"
    return Advice(wrong, _PERMISSIONS if github else _ROLE, hidden)


def _setting(server: Server, environ: Mapping[str, str]) -> str:
    """How a token comes to be sent to that server."""
    if server.kind == "gitlab":
        known = _gitlab_variables(server, environ)
        return "Set GITLAB_TOKEN." if known else f"Set GITLAB_HOST={server.host} and GITLAB_TOKEN."
    if _github_variables(server, environ) == _USUAL:
        return "Set GITHUB_TOKEN, or log in with `gh auth login`."
    return f"Set GH_HOST={server.host} and GH_ENTERPRISE_TOKEN, or log in with `gh auth login`."
