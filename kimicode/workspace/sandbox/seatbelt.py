"""The layer of macOS: a profile for sandbox-exec. Written from Apple's published profiles and not tested on a Mac."""

from collections.abc import Iterable
from pathlib import Path

from kimicode.workspace.sandbox.policy import Policy

PROGRAM = Path("/usr/bin/sandbox-exec")
_KEYCHAIN = "com.apple.SecurityServer"


def profile(policy: Policy) -> str:
    """The rules for `policy`; of those that fit, the last one counts."""
    own = (*policy.writable, *((policy.scratch,) if policy.scratch else ()))
    lines = [
        "(version 1)",
        "(allow default)",
        "(deny network*)",
        f'(deny mach-lookup (global-name "{_KEYCHAIN}"))',
        *_rules("deny file-read*", policy.hidden),
        *_rules("allow file-read*", policy.shown),
        "(deny file-write*)",
        '(allow file-write* (regex #"^/dev/(null|zero|tty|dtracehelper|fd/[0-9]+)$"))',
        *_rules("allow file-read* file-write*", own),
        *_rules("deny file-read* file-write*", [path for path in policy.hidden if _inside(path, own)]),
        *_rules("deny file-write*", policy.protected),
    ]
    return "\n".join(lines)


def _rules(verdict: str, paths: Iterable[Path]) -> list[str]:
    return [f"({verdict} (subpath {_quoted(path)}))" for path in paths]


def _inside(path: Path, folders: Iterable[Path]) -> bool:
    return any(folder in path.parents for folder in folders)


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'
