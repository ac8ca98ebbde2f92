"""Whether a folder may tell kimicode what to do: settled before anything of it is read or started."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kimicode.config.load import record, trust_in
from kimicode.config.obeyed import is_wide
from kimicode.config.schema import Settings
from kimicode.config.trust import UNCONFINED, Answer, Trust
from kimicode.errors import KimicodeError
from kimicode.events import Emit, Notice

MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class Question:
    """About the project at `root`; `changed` are items that are not as they were when it was trusted."""

    root: Path
    changed: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return "This has changed since you trusted the folder" if self.changed else "Do you trust what is in here?"

    @property
    def words(self) -> list[str]:
        """What is at stake, a paragraph each."""
        if self.changed:
            shown = [name if name.isprintable() else ascii(name) for name in self.changed[:MOST_NAMED]]
            more = len(self.changed) - len(shown)
            listed = "\n".join([*shown, *([f"and {more} more"] if more else ())])
            return [f"{self.root}", listed, "What you leave out is not obeyed."]
        wide = ["It holds far more than one project: whatever lands in it would be obeyed."]
        return [
            f"{self.root}",
            *(wide if is_wide(self.root) else ()),
            "With trust, kimicode follows its AGENTS.md, its settings and commands in .kimicode, "
            "and starts the checkers that it configures, which run its code.",
            "Without, it works here all the same, but obeys nothing of that, and commands run in the sandbox alone.",
        ]

    @property
    def answers(self) -> dict[Answer, str]:
        """The answers there are beside leaving, as they are offered."""
        if self.changed:
            return {"trusted": "Obey it as it is now", "untrusted": "Leave it out, this time"}
        return {"trusted": "Trust it", "untrusted": "Work without trusting it"}


Judge = Callable[[Question], Awaitable[Answer | None]]


async def nobody_judges(question: Question) -> None:
    """Where nobody can be asked, nothing is trusted."""
    return


def confined(settings: Settings, trust: Trust, tell: Emit) -> Settings:
    """The settings as far as they may hold there: without trust, what would let it loose gives way to the default."""
    loose = [] if trust.given else [name for name, value in UNCONFINED if getattr(settings, name) == value]
    for name in loose:
        text = f"{name} {getattr(settings, name)} is for folders that you trust (/trust)"
        tell(Notice("warning", "trust", text))
    return settings.model_copy(update={name: Settings.model_fields[name].default for name in loose})


async def settled(folder: Path, environ: Mapping[str, str], judge: Judge, tell: Emit) -> Trust:
    """What holds in `folder`, once the person has answered where there is something to ask. Raises ConfigError."""
    trust = await asyncio.to_thread(trust_in, folder, environ=environ)
    changed = tuple(await asyncio.to_thread(trust.changed, folder))
    if trust.answer is not None and not changed:
        return trust
    answer = await judge(Question(trust.root, changed))
    if answer is None or (changed and answer == "untrusted"):
        return trust
    try:
        await asyncio.to_thread(record(environ).remember, folder, answer)
    except KimicodeError as error:
        tell(Notice("warning", "trust", f"your answer holds for this session only: {error.message}"))
        return Trust(trust.root, answer)
    return await asyncio.to_thread(trust_in, folder, environ=environ)
