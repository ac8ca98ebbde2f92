"""What a tool is: a name, a description in the .md file beside it, arguments as a pydantic model, and one coroutine."""

import dataclasses
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from kimicode.events import Display, PlanStep
from kimicode.messages import Image, Text, ToolSpec
from kimicode.workspace.files import Files
from kimicode.workspace.shell import Shell

if TYPE_CHECKING:
    from kimicode.index.knowledge import Knowledge


class Access(Enum):
    """What a call may touch; plan mode, approvals and the order of calls go by it."""

    READ = "read"
    WRITE = "write"
    EXECUTE = "execute"
    CONTROL = "control"
    """Only the agent's own state: the plan, the end of the run."""
    SECRET = "secret"
    """To read a file of a kind that holds secrets."""
    HAZARD = "hazard"
    """To write a file that programs obey later, unasked."""
    OUTSIDE = "outside"
    """To run a command outside of the sandbox."""
    FETCH = "fetch"
    """To read a public page; its address goes to whoever serves it."""


class Arguments(BaseModel):
    """Base of all argument models: unknown names are refused, so that a misspelt one is not silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class ToolOutcome:
    """What a call brought, for three audiences: the model, the person, and whoever debugs."""

    content: tuple[Text | Image, ...]
    display: Display | None = None
    debug: dict[str, Any] = field(default_factory=dict)
    is_error: bool = False

    @classmethod
    def of(cls, text: str, display: Display | None = None, *, is_error: bool = False, **debug: Any) -> "ToolOutcome":
        return cls((Text(text),), display, debug, is_error)


class Submitted(Exception):
    """Raised by `submit`: the model says that it is done."""

    def __init__(self, summary: str) -> None:
        super().__init__(summary)
        self.summary = summary


@dataclass(slots=True)
class ToolContext:
    """What tools work with. One per agent; `dataclasses.replace` gives a call its own `report`."""

    files: Files
    shell: Shell
    set_plan: Callable[[tuple[PlanStep, ...]], None]
    report: Callable[[str], None] = lambda text: None
    """Live output for the person while the call runs."""
    knowledge: "Knowledge | None" = None
    hides: Callable[[Path], bool] = lambda path: False
    """Whether a real path is of a kind that holds secrets."""
    confinement: str = ""
    """What commands may touch, as a text that differs where that does; "" where nothing confines them."""
    way_out: str = ""
    """What the model can do about a command that the sandbox stops."""
    reachable: Callable[[str], bool] = lambda url: False
    """Whether the host of an address is one of those that the user lets commands reach."""

    def reporting(self, report: Callable[[str], None]) -> "ToolContext":
        return dataclasses.replace(self, report=report)


A = TypeVar("A", bound=Arguments)


class Tool(Generic[A]):
    """A subclass sets the class attributes and writes `run`. Its description is `<module>.md` beside its module."""

    name: ClassVar[str]
    access: ClassVar[Access]
    arguments: type[A]

    async def run(self, arguments: A, context: ToolContext) -> ToolOutcome:
        """Do the work. Raises ToolError with a text for the model, or Submitted."""
        raise NotImplementedError

    def access_of(self, arguments: A) -> Access:
        """The access that this very call needs; a shell command that only reads may say so."""
        return self.access

    @classmethod
    def spec(cls) -> ToolSpec:
        """The tool as the model is told of it."""
        if cls not in _TOLD:
            source = Path(sys.modules[cls.__module__].__file__ or "")
            description = source.with_suffix(".md").read_text("utf-8").strip()
            _TOLD[cls] = ToolSpec(cls.name, description, _plain(cls.arguments.model_json_schema()))
        return _TOLD[cls]


_TOLD: dict[type[Any], ToolSpec] = {}
"""Read once: nothing of it changes while the program runs."""


def _plain(schema: Any, definitions: dict[str, Any] | None = None) -> Any:
    """Drop what costs tokens and tells a model nothing: titles, defaults, null alternatives, references."""
    if isinstance(schema, list):
        return [_plain(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    definitions = schema.get("$defs", definitions)
    if "$ref" in schema:
        return _plain((definitions or {})[schema["$ref"].rpartition("/")[2]], definitions)
    options = [o for o in schema.get("anyOf", []) if o != {"type": "null"}]
    if len(options) == 1:
        schema = {**{k: v for k, v in schema.items() if k != "anyOf"}, **options[0]}
    return {
        key: {name: _plain(value, definitions) for name, value in item.items()}
        if key == "properties"
        else _plain(item, definitions)
        for key, item in schema.items()
        if key not in ("additionalProperties", "default", "$defs") and not (key == "title" and isinstance(item, str))
    }
