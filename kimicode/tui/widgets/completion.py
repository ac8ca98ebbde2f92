"""The list of proposals above the composer. It lies over the transcript and moves nothing."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from kimicode.tui.text.cells import crop, width
from kimicode.tui.text.sanitise import one_line

if TYPE_CHECKING:
    from kimicode.tui.composing.proposing import Proposal

MOST_ROWS = 8
_GAP = "  "


class Completion(Widget, can_focus=False):
    """Proposals of which one is chosen. Hidden without any."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"completion--chosen", "completion--detail"}

    class Taken(Message):
        """A proposal was clicked."""

    def __init__(self) -> None:
        super().__init__()
        self.frame: Widget = self
        """The widget above which the list stands, as wide as it is."""
        self._proposals: Sequence[Proposal] = ()
        self._index = 0
        self._placed: tuple[tuple[int, int], tuple[int, int]] | None = None
        self.display = False

    @property
    def chosen(self) -> "Proposal | None":
        """The proposal that would be taken; None while the list is hidden."""
        return self._proposals[self._index] if self._proposals else None

    @property
    def size_of_list(self) -> int:
        return len(self._proposals)

    def show(self, proposals: "Sequence[Proposal]") -> None:
        """Show these, the first one chosen; none hide the list."""
        self._proposals = proposals
        self._index = 0
        self.display = bool(proposals)
        if proposals:
            self._place(min(len(proposals), MOST_ROWS, max(1, self.screen.size.height // 3)))
            self.refresh()

    def _place(self, rows: int) -> None:
        frame, parent = self.frame.region, self._parent_region
        place = (frame.x - parent.x, frame.y - parent.y - rows)
        size = (frame.width, rows)
        if (place, size) != self._placed:
            self._placed = (place, size)
            self.styles.offset = place
            self.styles.width, self.styles.height = size

    @property
    def _parent_region(self) -> Region:
        """Where the list would stand without an offset."""
        assert isinstance(self.parent, Widget)
        return self.parent.content_region

    def hide(self) -> None:
        self.show(())

    def move(self, by: int) -> None:
        """Choose another one, beyond either end the one at the other."""
        if self._proposals:
            self._index = (self._index + by) % len(self._proposals)
            self.refresh()

    def on_click(self, event: events.Click) -> None:
        place = self._first + event.y
        if place < len(self._proposals):
            self._index = place
            self.refresh()
            self.post_message(self.Taken())

    @property
    def _first(self) -> int:
        """The proposal in the first row: the chosen one is always visible."""
        return max(0, min(self._index - self.size.height // 2, len(self._proposals) - self.size.height))

    def render_line(self, y: int) -> Strip:
        """One proposal: its label, then as much of its detail as fits."""
        room, place = self.size.width, self._first + y
        if place >= len(self._proposals):
            return Strip.blank(room, self.rich_style)
        proposal = self._proposals[place]
        chosen = self.get_component_rich_style("completion--chosen") if place == self._index else Style()
        style = self.rich_style + chosen
        label = crop(" " + one_line(proposal.label), room)
        column = min(max((width(one_line(one.label)) for one in self._proposals), default=0) + 1, room // 2)
        label += " " * max(0, column - width(label))
        segments = [Segment(label, style)]
        if proposal.detail and (rest := room - width(label) - len(_GAP)) > 0:
            detail = style + self.get_component_rich_style("completion--detail", partial=True)
            segments.append(Segment(_GAP + one_line(proposal.detail, rest), detail + chosen))
        return Strip(segments).adjust_cell_length(room, style)
