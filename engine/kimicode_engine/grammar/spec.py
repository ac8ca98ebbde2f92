"""What an answer must look like, as plain frozen data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kimicode_engine.template.messages import ToolSpec


@dataclass(frozen=True, slots=True)
class JsonObject:
    """Any JSON object."""


@dataclass(frozen=True, slots=True)
class JsonSchema:
    """JSON that satisfies a schema; with `strict` exactly or not at all, else as far as the schema can be enforced."""

    schema: Mapping[str, Any]
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Regex:
    """Text that a regular expression matches as a whole, in the syntax of Rust's regex crate."""

    pattern: str


Response = JsonObject | JsonSchema | Regex


@dataclass(frozen=True, slots=True)
class GrammarSpec:
    """What is demanded of one answer. `tool_choice` is auto, required, none or the name of a tool.

    `thinking`: the prompt ended in `<think>`, so the answer begins with reasoning. `first_call` numbers the calls;
    the grammar takes any number there (see lark.py) and so does not depend on it."""

    tools: tuple[ToolSpec, ...] = ()
    tool_choice: str = "auto"
    parallel: bool = True
    response: Response | None = None
    thinking: bool = False
    first_call: int = 0

    @property
    def callable_tools(self) -> tuple[ToolSpec, ...]:
        """The tools that this answer may call."""
        match self.tool_choice:
            case "none":
                return ()
            case "auto" | "required":
                return self.tools
            case name:
                return tuple(tool for tool in self.tools if tool.name == name)

    @property
    def must_call(self) -> bool:
        """Whether the answer has to be a tool call."""
        return self.tool_choice not in ("auto", "none")
