"""A draft in the person's own editor: written to a file, read back when the editor ends well."""

import os
import shlex
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from kimicode.errors import KimicodeError
from kimicode.programs import find

_FALLBACKS = ("vi", "nano")


class EditorFailed(KimicodeError):
    """The editor brought no text; the message says why, and the draft is as it was."""


def command(environ: Mapping[str, str] = os.environ) -> list[str]:
    """The editor's command line: $VISUAL, $EDITOR, or what is there. Raises EditorFailed."""
    wanted = environ.get("VISUAL") or environ.get("EDITOR") or ""
    try:
        words = shlex.split(wanted)
    except ValueError as error:
        raise EditorFailed(f"$VISUAL or $EDITOR is no command line: {wanted} ({error})") from error
    candidates = [words] if words else [[name] for name in _FALLBACKS]
    for candidate in candidates:
        if program := find(candidate[0], environ):
            return [program, *candidate[1:]]
    if words:
        raise EditorFailed(f"the editor {words[0]} was not found; set $VISUAL or $EDITOR")
    raise EditorFailed("no editor was found; set $VISUAL or $EDITOR")


def edit(text: str, words: list[str]) -> str:
    """The text as the editor left it. The terminal has to be free for it. Raises EditorFailed."""
    try:
        with tempfile.TemporaryDirectory(prefix="kimicode-") as folder:
            path = Path(folder) / "prompt.md"
            path.write_text(text, "utf-8")
            status = subprocess.run([*words, str(path)], check=False).returncode
            if status != 0:
                raise EditorFailed(f"{words[0]} ended with status {status}; the text is as it was")
            return path.read_text("utf-8").removesuffix("\n")
    except UnicodeError as error:
        raise EditorFailed(f"what {words[0]} wrote is not UTF-8; the text is as it was") from error
    except OSError as error:
        raise EditorFailed(f"{words[0]} could not be used: {error.strerror or error}") from error
