"""Commands that show something or change how it looks."""

from kimicode.errors import UsageError
from kimicode.tui.commands.command import Command
from kimicode.tui.commands.face import Face
from kimicode.tui.themes import APPEARANCES


async def context(face: Face, argument: str) -> None:
    face.show_context()


async def cost(face: Face, argument: str) -> None:
    state = face.conversation.state
    usage = state.usage
    price = "price not known" if usage.price is None else f"${usage.price:.4f}"
    rows = [
        f"{price} in this session",
        f"{usage.input_tokens:,} tokens in ({usage.cached_tokens:,} from the cache), {usage.output_tokens:,} out",
    ]
    face.note("info", "\n".join(rows))


async def diff(face: Face, argument: str) -> None:
    if not face.conversation.state.session_id:
        raise UsageError("no session is open yet, so nothing was changed")
    await face.show_changes(turn=argument.lower() == "turn")


async def tasks(face: Face, argument: str) -> None:
    face.show_tasks()


async def theme(face: Face, argument: str) -> None:
    names = ("auto", *APPEARANCES)
    name = argument.lower() or await face.pick_theme()
    if name is None:
        return
    if name not in names:
        raise UsageError(f"there is no theme {name!r}", hint=f"The themes are: {', '.join(names)}.")
    from kimicode.config.write import change_settings

    face.wear(name)
    change_settings({"theme": name})


async def copy(face: Face, argument: str) -> None:
    """The last answer; `n`: its nth code block; `all`: every code block."""
    answer = face.answer()
    if not answer:
        raise UsageError("there is no answer to copy yet")
    if not argument:
        face.copy(answer)
        return
    from kimicode.tui.text.markdown import code_blocks

    blocks = code_blocks(answer)
    if argument.lower() == "all":
        text = "\n".join(blocks)
    elif argument.isdecimal() and 1 <= int(argument) <= len(blocks):
        text = blocks[int(argument) - 1]
    else:
        raise UsageError(f"the last answer has {len(blocks)} code block(s)", hint="/copy, /copy N, /copy all")
    face.copy(text)


COMMANDS = (
    Command("context", "what fills the model's window", context),
    Command("cost", "tokens and price of this session", cost),
    Command("diff", "what was changed, in the session or the last turn", diff, "[turn]"),
    Command("tasks", "commands that run in the background", tasks, aliases=("jobs",)),
    Command("copy", "copy the last answer or one of its code blocks", copy, "[N|all]"),
    Command("theme", "other colours", theme, "[NAME]", early=True),
)
