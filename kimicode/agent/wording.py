"""Words that a model writes about a change: the message of a commit, title and text of a pull request.

The model sees a bounded part of the change; what it answers is tidied here, since small models add fences and prefaces.
"""

import re
from collections.abc import Awaitable, Callable

from kimicode.agent.prompt import text
from kimicode.errors import ModelError
from kimicode.git.branch import Branch
from kimicode.git.diff import Difference

Ask = Callable[[str], Awaitable[str]]

CHANGE_CHARS = 24_000
COMMITS_CHARS = 8_000
LONGEST_SUBJECT = 100
_FENCE = re.compile(r"\A```\w*\n(.*?)\n?```\s*\Z", re.DOTALL)
_PREFACE = re.compile(
    r"\A(here('s| is)\b[^\n]*|(commit )?message|title):?[ \t]*\n+|\A(commit message|title):[ \t]*", re.I
)
_CREDIT = re.compile(r"^(co-authored-by|assisted-by|generated[- ](by|with)|signed-off-by)\b.*\n?", re.I | re.MULTILINE)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
_TRAILER_BLOCK = re.compile(r"\n\n([A-Z][\w-]*: .+\n?)+\Z")


async def commit_message(ask: Ask, difference: Difference, style: str, wish: str = "") -> str:
    """A message for the change. Raises ModelError, also where the model finds no words."""
    prompt = text("commit_message").format(
        style=style or "There are no commits yet: one line in the imperative, of up to 60 characters.",
        wish=f"The wish that led to it:\n{wish[:2_000]}\n" if wish else "",
        change=difference.told(CHANGE_CHARS),
    )
    return tidy(await ask(prompt))


async def pull_request(ask: Ask, branch: Branch, style: str, template: str = "", wish: str = "") -> tuple[str, str]:
    """Title and text. Raises ModelError."""
    told = "\n".join(f"- {commit.subject}\n{commit.body}".rstrip() for commit in reversed(branch.commits))
    prompt = text("pull_request").format(
        base=branch.base,
        style=style,
        template=f"The description follows this template of the project:\n{template[:4_000]}" if template else "",
        wish=f"The author says: {wish[:2_000]}" if wish else "",
        commits=told[:COMMITS_CHARS],
        change=branch.difference.told(CHANGE_CHARS),
    )
    title, _, body = tidy(await ask(prompt)).partition("\n")
    return title.lstrip("# "), body.strip()


def tidy(answer: str) -> str:
    """A message as git wants it: a first line, a blank one, the rest. Raises ModelError where nothing is left."""
    said = _CONTROL.sub("", answer).strip()
    said = _PREFACE.sub("", said)
    if match := _FENCE.match(said):
        said = match[1].strip()
    said = _CREDIT.sub("", _PREFACE.sub("", said)).strip()
    first, _, rest = said.partition("\n")
    first = first.strip().strip("`\"'").strip()
    if not first:
        raise ModelError("the model wrote no message", hint="Try again, or write it yourself.")
    if len(first) > LONGEST_SUBJECT:
        first = first[: LONGEST_SUBJECT - 3].rpartition(" ")[0] + "..."
    body = "\n".join(line.rstrip() for line in rest.strip("\n").splitlines()).strip("\n")
    return f"{first}\n\n{body}" if body else first


def with_trailer(message: str, model: str) -> str:
    """The message, and below it that a model made the change."""
    joint = "\n" if _TRAILER_BLOCK.search(message) else "\n\n"
    return f"{message.rstrip()}{joint}Assisted-by: kimicode ({model})"
