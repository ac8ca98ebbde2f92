"""A forge that is only read: what would be posted is kept instead, for a person to see first."""

from kimicode.review.change import ChangedFile
from kimicode.review.forges.forge import Comment, Forge, Posted, PullRequest, Thread


class Rehearsal:
    """Stands before a real forge; `comments` and `summary_text` hold what would have been written."""

    def __init__(self, forge: Forge) -> None:
        self._forge = forge
        self.comments: tuple[Comment, ...] = ()
        self.summary_text = ""

    async def pull_request(self) -> PullRequest:
        return await self._forge.pull_request()

    async def files(self) -> tuple[ChangedFile, ...]:
        return await self._forge.files()

    async def threads(self) -> tuple[Thread, ...]:
        return await self._forge.threads()

    async def summary(self) -> str:
        return await self._forge.summary()

    async def may_write(self, login: str) -> bool:
        return await self._forge.may_write(login)

    async def shared(self) -> bool:
        return await self._forge.shared()

    async def is_later(self, commit: str, *, than: str) -> bool:
        return await self._forge.is_later(commit, than=than)

    async def comment(self, head: str, comments: tuple[Comment, ...]) -> Posted:
        self.comments += comments
        return Posted(comments)

    async def write_summary(self, body: str) -> None:
        self.summary_text = body

    async def check(self, head: str, title: str, body: str) -> None:
        pass

    async def rewrite(self, thread: Thread, body: str) -> None:
        pass

    async def resolve(self, thread: Thread) -> None:
        pass

    async def close(self) -> None:
        await self._forge.close()
