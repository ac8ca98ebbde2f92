"""Someone with a home and a project of their own, who loads their configuration."""

from pathlib import Path
from typing import Any

import pytest

from kimicode.config.load import Loaded, load
from kimicode.errors import ConfigError

KEY = "sk-very-secret-0123456789"


class Person:
    """Someone with a home and a project, who calls `load`."""

    def __init__(self, tmp_path: Path) -> None:
        self.home = tmp_path / "home"
        self.project = tmp_path / "project"
        self.home.mkdir()
        (self.project / ".git").mkdir(parents=True)
        self.file = self.home / "config.toml"

    def writes(self, text: str) -> None:
        self.file.write_text(text)
        self.file.chmod(0o600)

    def finds(self, text: str, folder: Path | None = None) -> Path:
        path = (folder or self.project) / ".kimicode/config.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def loads(self, cwd: Path | None = None, flags: dict[str, Any] | None = None, **environ: Any) -> Loaded:
        return load(flags or {}, cwd=cwd or self.project, environ={"KIMICODE_HOME": str(self.home), **environ})

    def fails(self, **environ: Any) -> str:
        with pytest.raises(ConfigError) as caught:
            self.loads(**environ)
        assert KEY not in str(caught.value)
        assert KEY not in repr(caught.value)
        return str(caught.value)


@pytest.fixture
def person(tmp_path):
    return Person(tmp_path)
