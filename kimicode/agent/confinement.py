"""How a session's commands are kept in: the sandbox is made ready when it is opened, and what is lacking is said."""

import hashlib
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from kimicode.agent.approval import nobody_to_ask
from kimicode.agent.options import SessionOptions
from kimicode.errors import ConfigError, DiskError
from kimicode.events import Emit, Notice
from kimicode.workspace.discard import discard
from kimicode.workspace.network.hosts import AllowList
from kimicode.workspace.network.urls import parse_url
from kimicode.workspace.sandbox import layers
from kimicode.workspace.sandbox.policy import Policy, to_record
from kimicode.workspace.sandbox.sandbox import Sandbox
from kimicode.workspace.sandbox.secretfiles import named_like_a_secret
from kimicode.workspace.sandbox.supervisor import hindrance_of
from kimicode.workspace.sandbox.workspace import Place, bounds_for, policy_for

if TYPE_CHECKING:
    from kimicode.workspace.network.proxy import Contact, Proxy

_ASKED = "If the task cannot be done without, run it again with outside_sandbox: true; the user is asked."
_ALONE = "Nobody is here to let it out: find another way, or say in your answer what is missing."


@dataclass(frozen=True, slots=True)
class Confined:
    """`sandbox` is None where commands run with all rights; `name` is what confines them: a layer's, or "none".

    `contained`: it is as the user wants it. The rest is what they are told, and a folder that goes with the session.
    """

    sandbox: Sandbox | None = None
    name: str = "none"
    contained: bool = True
    notices: tuple[Notice, ...] = ()
    scratch: Path | None = None
    way_out: str = ""
    allowed: AllowList = field(default_factory=AllowList)
    """The hosts that the user lets commands reach."""
    bounds: Policy = field(default_factory=lambda: Policy(()))
    """What takes a question to be read where there is no sandbox."""

    def hides(self, path: Path) -> bool:
        """Whether a file, given by its real path, is of a kind that holds secrets."""
        policy = self.sandbox.policy if self.sandbox else self.bounds
        shown = {*policy.writable, *policy.shown}
        if path in policy.shown:
            return False
        for folder in (path, *path.parents):
            if folder in policy.hidden:
                return True
            if folder in shown:
                break
        return named_like_a_secret(path.name)

    @property
    def digest(self) -> str:
        """Differs where what commands may touch does; "" where nothing confines them."""
        if self.sandbox is None:
            return ""
        record = json.dumps([self.name, to_record(self.sandbox.policy)], sort_keys=True)
        return f"{self.name} {hashlib.sha256(record.encode()).hexdigest()}"

    def reaches(self, url: str) -> bool:
        """Whether the user lets commands reach the host of an address."""
        try:
            parsed = parse_url(url)
        except ValueError:
            return False
        return self.allowed.permits(parsed.host, parsed.port)

    def tell(self, emit: Emit) -> None:
        """From now on each host that commands ask for is told of, once."""
        if self.sandbox is not None and self.sandbox.proxy is not None:
            self.sandbox.proxy.tell = lambda contact: emit(_of(contact))

    def close(self) -> None:
        """Remove what belongs to the session alone."""
        if self.scratch is not None:
            discard(self.scratch)


UNCONFINED = Confined()


def confine(options: SessionOptions, roots: Sequence[Path], outputs: Path) -> Confined:
    """The sandbox for commands in `roots`, which may read `outputs`. It starts with the first command.

    Blocks for some 0.2 s the first time. Raises ConfigError where one is required and cannot be had, DiskError.
    """
    allowed = hosts_in(options.settings.network)
    if options.settings.sandbox == "off":
        return Confined(allowed=allowed, bounds=_bounds(options, roots, outputs))
    layer = layers.find()
    if layer.name == "none":
        return _unconfined(options, _bounds(options, roots, outputs), layer.lacking, layer.hint)
    try:
        scratch = Path(tempfile.mkdtemp(prefix="kimicode-")).resolve()
    except OSError as error:
        raise DiskError.from_os("make a temporary folder in", tempfile.gettempdir(), error) from error
    settings = options.settings
    hosts = settings.network if layer.name in layers.WITH_A_DOOR else ()
    try:
        policy = policy_for(Place(roots, scratch, readable=(*settings.readable, outputs), hosts=hosts))
    except ConfigError as error:
        discard(scratch)
        return _unconfined(options, _bounds(options, roots, outputs), error.message, error.hint)
    except OSError as error:
        discard(scratch)
        raise DiskError.from_os("make the sandbox ready in", error.filename or scratch, error) from error
    if hindrance := hindrance_of(layer, policy):
        discard(scratch)
        why = f"{layer.lacking}, and {hindrance}"
        return _unconfined(options, _bounds(options, roots, outputs), why, layer.hint)
    way_out = _ALONE if options.ask is nobody_to_ask else _ASKED
    notices = [Notice("warning", "sandbox", f"the sandbox is not whole: {gap}") for gap in policy.gaps]
    if settings.network and not hosts:
        text = f"{layer.name} cannot let commands reach single hosts: they have no network. {layer.hint}".rstrip()
        notices.append(Notice("warning", "network", text))
    sandbox = Sandbox(layer, policy, proxy=_proxy(allowed) if hosts else None)
    return Confined(sandbox, layer.name, notices=tuple(notices), scratch=scratch, way_out=way_out, allowed=allowed)


def hosts_in(network: Sequence[str]) -> AllowList:
    """The hosts that the setting names. Raises ConfigError for a mistake in it."""
    try:
        return AllowList.of(network)
    except ValueError as error:
        hint = 'Write network = ["pypi.org", "*.npmjs.org", "git.example.com:8443"]'
        raise ConfigError(f"network: {error}", hint=hint) from error


def _proxy(allowed: AllowList) -> "Proxy":
    from kimicode.workspace.network.proxy import Proxy

    return Proxy(allowed)


def _of(contact: "Contact") -> Notice:
    if contact.refusal:
        return Notice("warning", "network", f"a command was kept from {contact.place}: {contact.refusal}")
    return Notice("info", "network", f"a command reaches {contact.place}")


def _bounds(options: SessionOptions, roots: Sequence[Path], outputs: Path) -> Policy:
    return bounds_for(Place(roots, outputs, readable=(*options.settings.readable, outputs)))


def _unconfined(options: SessionOptions, bounds: Policy, lacking: str, hint: str) -> Confined:
    if options.settings.sandbox == "required":
        raise ConfigError(f"there is no sandbox, and it is required: {lacking}", hint=hint)
    asks = "are denied" if options.ask is nobody_to_ask else "need your yes"
    text = f"no sandbox: {lacking}. Commands that could change something {asks}. {hint}".rstrip()
    return Confined(contained=False, bounds=bounds, notices=(Notice("warning", "sandbox", text),))
