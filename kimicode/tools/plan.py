"""`plan`: the visible list of steps with their states."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from kimicode.events import Brief, PlanStep, StepState
from kimicode.tools.base import Access, Arguments, Tool, ToolContext, ToolOutcome

_MARKS = {"pending": " ", "active": ">", "done": "x"}


class Step(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    title: str = Field(min_length=1)
    state: StepState = "pending"


class PlanArguments(Arguments):
    steps: tuple[Step, ...] = Field(min_length=1, max_length=30)

    @field_validator("steps", mode="before")
    @classmethod
    def _titles_alone_will_do(cls, value: Any) -> Any:
        return (
            [{"title": item} if isinstance(item, str) else item for item in value] if isinstance(value, list) else value
        )


class Plan(Tool[PlanArguments]):
    name = "plan"
    access = Access.CONTROL
    arguments = PlanArguments

    async def run(self, arguments: PlanArguments, context: ToolContext) -> ToolOutcome:
        steps = tuple(PlanStep(step.title, step.state) for step in arguments.steps)
        context.set_plan(steps)
        done = sum(step.state == "done" for step in steps)
        return ToolOutcome.of("plan noted", Brief(f"plan: {done} of {len(steps)} done"))


def as_text(steps: tuple[PlanStep, ...]) -> str:
    """The plan as a check list."""
    return "\n".join(f"[{_MARKS[step.state]}] {step.title}" for step in steps)
