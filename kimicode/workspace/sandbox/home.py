"""What of a home folder and of the machine's own folders commands may see: toolchains and settings, never credentials.

A home folder is hidden as a whole, so that a secret that comes into it later is hidden as well; what is named here is
shown again, and so is whatever in it has a name that does not begin with a dot.
"""

import os
import re
from collections.abc import Iterator
from glob import glob
from pathlib import Path

from kimicode.workspace.sandbox.policy import real

TOOLCHAINS = (
    *(f".cargo/{name}" for name in ("bin", "env", "registry", "git")),
    *(".rustup", ".elan", ".ghcup", ".opam", ".juliaup", ".swiftly", ".zvm", ".pixi", ".proto", ".nix-profile"),
    *(".nvm", ".fnm", ".volta", ".nodenv", ".npm-global", ".bun/bin", ".deno/bin", ".yarn/bin", ".pnpm-store"),
    *(".npm/_cacache", ".pyenv", ".rbenv", ".rvm", ".goenv", ".asdf", ".sdkman", ".jenv", ".tfenv", ".gem/ruby"),
    *(f".conda/{name}" for name in ("envs", "pkgs")),
    *(".m2/repository", ".m2/wrapper", ".ivy2/cache", ".ivy2/local", ".sbt/boot", ".coursier"),
    *(f".gradle/{name}" for name in ("caches", "wrapper", "jdks")),
    *(f".cabal/{name}" for name in ("bin", "packages", "store")),
    *(f".stack/{name}" for name in ("programs", "snapshots", "pantry")),
    *(f".dotnet/{name}" for name in ("dotnet", "host", "packs", "sdk", "shared", "tools")),
    *(".nuget/packages", ".conan2/p", ".luarocks", ".composer/vendor", ".config/composer/vendor"),
    *(f".julia/{name}" for name in ("artifacts", "compiled", "packages", "registries")),
    *(f".pub-cache/{name}" for name in ("bin", "hosted", "global_packages")),
    *(".local/bin", ".local/lib", ".local/include", ".local/pipx/venvs"),
    *(f".local/share/{name}" for name in ("pipx", "uv", "mise/installs", "fnm", "virtualenvs", "pnpm", "man", "rtx")),
    *(f".cache/{name}" for name in ("ms-playwright", "Cypress", "puppeteer", "pre-commit", "torch/hub")),
    ".cache/huggingface/hub",
)
SETTINGS = (".gitignore", ".gitignore_global", ".gitattributes", ".tool-versions", ".editorconfig", ".clang-format")
GIT_SETTINGS = (".config/git/config", ".gitconfig")
"""In the order in which git reads them. Shown where no password is in them, else a copy without it stands in."""
_GIT_LISTS = (".config/git/ignore", ".config/git/attributes")
_NOT_SHOWN = frozenset({"snap", "Library", "AppData"})
"""Programs keep their profiles there, browsers among them."""
_KEY_FILE = re.compile(r"id_(rsa|dsa|ecdsa|ed25519)\w*|.+\.(kdbx?|pem|p12|pfx|ppk|asc|gpg|key)", re.IGNORECASE)

SYSTEM_SECRETS = (
    *("/run", "/var/run/secrets", "/etc/shadow*", "/etc/gshadow*", "/etc/sudoers", "/etc/sudoers.d", "/var/backups"),
    *("/etc/ssh/ssh_host_*_key", "/etc/ssl/private", "/etc/pki/tls/private", "/etc/krb5.keytab", "/etc/ipsec.secrets"),
    *("/etc/wireguard", "/etc/openvpn", "/etc/ppp", "/etc/NetworkManager/system-connections", "/etc/kubernetes"),
    *("/etc/rancher", "/var/lib/kubelet", "/var/lib/rancher", "/var/lib/docker", "/var/lib/containerd"),
    *("/etc/letsencrypt", "/etc/wpa_supplicant", "/etc/gitlab-runner", "/etc/msmtprc"),
    *("/var/lib/cloud", "/var/spool/cron", "/var/mail", "/var/spool/mail"),
)
SYSTEM_SHOWN = ("/run/current-system", "/run/opengl-driver", "/home/linuxbrew")
_SOCKETS_LIMIT = 100

_SECRET_LINE = re.compile(
    r"""extraheader|pass(w|phrase|\b)|token|secret|api_?key|credential\s*[^\s=]*\s*=\s*!|://[^/\s"]*:[^/\s"]*@""",
    re.IGNORECASE,
)


def shown_of(home: Path) -> Iterator[Path]:
    """What of a home folder may be read; paths that exist."""
    for path in (*(home / name for name in (*TOOLCHAINS, *SETTINGS, *_GIT_LISTS)), *_plain_entries(home)):
        if os.path.exists(path) and not _leads_to_secret(path, home):
            yield path
    for path in git_settings(home):
        if not _SECRET_LINE.search(_text(path)):
            yield path


def git_settings(home: Path) -> list[Path]:
    """git's settings of this person, in the order in which git reads them."""
    return [home / name for name in GIT_SETTINGS if os.path.isfile(home / name)]


def git_settings_without_secrets(home: Path) -> str | None:
    """All of them as one text without what looks like a password; None where there is none in them."""
    texts = [_text(path) for path in git_settings(home)]
    return "".join(map(_without_secrets, texts)) if any(map(_SECRET_LINE.search, texts)) else None


def system_secrets() -> Iterator[Path]:
    """Real paths of what the machine itself keeps, and of sockets on which its services listen."""
    for pattern in SYSTEM_SECRETS:
        yield from (real(Path(name)) for name in glob(pattern))
    yield from sockets()


def sockets(listing: Path = Path("/proc/net/unix")) -> list[Path]:
    """The Unix sockets of this machine that have a path: connecting to one is as good as asking its service."""
    names = (line.split(None, 7)[7:] for line in _text(listing).splitlines()[1:])
    found = {Path(name[0]) for name in names if name and name[0].startswith("/")}
    return sorted(path for path in found if path.is_socket())[:_SOCKETS_LIMIT]


def _plain_entries(home: Path) -> Iterator[Path]:
    try:
        names = sorted(os.listdir(home))
    except OSError:
        return
    for name in names:
        if not name.startswith(".") and name not in _NOT_SHOWN and not _KEY_FILE.fullmatch(name):
            yield home / name


def _leads_to_secret(path: Path, home: Path) -> bool:
    """Whether it is a link to something that is not shown by its own name."""
    target = real(path)
    if target == path or home not in target.parents:
        return False
    inside = target.relative_to(home).as_posix()
    shown = any(inside == name or inside.startswith(f"{name}/") for name in (*TOOLCHAINS, *SETTINGS))
    return inside.startswith(".") and not shown


def _without_secrets(text: str) -> str:
    """git's settings without the lines, and sections with such a name, that may hold a secret."""
    kept: list[str] = []
    secret_section = goes_on = False
    for line in text.splitlines():
        if not goes_on:
            if line.lstrip().startswith("["):
                secret_section = _SECRET_LINE.search(line) is not None
            secret = secret_section or _SECRET_LINE.search(line) is not None
        goes_on = line.endswith("\\")
        if not secret:
            kept.append(line)
    return "\n".join(kept) + "\n"


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="surrogateescape")
    except OSError:
        return ""
