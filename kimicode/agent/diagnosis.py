"""Diagnostics for the model: the project's checkers after each edit, or whether the file still parses.

What the project itself could have written runs only where its folder is trusted, and in the sandbox.
"""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path, PurePath

from kimicode.agent.approval import Approval
from kimicode.config.schema import Settings
from kimicode.config.trust import Trust
from kimicode.events import Emit, Notice
from kimicode.workspace.diagnostics.checks import Checks
from kimicode.workspace.files import Files
from kimicode.workspace.sandbox.sandbox import Sandbox


class Diagnosis:
    """Of one session: hears of every edit of `files`; `news` is what the model and the person are told."""

    def __init__(
        self,
        files: Files,
        scratch: Path,
        settings: Settings,
        approval: Approval,
        emit: Emit,
        trust: Trust | None = None,
        sandbox: Sandbox | None = None,
    ) -> None:
        self._approval = approval
        self._trust = trust
        self._emit = emit
        self._checks = Checks(files.roots, scratch, os.environ, self._permits, _first_error, sandbox=sandbox)
        if settings.diagnostics:
            files.written = self._checks.edited

    async def news(self) -> str:
        """What was found about edits and not told yet; waits two seconds for the last edit's, and never again."""
        text = await self._checks.news()
        if text:
            self._emit(Notice("info", "diagnostics", text))
        return text

    def kill(self) -> None:
        """The same without waiting, for a process that is about to end itself."""
        self._checks.kill()

    async def close(self) -> None:
        """End every checker that still runs."""
        await self._checks.close()

    def _permits(self, command: Sequence[str], project: Path | None) -> bool:
        if self._approval.rules.refused("bash", shlex.join(command)) is not None:
            return False
        trust = self._trust
        return project is None or (trust is not None and trust.given and project.is_relative_to(trust.root))


def _first_error(path: PurePath, text: str) -> int:
    if path.suffix in (".py", ".pyi"):
        return 0  # the edit itself has told
    from kimicode.index.syntax import first_error

    return first_error(path, text)
