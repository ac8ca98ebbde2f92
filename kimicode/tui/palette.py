"""The colours of a theme as the renderers of lines use them. The themes themselves are in `themes`."""

from dataclasses import dataclass

from rich.style import Style


@dataclass(frozen=True, slots=True)
class Palette:
    """A style for each role of a text. Backgrounds are set where the role has one of its own only."""

    text: Style
    muted: Style
    """What may be overlooked: gutters, durations, folded remains."""
    accent: Style
    prompt: Style
    """The person's own words."""
    thinking: Style
    heading: Style
    strong: Style
    emphasis: Style
    code: Style
    """Code within a line of text."""
    code_block: Style
    link: Style
    quote: Style
    success: Style
    warning: Style
    error: Style
    added: Style
    removed: Style
    added_words: Style
    """The part of an added line that differs from the removed one."""
    removed_words: Style
    selection: Style
    found: Style
    found_current: Style
    syntax: str
    """A style of pygments for highlighted code; "" highlights with the terminal's own sixteen colours."""


@dataclass(frozen=True, slots=True)
class Look:
    """How blocks are laid out, beside their width."""

    palette: Palette
    expanded: bool = False
    """Unfolded: the whole of a thinking or an output."""
    ascii: bool = False
    """No box drawing and no symbols: for terminals and fonts that lack them."""


DARK = Palette(
    text=Style(color="#d8dee9"),
    muted=Style(color="#7a8394"),
    accent=Style(color="#6cb6ff"),
    prompt=Style(color="#ffffff", bold=True),
    thinking=Style(color="#8f98a8", italic=True),
    heading=Style(color="#ffffff", bold=True),
    strong=Style(bold=True),
    emphasis=Style(italic=True),
    code=Style(color="#e5c07b"),
    code_block=Style(color="#d8dee9"),
    link=Style(color="#6cb6ff", underline=True),
    quote=Style(color="#9aa4b5"),
    success=Style(color="#7ec97e"),
    warning=Style(color="#e5b567"),
    error=Style(color="#f07178"),
    added=Style(color="#a5d6a7", bgcolor="#17301d"),
    removed=Style(color="#ef9a9a", bgcolor="#3a1a1e"),
    added_words=Style(color="#d7f5d8", bgcolor="#245c30"),
    removed_words=Style(color="#ffd7d9", bgcolor="#70262e"),
    selection=Style(bgcolor="#31507a"),
    found=Style(color="#1c1f26", bgcolor="#e5b567"),
    found_current=Style(color="#1c1f26", bgcolor="#ff9e64", bold=True),
    syntax="one-dark",
)
