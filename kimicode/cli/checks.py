"""What `kimicode doctor` looks at on this machine: a function for each check; none raises or needs configuration."""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kimicode import paths, programs
from kimicode.agent.confinement import hosts_in
from kimicode.agent.rulebook import Rules
from kimicode.config import nano
from kimicode.config.catalog import NANO
from kimicode.config.schema import Settings
from kimicode.config.secrets import known_secrets
from kimicode.errors import ConfigError, KimicodeError
from kimicode.git import command
from kimicode.git.repository import Repository, why_not
from kimicode.llm.local import Engine, checkpoint_of, engine_command, missing
from kimicode.workspace.sandbox import layers
from kimicode.workspace.sandbox.workspace import Place, policy_for

Status = Literal["ok", "warning", "failure"]
LOW_DISK_BYTES = 1_000_000_000
SMALLEST_TERMINAL = (60, 15)


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. `hint` says what to do; a failure is what keeps kimicode from working at all."""

    name: str
    status: Status
    text: str
    hint: str = ""


def python() -> Check:
    """The interpreter and the system."""
    text = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.platform == "win32":
        return Check("python", "failure", text, "Windows itself is not supported: install WSL and run kimicode in it.")
    return Check("python", "ok", text)


def git(cwd: Path) -> Check:
    """The git binary, and the repository around `cwd`."""
    if reason := command.missing():
        return Check("git", "warning", reason, "Install git: without it a run cannot list the files that it changed.")
    try:
        repository = Repository.discover(cwd)
        where = f"{repository.root}, branch {repository.branch()}" if repository else why_not(cwd)
        text = f"git {command.version()}; {where}"
    except (KimicodeError, OSError) as error:
        return Check("git", "warning", f"git does not work here: {error}", "Try `git status` in this folder.")
    hint = "" if repository else "Start the agent in a repository, so that every change can be reviewed and taken back."
    return Check("git", "ok" if repository else "warning", text, hint)


def terminal(environ: Mapping[str, str]) -> Check:
    """Size, colours, encoding, and what stands between."""
    columns, lines = shutil.get_terminal_size()
    name = environ.get("TERM", "")
    stdout = sys.__stdout__ or sys.stdout  # the interface has put something else in its place
    encoding = (stdout.encoding or "ascii").lower()
    colours = "no colour" if environ.get("NO_COLOR") else environ.get("COLORTERM") or "256 colours or fewer"
    inside = ", in tmux" if environ.get("TMUX") else ""
    text = f"{columns}×{lines}, TERM={name or 'not set'}, {colours}, {encoding}{inside}"
    if not stdout.isatty():
        return Check("terminal", "ok", f"output goes to a file or pipe; {text}")
    if encoding.replace("-", "") != "utf8":
        return Check("terminal", "warning", text, "Use a UTF-8 locale: export LANG=C.UTF-8")
    if name in ("", "dumb"):
        return Check("terminal", "warning", text, "Set TERM to what your terminal is, such as xterm-256color.")
    if columns < SMALLEST_TERMINAL[0] or lines < SMALLEST_TERMINAL[1]:
        return Check("terminal", "warning", text, "Make the window larger: {}×{} at least.".format(*SMALLEST_TERMINAL))
    return Check("terminal", "ok", text)


def shell(environ: Mapping[str, str]) -> Check:
    """bash, which runs the agent's commands."""
    path = programs.find("bash", environ)
    if path is None:
        hint = "Install bash: the agent's commands run in /bin/sh without it, where some fail that models write."
        return Check("shell", "warning", "bash is not in PATH", hint)
    return Check("shell", "ok", f"bash at {path}")


def ripgrep(environ: Mapping[str, str]) -> Check:
    """The fast search; optional."""
    path = programs.find("rg", environ)
    if path is None:
        return Check(
            "ripgrep", "warning", "ripgrep is not installed (optional)", "Large projects are searched faster with it."
        )
    return Check("ripgrep", "ok", f"ripgrep at {path}")


def sandbox(settings: Settings, cwd: Path) -> Check:
    """What confines commands here, what it hides and lets through, and why it is not something better."""
    if settings.sandbox == "off":
        return Check(
            "sandbox", "warning", "switched off: commands run with all of your rights", "Remove sandbox = off."
        )
    layer = layers.find()
    failed: Status = "failure" if settings.sandbox == "required" else "warning"
    if layer.name == "none":
        return Check("sandbox", failed, f"commands cannot be confined: {layer.lacking}", layer.hint)
    try:
        text, gaps = _confined(settings, cwd, layer)
    except (KimicodeError, OSError) as error:
        hint = error.hint if isinstance(error, KimicodeError) else ""
        return Check("sandbox", failed, str(error), hint)
    instead = f" ({layer.lacking})" if layer.lacking else ""
    hint = "\n".join(
        [*([layer.hint] if layer.hint else []), *(f"Not prevented: {gap}." for gap in (*layer.gaps, *gaps))]
    )
    return Check("sandbox", "warning" if layer.lacking else "ok", f"{layer.name}{instead}: {text}", hint)


def _confined(settings: Settings, cwd: Path, layer: layers.Layer) -> tuple[str, tuple[str, ...]]:
    """What the policy of a session here comes to, and what it leaves open. Nothing of it stays."""
    hosts_in(settings.network)
    hosts = settings.network if layer.name in layers.WITH_A_DOOR else ()
    repository = Repository.discover(cwd)
    roots = (cwd, *([repository.root] if repository else []), *settings.extra_dirs)
    with tempfile.TemporaryDirectory(prefix="kimicode-doctor-") as name:
        place = Place(roots, Path(name), settings.readable, hosts, own=(), cache=Path(name))
        policy = policy_for(place)
    folders = ", ".join(dict.fromkeys(str(root) for root in reversed(roots)))
    hidden = f"{place.home} and {len(policy.hidden) - 1} other places hidden"
    return f"{folders} writable, {hidden}, network: {', '.join(hosts) or 'none'}", policy.gaps


def rules(file: Path) -> Check:
    """The person's rules, all of them tried with their examples; a mistake in them keeps sessions from opening."""
    try:
        found = Rules.load(file)
    except ConfigError as error:
        return Check("rules", "failure", error.message, error.hint)
    if not file.exists():
        return Check("rules", "ok", f"no {file}: the mode alone decides what is asked")
    counts = f"{len(found.deny)} deny, {len(found.ask)} ask, {len(found.allow)} allow"
    return Check("rules", "ok", f"read {file}: {counts}")


def redaction(settings: Settings, environ: Mapping[str, str]) -> Check:
    """Whether secrets are taken out of what goes to the model and into records."""
    if not settings.redact:
        text = "switched off: keys that tools print go to the model and into records"
        return Check("redaction", "warning", text, "Remove redact = false.")
    values = len({*known_secrets(settings, environ)})
    return Check("redaction", "ok", f"known shapes of keys and {values} values of your own are taken out")


def gpu(environ: Mapping[str, str]) -> Check:
    """NVIDIA devices; optional, for a local model."""
    binary = programs.find("nvidia-smi", environ)
    if binary is None:
        return Check("gpu", "ok", "no NVIDIA GPU found (only a local model needs one)")
    query = [binary, "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        answer = subprocess.run(query, capture_output=True, stdin=subprocess.DEVNULL, timeout=2, check=True)
    except (OSError, subprocess.SubprocessError):
        return Check("gpu", "warning", "nvidia-smi is there but does not answer", "Is the NVIDIA driver loaded?")
    devices = answer.stdout.decode("utf-8", "replace").strip().splitlines()
    return Check("gpu", "ok", f"{len(devices)} NVIDIA GPU(s): {'; '.join(sorted(set(devices)))}")


def engine(running: Engine | None, checkpoint: Path | None) -> Check:
    """The local engine: installed, running, with weights to serve; optional."""
    if running is not None:
        return Check("engine", "ok", f"runs at {running.base_url}: {running.model}, window {running.window:,} tokens")
    if lacking := missing():
        text = f"not installed ({', '.join(lacking)} missing; only --model local needs it)"
        return Check("engine", "ok", text, "pip install 'kimicode[engine]'" if checkpoint else "")
    if checkpoint is None:
        return Check("engine", "ok", "installed, none runs; no checkpoint configured (`kimicode help local`)")
    if not (checkpoint / "config.json").is_file():
        return Check(
            "engine", "warning", f"installed, but there is no checkpoint in {checkpoint}", "Correct `checkpoint`."
        )
    return Check("engine", "ok", f"installed, none runs; --model local starts one for {checkpoint}")


def small(environ: Mapping[str, str]) -> Check:
    """kimi-nano, which runs anywhere; optional."""
    folder, why = nano.place(environ), nano.lacking(environ)
    if folder is None:
        return Check(NANO, "ok", f"not installed (optional: {nano.INSTALL})")
    if why:
        return Check(NANO, "warning", why, nano.remedy(environ))
    if lacking := missing():
        return Check(NANO, "ok", f"installed; it needs the engine ({', '.join(lacking)} missing)")
    return Check(NANO, "ok", f"in {folder}: `kimicode demo` shows it, --model {NANO} takes it")


def startable(settings: Settings, environ: Mapping[str, str]) -> Check:
    """Whether the engine that was asked for can be started, where none runs."""
    try:
        checkpoint = nano.checkpoint(environ) if settings.model == NANO else checkpoint_of(settings)
        engine_command(())
    except KimicodeError as error:
        return Check("endpoint", "failure", f"the local engine does not run: {error.message}", error.hint)
    return Check("endpoint", "ok", f"the local engine, started for each run with {checkpoint}")


def disk(environ: Mapping[str, str]) -> Check:
    """Whether sessions can be written, and the room for them."""
    home = environ.get("KIMICODE_HOME")
    folder = Path(home) / "sessions" if home else paths.sessions_dir()
    existing = next(each for each in (folder, *folder.absolute().parents) if os.path.lexists(each))
    try:
        with tempfile.TemporaryFile(dir=existing):
            free = shutil.disk_usage(existing).free
    except OSError as error:
        hint = "Make it writable, or point KIMICODE_HOME to a folder that is."
        return Check("disk", "failure", f"sessions cannot be written to {folder}: {error.strerror or error}", hint)
    text = f"sessions in {folder}, {free / 1e9:.1f} GB free"
    if free < LOW_DISK_BYTES:
        return Check("disk", "warning", text, "Make room: a full disk ends a run.")
    return Check("disk", "ok", text)


def network(environ: Mapping[str, str], local: bool) -> Check:
    """Proxies and certificates from the environment; `local`: the model's server is on this machine."""
    proxies = [
        name for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY") if environ.get(name) or environ.get(name.lower())
    ]
    certificates = [name for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if environ.get(name)]
    for name in certificates:
        if not os.path.exists(environ[name]):
            return Check(
                "network", "warning", f"{name} names {environ[name]}, which does not exist", f"Correct or unset {name}."
            )
    text = f"proxy: {', '.join(proxies) or 'none'}; certificates: {', '.join(certificates) or 'the default ones'}"
    if proxies and local and "127.0.0.1" not in (environ.get("NO_PROXY") or environ.get("no_proxy") or ""):
        return Check(
            "network", "warning", text, "Keep the proxy off your own server: export NO_PROXY=localhost,127.0.0.1,::1"
        )
    return Check("network", "ok", text)
