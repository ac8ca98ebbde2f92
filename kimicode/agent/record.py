"""What the run did, from its records: the report, and the objection to ending it too early."""

import re
from dataclasses import dataclass, field

from kimicode.events import CommandRun, Diff, FileChange, ToolCompleted
from kimicode.workspace.hazards import to_look_at

MOST_OBJECTIONS = 6
MOST_FILES = 50
"""Of those that changed, in a report; `files_changed` of the result has them all."""
MOST_LATER = 20
TELLING = re.compile(
    r"^(?:E  |FAILED |ERROR |error|\w*(?:Error|Exception)\b|--- FAIL|panic|not ok|AssertionError).*", re.MULTILINE
)
MOST_TELLING = 6
UNSTARTED = re.compile(r"No module named|command not found|unrecognized arguments|no tests ran|No such file")


def telling_lines(output: str) -> str:
    """The last lines of a failed command's output that say what is wrong, as test runners and compilers mark them."""
    return "\n".join(line[:200] for line in TELLING.findall(output)[-MOST_TELLING:])


@dataclass(frozen=True, slots=True)
class Objection:
    """`kind` names the prompt for a model that only spoke; `text` answers a submit; `failing` quotes the failure."""

    kind: str
    text: str
    failing: str = ""


@dataclass(slots=True)
class WorkRecord:
    """Folds completed tool calls into what matters for the report."""

    edits: int = 0
    commands: int = 0
    looks: int = 0
    """Calls that neither edited nor ran anything, but reached a file or a folder."""
    since_edit: list[CommandRun] = field(default_factory=list)
    """Commands that ended after the last edit, or all where nothing was edited; of a failed one's output what tells."""
    _objected: list[tuple[int, int, bool]] = field(default_factory=list)

    def note(self, event: ToolCompleted) -> None:
        if isinstance(event.display, Diff):
            self.edits += 1
            self.since_edit.clear()
        elif isinstance(event.display, CommandRun) and not event.display.read_only:
            self.commands += 1
            run = event.display
            told = telling_lines(run.output) if run.exit_code else ""
            self.since_edit.append(CommandRun(run.command, told, run.exit_code, run.read_only))
        elif event.name not in ("plan", "submit") and not event.is_error:
            self.looks += 1

    def start_over(self) -> None:
        """A new turn with a person present: its report tells of this turn alone."""
        self.edits = self.commands = self.looks = 0
        self.since_edit.clear()
        self._objected.clear()

    @property
    def failing(self) -> bool:
        """The last command, if any ran since the last edit, failed."""
        return bool(self.since_edit and self.since_edit[-1].exit_code)

    @property
    def unstarted(self) -> bool:
        """The last command failed because it did not find a program or a module, not because of what it found."""
        return self.failing and bool(UNSTARTED.search(self.since_edit[-1].output))

    @property
    def idle(self) -> bool:
        """Nothing was looked at, run or changed."""
        return not (self.edits or self.commands or self.looks)

    def objection(self, *, spoken: bool = False) -> Objection | None:
        """Why it is too early to end, if it is. The model may insist: each state of the work is objected to once.

        Where it only spoke, without a call, twice: then it is more often lost than of another opinion.
        """
        state = (self.edits, self.commands, spoken)
        times = self._objected.count(state)
        if times >= 1 + spoken or len(self._objected) >= MOST_OBJECTIONS:
            return None
        found = self._unverified()
        if found is not None:
            self._objected.append(state)
        return found

    def _unverified(self) -> Objection | None:
        if self.edits and not self.since_edit:
            text = "nothing was run after the last edit. Run the test (or what shows that it works), then submit"
            return Objection("unverified", text)
        last = self.since_edit[-1] if self.since_edit else None
        if last is None or not last.exit_code:
            return None
        why = f":\n{last.output}\n" if last.output else ": "
        text = (
            f"the last command failed with exit code {last.exit_code}{why}{_short(last.command)}\n"
            "Fix the cause and run it again, or submit again and say why it fails"
        )
        return Objection("failing", text, last.output or f"{_short(last.command)}: exit code {last.exit_code}")


def report(files: tuple[FileChange, ...], record: WorkRecord, note: str = "") -> str:
    """Files changed with their diffstat and the commands after the last edit with exit codes; records, not claims."""
    lines = [f"{len(files)} file{'s' * (len(files) != 1)} changed" if files else "No file changed"]
    shown = files if len(files) <= MOST_FILES else files[: MOST_FILES - 1]
    names = [_visible(change.path) for change in shown]
    width = max(map(len, names), default=0)
    lines += [f"  {change.status} {name:<{width}}  {_stat(change)}" for name, change in zip(names, shown, strict=True)]
    if len(shown) < len(files):
        lines.append(f"  ... and {len(files) - len(shown)} more")
    if record.since_edit:
        lines.append("Run after the last edit" if record.edits else "Commands run")
        lines += [f"  {_exit(run)}  {_short(run.command)}" for run in record.since_edit[-5:]]
    elif record.edits:
        lines.append("Nothing was run after the last edit")
    if later := to_look_at(change.path for change in files):
        more = f" and {len(later) - MOST_LATER} more" if len(later) > MOST_LATER else ""
        named = ", ".join(map(_visible, later[:MOST_LATER]))
        lines.append(f"Obeyed later by other programs, so look at them first: {named}{more}")
    if note:
        lines.append(note)
    return "\n".join(lines)


def _visible(path: str) -> str:
    """A name on one line, whatever it is made of."""
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in path)


def _stat(change: FileChange) -> str:
    if change.added is None or change.removed is None:
        return "binary"
    return f"+{change.added} -{change.removed}"


def _exit(run: CommandRun) -> str:
    return "still running" if run.exit_code is None else f"exit {run.exit_code}"


def _short(command: str) -> str:
    line = " ".join(command.split())
    return line if len(line) <= 100 else line[:97] + "..."
