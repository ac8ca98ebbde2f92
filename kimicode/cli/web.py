"""`kimicode web`: the same interface in a browser, by textual-serve."""

import importlib.util
import secrets
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from kimicode.agent.place import absolute
from kimicode.errors import UsageError

Folder = Annotated[Path | None, typer.Option("-C", metavar="DIR", file_okay=False, help="Work in this folder.")]
_EVERYWHERE = ("0.0.0.0", "::", "")


def command(
    folder: Annotated[
        Path | None, typer.Option("-C", metavar="DIR", file_okay=False, help="Work in this folder.")
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, metavar="N", help="Port.")] = 8422,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Address to listen on.")] = "127.0.0.1",
    url: Annotated[str, typer.Option(metavar="URL", help="The address browsers use, where it is another one.")] = "",
) -> None:
    """Work with the agent in a browser. It prints the address with a key in it; without the key nobody gets in.

    Each tab is a session of its own and ends when the tab is closed; it can be resumed. Whoever has the address can
    run commands with your rights: other addresses than this machine's own are served only when --host says so, and
    then over plain HTTP: put a proxy with TLS before it and name its address with --url.
    """
    missing = [name for name in ("textual_serve", "aiohttp") if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError("`kimicode web` needs textual-serve", hint="Install it: pip install 'kimicode[web]'")
    if host in _EVERYWHERE and not url:
        raise UsageError(f"browsers cannot go to {host or 'nowhere'}", hint="Say their address: --url http://NAME:PORT")
    from kimicode.cli.webdoor import serve

    here = absolute(folder or Path())
    named = f"[{host}]" if ":" in host else host
    address = (url or f"http://{named}:{port}").rstrip("/")
    key = secrets.token_urlsafe(24)
    print(f"kimicode in the browser: {address}/?key={key}\nCtrl-C ends it.", flush=True)
    program = shlex.join([sys.executable, "-m", "kimicode", "-C", str(here)])
    serve(program, host=host, port=port, address=address, key=key)
