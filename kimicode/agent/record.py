"""What the run did, from its records: the report, and the objection to ending it too early."""

from dataclasses import dataclass, field

from kimicode.events import CommandRun, Diff, FileChange, ToolCompleted

MOST_OBJECTIONS = 3


@dataclass(slots=True)
class WorkRecord:
    """Folds completed tool calls into what matters for the report."""

    edits: int = 0
    commands: int = 0
    since_edit: list[CommandRun] = field(default_factory=list)
    """Commands that ran to their end after the last edit (all commands where nothing was edited), outputs left out."""
    _objected: set[tuple[int, int]] = field(default_factory=set)

    def note(self, event: ToolCompleted) -> None:
        if isinstance(event.display, Diff):
            self.edits += 1
            self.since_edit.clear()
        elif isinstance(event.display, CommandRun) and not event.display.read_only:
            self.commands += 1
            run = event.display
            self.since_edit.append(CommandRun(run.command, "", run.exit_code, run.read_only))

    @property
    def failing(self) -> bool:
        """The last command, if any ran since the last edit, failed."""
        return bool(self.since_edit and self.since_edit[-1].exit_code)

    def objection(self) -> str:
        """Why it is too early to end, or "". Each state of the work is objected to once: the model may insist."""
        state = (self.edits, self.commands)
        if state in self._objected or len(self._objected) >= MOST_OBJECTIONS:
            return ""
        text = self._unverified()
        if text:
            self._objected.add(state)
        return text

    def _unverified(self) -> str:
        if self.edits and not self.since_edit:
            return "nothing was run after the last edit. Run the test (or what shows that it works), then submit"
        last = self.since_edit[-1] if self.since_edit else None
        if last is not None and last.exit_code:
            return (
                f"the last command failed with exit code {last.exit_code}: {_short(last.command)}. "
                "Fix the cause and run it again, or submit again and say why it fails"
            )
        return ""


def report(files: tuple[FileChange, ...], record: WorkRecord, note: str = "") -> str:
    """Files changed with their diffstat and the commands after the last edit with exit codes; records, not claims."""
    lines = [f"{len(files)} file{'s' * (len(files) != 1)} changed" if files else "No file changed"]
    width = max((len(change.path) for change in files), default=0)
    lines += [f"  {change.status} {change.path:<{width}}  {_stat(change)}" for change in files]
    if record.since_edit:
        lines.append("Run after the last edit" if record.edits else "Commands run")
        lines += [f"  {_exit(run)}  {_short(run.command)}" for run in record.since_edit[-5:]]
    elif record.edits:
        lines.append("Nothing was run after the last edit")
    if note:
        lines.append(note)
    return "\n".join(lines)


def _stat(change: FileChange) -> str:
    if change.added is None or change.removed is None:
        return "binary"
    return f"+{change.added} -{change.removed}"


def _exit(run: CommandRun) -> str:
    return "still running" if run.exit_code is None else f"exit {run.exit_code}"


def _short(command: str) -> str:
    line = " ".join(command.split())
    return line if len(line) <= 100 else line[:97] + "..."
