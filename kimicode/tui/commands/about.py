"""Commands about kimicode itself: help, keys, the check-up, the way out."""

from kimicode.tui.commands.command import Command
from kimicode.tui.commands.face import Face


async def show_help(face: Face, argument: str) -> None:
    face.show_help(argument)


async def show_keys(face: Face, argument: str) -> None:
    face.show_help("keys")


async def check(face: Face, argument: str) -> None:
    face.note("info", "Checking the set-up …")
    face.read("Doctor", f"```\n{await face.doctor()}\n```")


async def leave(face: Face, argument: str) -> None:
    face.leave()


COMMANDS = (
    Command("help", "commands, keys and documents", show_help, "[TOPIC]", aliases=("?",), early=True),
    Command("keys", "all keys, and how to change them", show_keys, early=True),
    Command("doctor", "check endpoint, key, model, git and terminal", check, early=True),
    Command("quit", "leave; the session can be resumed", leave, aliases=("exit", "q"), early=True),
)
