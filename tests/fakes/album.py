"""Screens as they looked when somebody last looked at them: tests/snapshots. Accepted anew with ACCEPT_SNAPSHOTS=1."""

import os
import tempfile
from pathlib import Path
from typing import Any

from textual.app import App

from tests.fakes.picture import Picture

STORED = Path(__file__).parents[1] / "snapshots"
COMMAND = "ACCEPT_SNAPSHOTS=1 pytest tests/kimicode/tui/test_snapshots.py"


class Album:
    """Collects what differs, so that one run tells all of it."""

    def __init__(self, folder: str) -> None:
        self._folder = STORED / folder
        self._shown = Path(tempfile.gettempdir()) / "kimicode-snapshots" / folder
        self._accept = bool(os.environ.get("ACCEPT_SNAPSHOTS"))
        self.different: list[str] = []

    def compare(self, name: str, app: App[Any]) -> None:
        """A screen against its stored picture; where they differ, both are written as SVG."""
        picture, path = Picture.of(app), self._folder / f"{name}.txt"
        stored = path.read_text("utf-8") if path.exists() else ""
        if picture.text == stored:
            return
        if self._accept:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(picture.text, "utf-8")
            return
        self._shown.mkdir(parents=True, exist_ok=True)
        (self._shown / f"{name}.is.svg").write_text(picture.svg(f"{name}, now"), "utf-8")
        if stored:
            (self._shown / f"{name}.was.svg").write_text(Picture.parse(stored).svg(f"{name}, before"), "utf-8")
        self.different.append(f"{self._shown / name}.is.svg")

    def close(self) -> None:
        """Fail where anything differed."""
        told = "\n".join(self.different)
        assert not self.different, f"These screens look different:\n{told}\nIf they are right: {COMMAND}"
