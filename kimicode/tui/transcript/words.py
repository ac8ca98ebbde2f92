"""The words of a content without any layout: what is searched, counted and copied."""

from functools import singledispatch

from kimicode.tui.content import Call, Content, Markdown, Note, Plan, Prompt, Shell, Thinking, TurnEnd, Welcome

_FOLDED = 10


@singledispatch
def words(content: Content) -> str:
    """All text of a content, as it came: not sanitised, so for comparing alone."""
    return ""


@words.register
def _(content: Prompt | Thinking | Note | TurnEnd) -> str:
    return content.text


@words.register
def _(content: Markdown) -> str:
    return content.source


@words.register
def _(content: Call) -> str:
    return "\n".join((content.name, content.arguments, _shown(content), content.output, content.reason))


@words.register
def _(content: Shell) -> str:
    return f"{content.command}\n{content.output}"


@words.register
def _(content: Plan) -> str:
    return "\n".join(step.title for step in content.steps)


@words.register
def _(content: Welcome) -> str:
    return "\n".join((content.title, *(f"{name} {value}" for name, value in content.rows)))


def weight(content: Content) -> int:
    """Characters that a content keeps in memory, without putting them together."""
    if isinstance(content, Markdown):
        return len(content.source)
    if isinstance(content, Thinking):
        return len(content.text)
    if isinstance(content, Call):
        return len(content.arguments) + len(content.output) + len(_shown(content))
    return len(words(content))


def _shown(call: Call) -> str:
    if call.display is None:
        return ""
    from kimicode.displays import CommandRun  # not before there is one: the first paint does without

    return call.display.output if isinstance(call.display, CommandRun) else call.display.text


def lines_of(content: Content, width: int, *, folded: bool) -> int:
    """A guess at the lines that a content takes, from its length and its line feeds alone."""
    text = content.source if isinstance(content, Markdown) else words(content)
    lines = 1 + text.count("\n") + len(text) // (width + 1)
    return min(lines, _FOLDED) if folded and isinstance(content, (Call, Thinking, Shell)) else lines
