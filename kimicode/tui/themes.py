"""The themes: each a Textual theme for what is around the transcript, and a palette for what stands in it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.style import Style
from textual.theme import Theme

from kimicode.tui.palette import DARK, Palette

_SETTING = re.compile(r"""^[ \t]*theme[ \t]*=[ \t]*["'](\w+)["']""", re.MULTILINE)
_LIGHT_BACKGROUNDS = {"7", "15"}


@dataclass(frozen=True, slots=True)
class Appearance:
    """One theme. `title` is what the person chooses by."""

    theme: Theme
    palette: Palette
    title: str

    @property
    def name(self) -> str:
        return self.theme.name


LIGHT_PALETTE = Palette(
    text=Style(color="#24292f"),
    muted=Style(color="#656d76"),
    accent=Style(color="#0a5cc2"),
    prompt=Style(color="#000000", bold=True),
    thinking=Style(color="#5b6470", italic=True),
    heading=Style(color="#000000", bold=True),
    strong=Style(bold=True),
    emphasis=Style(italic=True),
    code=Style(color="#8a3b00"),
    code_block=Style(color="#24292f"),
    link=Style(color="#0a5cc2", underline=True),
    quote=Style(color="#57606a"),
    success=Style(color="#176f2c"),
    warning=Style(color="#8a5a00"),
    error=Style(color="#b42318"),
    added=Style(color="#0f5323", bgcolor="#ddf4e1"),
    removed=Style(color="#82071e", bgcolor="#ffe5e3"),
    added_words=Style(color="#05300f", bgcolor="#a6e9b5"),
    removed_words=Style(color="#5c0010", bgcolor="#ffbdb8"),
    selection=Style(bgcolor="#b6d7ff"),
    found=Style(color="#24292f", bgcolor="#ffe08a"),
    found_current=Style(color="#000000", bgcolor="#ffb347", bold=True),
    syntax="friendly",
)

CONTRAST_PALETTE = Palette(
    text=Style(color="#ffffff"),
    muted=Style(color="#c8c8c8"),
    accent=Style(color="#5cd6ff", bold=True),
    prompt=Style(color="#ffff00", bold=True),
    thinking=Style(color="#d0d0d0", italic=True),
    heading=Style(color="#ffffff", bold=True, underline=True),
    strong=Style(bold=True),
    emphasis=Style(italic=True),
    code=Style(color="#ffd75f"),
    code_block=Style(color="#ffffff"),
    link=Style(color="#5cd6ff", underline=True),
    quote=Style(color="#e0e0e0"),
    success=Style(color="#5fff5f", bold=True),
    warning=Style(color="#ffd700", bold=True),
    error=Style(color="#ff8787", bold=True),
    added=Style(color="#87ff87", bgcolor="#002800"),
    removed=Style(color="#ffafaf", bgcolor="#380000"),
    added_words=Style(color="#000000", bgcolor="#5fff5f", bold=True),
    removed_words=Style(color="#000000", bgcolor="#ff8787", bold=True),
    selection=Style(color="#000000", bgcolor="#5cd6ff"),
    found=Style(color="#000000", bgcolor="#ffff00"),
    found_current=Style(color="#000000", bgcolor="#ffaf00", bold=True),
    syntax="github-dark",
)

TERMINAL_PALETTE = Palette(
    text=Style(color="default"),
    muted=Style(color="bright_black"),
    accent=Style(color="blue"),
    prompt=Style(color="default", bold=True),
    thinking=Style(color="default", italic=True, dim=True),
    heading=Style(color="default", bold=True),
    strong=Style(bold=True),
    emphasis=Style(italic=True),
    code=Style(color="yellow"),
    code_block=Style(color="default"),
    link=Style(color="blue", underline=True),
    quote=Style(color="default", italic=True),
    success=Style(color="green"),
    warning=Style(color="yellow"),
    error=Style(color="red"),
    added=Style(color="green"),
    removed=Style(color="red"),
    added_words=Style(color="green", reverse=True),
    removed_words=Style(color="red", reverse=True),
    selection=Style(reverse=True),
    found=Style(reverse=True),
    found_current=Style(reverse=True, bold=True),
    syntax="",
)

APPEARANCES: Mapping[str, Appearance] = {
    "dark": Appearance(
        Theme(
            name="dark",
            primary="#6cb6ff",
            secondary="#8f98a8",
            accent="#6cb6ff",
            warning="#e5b567",
            error="#f07178",
            success="#7ec97e",
            foreground="#d8dee9",
            background="#14171d",
            surface="#1a1e26",
            panel="#222732",
        ),
        DARK,
        "Dark",
    ),
    "light": Appearance(
        Theme(
            name="light",
            primary="#0a5cc2",
            secondary="#57606a",
            accent="#0a5cc2",
            warning="#8a5a00",
            error="#b42318",
            success="#176f2c",
            foreground="#24292f",
            background="#fbfbfa",
            surface="#f3f4f5",
            panel="#e7eaed",
            dark=False,
        ),
        LIGHT_PALETTE,
        "Light",
    ),
    "contrast": Appearance(
        Theme(
            name="contrast",
            primary="#5cd6ff",
            secondary="#ffffff",
            accent="#ffff00",
            warning="#ffd700",
            error="#ff8787",
            success="#5fff5f",
            foreground="#ffffff",
            background="#000000",
            surface="#000000",
            panel="#1c1c1c",
            text_alpha=1.0,
        ),
        CONTRAST_PALETTE,
        "High contrast",
    ),
    "terminal": Appearance(
        Theme(
            name="terminal",
            primary="ansi_blue",
            secondary="ansi_cyan",
            accent="ansi_green",
            warning="ansi_yellow",
            error="ansi_red",
            success="ansi_green",
            foreground="ansi_default",
            background="ansi_default",
            surface="ansi_default",
            panel="ansi_default",
            boost="ansi_default",
            ansi=True,
            # named by Textual's own styles, and not among what it derives for a theme without colours of its own
            variables={
                "ansi-background": "ansi_default",
                "ansi-foreground": "ansi_default",
                "screen-selection-background": "ansi_blue",
                "screen-selection-foreground": "ansi_default",
            },
        ),
        TERMINAL_PALETTE,
        "The terminal's own colours",
    ),
}


def choose(setting: str, environ: Mapping[str, str], light: bool | None = None) -> Appearance:
    """The appearance for a setting. `auto` follows the terminal's background as the terminal told it (`light`), else as
    COLORFGBG has it; else it is dark.

    NO_COLOR asks for none: then it is the terminal's own, whose emphasis does not depend on colours.
    """
    if environ.get("NO_COLOR"):
        return APPEARANCES["terminal"]
    if setting in APPEARANCES:
        return APPEARANCES[setting]
    if light is None:
        light = environ.get("COLORFGBG", "").rpartition(";")[2] in _LIGHT_BACKGROUNDS
    return APPEARANCES["light" if light else "dark"]


def configured(environ: Mapping[str, str], file: Path) -> str:
    """The theme that is set, `auto` where none is.

    Looked up by itself: the first paint needs its colours and does not wait for the whole configuration.
    """
    if name := environ.get("KIMICODE_THEME", "").strip():
        return name
    try:
        found = _SETTING.search(file.read_text("utf-8", errors="replace"))
    except OSError:
        found = None
    return found[1] if found else "auto"
