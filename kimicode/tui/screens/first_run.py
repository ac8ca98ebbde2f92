"""The first minute: how to reach a model, tried with one request and written to config.toml, or kimi-nano for now."""

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import Input, Label, Static

from kimicode.config.write import change_settings
from kimicode.errors import KimicodeError
from kimicode.tui.actions import bindings
from kimicode.tui.palette import Look
from kimicode.tui.screens.modal import Modal
from kimicode.tui.setup import WAYS, Trial, Way, try_out
from kimicode.tui.text.sanitise import visible
from kimicode.tui.widgets.rows import Row, Rows


class FirstRun(Modal[str]):
    """Ends with the name of the way once a working one is written down, or taken where there is nothing to write; with
    None where it was put off."""

    HINT = "{setup.previous}{setup.next} choose · {setup.take} takes · {screen.close} later"
    BINDINGS: ClassVar[list[BindingType]] = bindings("setup")

    def __init__(self, look: Look) -> None:
        super().__init__("Which model shall kimicode work with?", look)
        self._way: Way | None = None
        self._trial: Trial | None = None
        """A trial that did not work: the same answers once more are written down all the same."""

    def body(self) -> ComposeResult:
        yield Rows(self.look.palette, [Row(way.name, (way.title,)) for way in WAYS], id="rows")
        yield Static(WAYS[0].detail, id="detail", markup=False)
        yield Vertical(id="form")
        yield Static("", id="outcome", markup=False)

    def action_previous(self) -> None:
        if self._way is None:
            self.query_one(Rows).move(-1)
        else:
            self.focus_previous(Input)

    def action_next(self) -> None:
        if self._way is None:
            self.query_one(Rows).move(1)
        else:
            self.focus_next(Input)

    @on(Rows.Moved)
    def _describe(self, message: Rows.Moved) -> None:
        told = next((way.detail for way in WAYS if message.row and way.name == message.row.value), "")
        self.query_one("#detail", Static).update(told)
        self._say("")

    @on(Rows.Chosen)
    async def action_take(self) -> None:
        row = self.query_one(Rows).chosen
        if self._way is None and row is not None:
            await self._enter(next(way for way in WAYS if way.name == row.value))

    async def _enter(self, way: Way) -> None:
        self._way = way
        if way.answers:
            await self._ask(way)
        else:
            self._say("One moment: looking …")
            self._try({})

    async def _ask(self, way: Way) -> None:
        self.query_one(Rows).display = False
        self.query_one("#heading", Static).update(way.title)
        form = self.query_one("#form", Vertical)
        for answer in way.answers:
            label = f"{answer.title} (optional)" if answer.optional else answer.title
            field = Input(placeholder=answer.example, password=answer.secret, id=answer.name)
            await form.mount_all([Label(label, markup=False), field])
        form.query(Input).first().focus()
        self.hint.guide("{setup.take} tries it · {screen.close} back")

    @on(Input.Changed)
    def _edited(self) -> None:
        self._trial = None

    @on(Input.Submitted)
    def _entered(self, message: Input.Submitted) -> None:
        fields = list(self.query(Input))
        place = fields.index(message.input)
        if place + 1 < len(fields):
            fields[place + 1].focus()
        elif self._trial is not None and self._trial.settings:
            self._keep(self._trial)
        else:
            self._say("One moment: asking …")
            self._try({field.id or "": field.value for field in fields})

    @work(thread=True, exclusive=True, group="try")
    def _try(self, answers: dict[str, str]) -> None:
        assert self._way is not None
        trial = try_out(self._way.name, answers)
        self.app.call_from_thread(self._tried, trial)

    def _tried(self, trial: Trial) -> None:
        if trial.works:
            self._keep(trial)
            return
        self._trial = trial
        if self._way is not None and not self._way.answers:
            self._way = self._trial = None
        found = [f"{finding.text}\n{finding.hint}".strip() for finding in trial.findings if finding.status != "ok"]
        more = ["Enter once more keeps it as it is."] if trial.settings else []
        self._say("\n".join([*found, *more]))

    def _keep(self, trial: Trial) -> None:
        try:
            if trial.settings:
                change_settings(trial.settings)
        except KimicodeError as error:
            self._say(str(error))
            return
        self.dismiss(self._way.name if self._way else None)

    def _say(self, text: str) -> None:
        self.query_one("#outcome", Static).update(visible(text))

    async def action_close(self) -> None:  # type: ignore[override]
        if self._way is None:
            self.dismiss(None)
            return
        self._way = self._trial = None
        await self.query_one("#form", Vertical).remove_children()
        self.query_one("#heading", Static).update(self.heading)
        self.query_one(Rows).display = True
        self._say("")
        self.hint.guide(self.HINT)
