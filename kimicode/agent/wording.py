"""Words that a model writes about a change: the message of a commit, title and text of a pull request.

The model sees a bounded part of the change; what it answers is tidied here, since small models add fences and prefaces.
"""

import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from textwrap import fill

from kimicode.agent.prompt import text
from kimicode.errors import ModelError
from kimicode.git.branch import Branch
from kimicode.git.diff import Difference
from kimicode.git.style import Style

Ask = Callable[[str], Awaitable[str]]

CHANGE_CHARS = 24_000
COMMITS_CHARS = 8_000
LONGEST_SUBJECT = 100
COLUMNS = 72
_AGAIN = "You answered before:\n\n{answer}\n\nThis cannot be used: {fault}. Answer again, with the message alone."
_ALL_FENCED = re.compile(r"\A```\w*\n(.*)\n?```\s*\Z", re.DOTALL)
_FENCED = re.compile(r"\A```\w*\n(.*?)\n?```", re.DOTALL)
_NAMED = r"\W*(?:the |pull request |pr |git )*(?:commit message|message|title|subject)(?: line)?\W*?:\W*?"
_PREFACE = re.compile(
    rf"\A(?:(?:sure|certainly|of course|okay|here(?:'s| is| are))\b[^\n]*[:!.][ \t]*\n+|{_NAMED}(?:\n+|[ \t]+))+", re.I
)
_BODY_HEADING = re.compile(
    r"\A(?:#+ *(?:description|body)[ \t]*:?[ \t]*\n+|\*{0,2}(?:description|body)\*{0,2}:\*{0,2}\s*)", re.I
)
_MARKUP = re.compile(r"\A(?:#+ +|\*\*(?=.*\*\*\Z))|\*\*\Z")
_PROSE = re.compile(r"(?:[-*] )?[^\W_]")
_CREDIT = re.compile(r"^(co-authored-by|assisted-by|generated[- ](by|with)|signed-off-by)\b.*\n?", re.I | re.MULTILINE)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
_TRAILER_BLOCK = re.compile(r"\n\n([A-Z][\w-]*: .+\n?)+\Z")


async def commit_message(ask: Ask, difference: Difference, style: Style, wish: str = "") -> str:
    """A message for the change. Raises ModelError, also where the model finds no words.

    A first line that cannot be right here is asked for once more.
    """
    prompt = text("commit_message").format(
        style=style.told or "There are no commits yet: one line in the imperative, of up to 60 characters.",
        wish=f"The wish that led to it:\n{wish[:2_000]}\n" if wish else "",
        change=difference.told(CHANGE_CHARS),
    )
    message = tidy(await ask(prompt))
    if fault := style.fault(message.partition("\n")[0]):
        with suppress(ModelError):
            message = tidy(await ask(f"{prompt}\n\n{_AGAIN.format(answer=message, fault=fault)}"))
    first, _, body = message.partition("\n")
    return f"{style.fitted(first)}\n\n{_wrapped(body.strip())}".strip()


async def pull_request(ask: Ask, branch: Branch, style: Style, template: str = "", wish: str = "") -> tuple[str, str]:
    """Title and text. Raises ModelError."""
    told = "\n".join(f"- {commit.subject}\n{commit.body}".rstrip() for commit in reversed(branch.commits))
    prompt = text("pull_request").format(
        base=branch.base,
        style=style.told,
        template=f"The description follows this template of the project:\n{template[:4_000]}" if template else "",
        wish=f"The author says: {wish[:2_000]}" if wish else "",
        commits=told[:COMMITS_CHARS],
        change=branch.difference.told(CHANGE_CHARS),
    )
    title, _, body = tidy(await ask(prompt)).partition("\n")
    return style.fitted(title), _BODY_HEADING.sub("", body.strip()).strip()


def tidy(answer: str) -> str:
    """A message as git wants it: a first line, a blank one, the rest. Raises ModelError where nothing is left."""
    said = _unfenced(_PREFACE.sub("", _CONTROL.sub("", answer).strip()))
    said = _CREDIT.sub("", _PREFACE.sub("", said)).strip()
    first, _, rest = said.partition("\n")
    first = _MARKUP.sub("", first).strip("`\"' ").strip()
    if not first:
        raise ModelError("the model wrote no message", hint="Try again, or write it yourself.")
    if len(first) > LONGEST_SUBJECT:
        first = first[: LONGEST_SUBJECT - 3].rpartition(" ")[0] + "..."
    lines = [line.rstrip() for line in rest.strip("\n").splitlines()]
    body = "\n".join(lines[1:] if lines and lines[0].strip() == first else lines).strip("\n")
    return f"{first}\n\n{body}" if body else first


def _unfenced(said: str) -> str:
    """What stands in the fence that a text begins with; an explanation behind that is not part of it."""
    match = _ALL_FENCED.match(said) or _FENCED.match(said)
    return match[1].strip() if match else said


def _wrapped(body: str) -> str:
    """A commit's body, its long lines of prose broken; lists keep their indent, code and tables are left alone."""
    return "\n".join(_broken(line) for line in body.splitlines())


def _broken(line: str) -> str:
    if len(line) <= COLUMNS + 8 or not _PROSE.match(line):
        return line
    indent = "  " if line[:2] in ("- ", "* ") else ""
    return fill(line, COLUMNS, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def with_trailer(message: str, model: str) -> str:
    """The message, and below it that a model made the change."""
    joint = "\n" if _TRAILER_BLOCK.search(message) else "\n\n"
    return f"{message.rstrip()}{joint}Assisted-by: kimicode ({model})"
