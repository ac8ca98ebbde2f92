"""What the analysis gets to know of a pull request: a JSON file, written with the forge's token and read without one.

One job writes it and another reads it, and strangers' words stand in it: so it is checked as what a stranger sends.
"""

import dataclasses
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kimicode.errors import UsageError
from kimicode.review import marks
from kimicode.review.forges.forge import Forge, PullRequest, Said, Thread
from kimicode.review.marks import Reviewed
from kimicode.review.shown import clipped, plain, shown

LARGEST = 5_000_000
"""Bytes of such a file."""
_THREADS = 300
_SAID = 30
_REPLY = 4_000
_DESCRIPTION = 40_000
_LINE = 1_000
_PATH = 4_096


@dataclasses.dataclass(frozen=True, slots=True)
class Gathered:
    """A pull request, the threads that the bot began there, and what it remembers of its last review.

    `asker` is who wants this review, "" where nobody is known; `asker_may_write` and `author_may_write` tell about the
    repository that the pull request goes to. `shared`: others write under the bot's name as well.
    """

    pull_request: PullRequest
    threads: tuple[Thread, ...] = ()
    reviewed: Reviewed = dataclasses.field(default_factory=Reviewed)
    asker: str = ""
    asker_may_write: bool = False
    author_may_write: bool = False
    shared: bool = True


async def gather(forge: Forge, *, asker: str = "") -> Gathered:
    """Ask the forge; texts come without what a person does not see of them, and cut to a bearable length.

    Raises ForgeError.
    """
    pull_request = await forge.pull_request()
    threads = await forge.threads()
    return Gathered(
        _tidy(pull_request),
        tuple(map(_tidy_thread, threads[-_THREADS:])),
        marks.reviewed_in(await forge.summary()) or Reviewed(),
        _line(asker),
        await forge.may_write(asker) if asker else False,
        await forge.may_write(pull_request.author),
        await forge.shared(),
    )


def is_gitlab(pull_request: PullRequest) -> bool:
    """By its address."""
    return "/-/merge_requests/" in pull_request.url


def dump(gathered: Gathered) -> str:
    """As the text of a file. Raises UsageError where something in it cannot be passed on."""
    try:
        return _File.of(gathered).model_dump_json(indent=1) + "\n"
    except ValidationError as error:
        raise _refusal("this pull request cannot be passed on", error) from error


def load(data: bytes) -> Gathered:
    """Read such a file. Raises UsageError, and nothing else, whatever it holds."""
    if len(data) > LARGEST:
        raise UsageError(f"what was gathered of the pull request is larger than {LARGEST:,} bytes")
    try:
        return _File.model_validate_json(data).gathered()
    except ValidationError as error:
        raise _refusal("this is not what `kimicode review gather` writes", error) from error


def _refusal(what: str, error: ValidationError) -> UsageError:
    """Where it is wrong, without what stands there."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"] if isinstance(part, int) or part.isidentifier())
    return UsageError(f"{what}: {where or 'the whole'}: {clipped(plain(first['msg']), 200)}")


def _tidy(pull_request: PullRequest) -> PullRequest:
    return dataclasses.replace(
        pull_request,
        title=_line(pull_request.title),
        description=shown(pull_request.description, _DESCRIPTION),
        author=_line(pull_request.author),
        base_branch=_line(pull_request.base_branch),
        head_branch=_line(pull_request.head_branch),
    )


def _tidy_thread(thread: Thread) -> Thread:
    """With its first comment and the last replies."""
    said = thread.said if len(thread.said) <= _SAID else (thread.said[0], *thread.said[1 - _SAID :])
    tidied = (dataclasses.replace(one, author=_line(one.author), text=shown(one.text, _REPLY)) for one in said)
    return dataclasses.replace(thread, path=_path(thread.path), said=tuple(tidied))


def _line(text: str) -> str:
    return clipped(" ".join(plain(text).split()), _LINE)


def _path(path: str) -> str:
    return path.encode("utf-8", "replace").decode()[:_PATH]


# --- the file -----------------------------------------------------------------------------------------------

_Commit = Annotated[str, Field(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})$")]
_CommitOrNone = Annotated[str, Field(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})?$")]
_Line = Annotated[str, Field(max_length=_LINE, pattern=r"^[^\x00-\x1f\x7f]*$")]
_Number = Annotated[int, Field(ge=0, le=2**53)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _PullRequest(_Part):
    url: Annotated[str, Field(max_length=2_000, pattern=r"^https?://[!-~]+$")]
    number: _Number
    title: _Line
    description: Annotated[str, Field(max_length=_DESCRIPTION)]
    author: _Line
    base: _Commit
    head: _Commit
    merge_base: _Commit
    base_branch: _Line
    head_branch: _Line
    fork: bool
    draft: bool
    open: bool


class _Said(_Part):
    author: _Line
    text: Annotated[str, Field(max_length=_REPLY)]
    mine: bool
    may_write: bool


class _Thread(_Part):
    id: _Line
    fingerprint: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    path: Annotated[str, Field(max_length=_PATH, pattern=r"^[^\x00]+$")]
    line: _Number
    resolved: bool
    said: Annotated[tuple[_Said, ...], Field(max_length=_SAID)]
    head: _CommitOrNone
    comment: _Line = ""
    fixed: bool = False

    def thread(self) -> Thread:
        said = tuple(Said(one.author, one.text, one.mine, one.may_write) for one in self.said)
        place = (self.id, self.fingerprint, self.path, self.line)
        return Thread(*place, self.resolved, said, self.head, self.comment, self.fixed)


class _Reviewed(_Part):
    head: _CommitOrNone
    rounds: Annotated[int, Field(ge=0, le=9_999)]


class _File(_Part):
    version: Literal[1]
    pull_request: _PullRequest
    threads: Annotated[tuple[_Thread, ...], Field(max_length=_THREADS)]
    reviewed: _Reviewed
    asker: _Line
    asker_may_write: bool
    author_may_write: bool
    shared: bool

    @classmethod
    def of(cls, gathered: Gathered) -> Self:
        return cls.model_validate({"version": 1, **dataclasses.asdict(gathered)})

    def gathered(self) -> Gathered:
        return Gathered(
            PullRequest(**self.pull_request.model_dump()),
            tuple(thread.thread() for thread in self.threads),
            Reviewed(self.reviewed.head, self.reviewed.rounds),
            self.asker,
            self.asker_may_write,
            self.author_may_write,
            self.shared,
        )
