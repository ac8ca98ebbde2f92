"""A small Python project, and the same with one bug: what everything else here hands on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Project:
    """One module and its tests (unittest), both right. Files lie side by side: `{module}.py`, `test_{module}.py`."""

    families: tuple[str, ...]
    """Where its functions come from: names of families, or `package:qualified.name` of mined ones."""
    module: str
    source: str
    tests: str

    @property
    def path(self) -> str:
        return f"{self.module}.py"

    @property
    def test_path(self) -> str:
        return f"test_{self.module}.py"


@dataclass(frozen=True, slots=True)
class Edit:
    """Whole lines of a source, without the last line's end, and what stands in their place. Neither is empty."""

    kind: str
    """What is changed: "comparison", "bound", "operator", "missing return" and so on."""
    line: int
    """Of the source before the edit, from 1: where `old` begins."""
    old: str
    new: str

    def apply(self, source: str) -> str:
        """The source after the edit. Raises ValueError where `old` does not stand at `line`."""
        lines = source.split("\n")
        count = self.old.count("\n") + 1
        if "\n".join(lines[self.line - 1 : self.line - 1 + count]) != self.old:
            raise ValueError(f"line {self.line} is not {self.old!r}")
        return "\n".join([*lines[: self.line - 1], *self.new.split("\n"), *lines[self.line - 1 + count :]])

    @property
    def undone(self) -> "Edit":
        """What takes it back."""
        return Edit(self.kind, self.line, self.new, self.old)


@dataclass(frozen=True, slots=True)
class Bug:
    """A project, and the edit that breaks it: at least one test fails then, and no test hangs."""

    project: Project
    injection: Edit
    why: str
    """One short sentence on what is wrong with the broken lines, as an engineer would say it in passing."""

    @property
    def broken(self) -> str:
        """The module's source with the bug."""
        return self.injection.apply(self.project.source)

    @property
    def fix(self) -> Edit:
        """From the broken source to the right one."""
        return self.injection.undone
