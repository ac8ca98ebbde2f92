"""Which environment variables commands in the sandbox do without: secrets, and the ways to the person's own session.

By name where the name says it, by value where that is a secret whatever it is called. All others are passed on: a build
may need any of them.
"""

import re
from collections.abc import Mapping

_SECRET_WORD = re.compile(
    r"KEYS?|AUTH|JWT|PAT|DSN|COOKIES?|PRIVATE|PASS|ASKPASS"
    r"|\w*?(API_?KEY|ACCESS_?KEY|TOKENS?|SECRETS?|PASSWORDS?|PASSWD|PASSPHRASE|CREDENTIALS?)"
)
_PREFIXES = (
    *("AWS_", "AZURE_", "ARM_", "GOOGLE_", "GCLOUD_", "GCP_", "CLOUDSDK_", "VAULT_", "OP_", "BW_"),
    *("ACTIONS_", "DOCKER_", "KUBE", "DBUS_", "VSCODE_"),
)
_NAMES = (
    *("SSH_AUTH_SOCK", "SSH_AGENT_PID", "GPG_AGENT_INFO", "XAUTHORITY", "ICEAUTHORITY", "DISPLAY", "WAYLAND_DISPLAY"),
    *("XDG_RUNTIME_DIR", "TMUX", "STY", "NETRC", "PGPASSFILE", "PGSERVICEFILE", "NOTIFY_SOCKET"),
    *("LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"),
    *("GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"),
)
_HARMLESS = re.compile(r"\w+_(REGION|PROFILE)")
_SECRET_VALUE = re.compile(
    r"[a-z][a-z0-9+.-]*://[^/\s@]*:[^/\s@]+@"  # a password in an address
    r"|https?://[^/\s@]{16,}@"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|\b(gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|sk-|AKIA|AIza|npm_)[\w-]{16,}"
    r"|\beyJ[\w-]{8,}\.eyJ"
)
_GIT_SETTING = re.compile(r"GIT_CONFIG_(COUNT|PARAMETERS|KEY_\d+|VALUE_\d+)")
_GIT_SECRET = re.compile(r"extraheader|cookie|password|token|credential|askpass|@", re.IGNORECASE)


def withheld(variables: Mapping[str, str]) -> tuple[str, ...]:
    """Names of those that commands in the sandbox do not get, sorted."""
    git = any(_GIT_SETTING.fullmatch(name) and _GIT_SECRET.search(value) for name, value in variables.items())
    return tuple(sorted(name for name, value in variables.items() if _is_withheld(name, value, git)))


def without_secrets(variables: Mapping[str, str]) -> dict[str, str]:
    """The others."""
    names = {*withheld(variables)}
    return {name: value for name, value in variables.items() if name not in names}


def _is_withheld(name: str, value: str, git_secrets: bool) -> bool:
    if _GIT_SETTING.fullmatch(name):
        return git_secrets  # they count through: all or none
    if _SECRET_VALUE.search(value):
        return True
    upper = name.upper()
    if any(_SECRET_WORD.fullmatch(word) for word in re.split(r"[^A-Z0-9]+", upper)):
        return True
    return upper in _NAMES or (upper.startswith(_PREFIXES) and not _HARMLESS.fullmatch(upper))
