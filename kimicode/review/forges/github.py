"""A pull request at GitHub, github.com or an Enterprise server."""

import re
from collections.abc import Mapping
from urllib.parse import quote

from kimicode.review import marks
from kimicode.review.change import ChangedFile, Status
from kimicode.review.forges import github_shapes as shapes
from kimicode.review.forges.address import Address
from kimicode.review.forges.failures import Denied, Missing, read
from kimicode.review.forges.forge import Comment, Posted, PullRequest, Said, Thread
from kimicode.review.forges.github_review import Reviews
from kimicode.review.forges.graphql import GraphQL
from kimicode.review.forges.http import Http
from kimicode.review.forges.patch import read_hunks

HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
MOST_CHECK_BYTES = 65_535
CHECK_NAME = "kimicode review"
_WRITERS = frozenset({"admin", "maintain", "write"})
ACTIONS = "github-actions[bot]"
_APP = "[bot]"
"""Ends the name of an app, and of nobody else."""
_COMMENT = re.compile(r"#discussion_r(\d+)\Z")
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_STATUSES: Mapping[str, Status] = {"added": "added", "removed": "deleted", "renamed": "renamed", "copied": "copied"}
_UNRELATED = (
    "Do base and head have no commit in common any more, after a force push? Then there is no change to review."
)
_CUT = "\n\n… the rest is cut: a check run takes no more."


class GitHub:
    """Fulfils Forge. Without a token it can read a public pull request and nothing else."""

    def __init__(self, http: Http, address: Address) -> None:
        self._http = http
        self._owner, self._name = address.project.split("/")
        self._number = address.number
        self._repository = f"/repos/{quote(self._owner)}/{quote(self._name)}"
        self._pull = f"{self._repository}/pulls/{address.number}"
        self._graphql = GraphQL(http, address.server.graphql)
        self._viewer = ""
        self._writers: dict[str, bool] = {}

    async def pull_request(self) -> PullRequest:
        """What it is now; the merge base is the one that GitHub itself compares from."""
        pull = read(shapes.Pull, await self._http.get(self._pull))
        try:
            parted = await self._compared(pull.base.sha, pull.head.sha)
        except Missing as error:
            raise Missing(error.message, hint=_UNRELATED, status=error.status, words=error.words) from error
        return PullRequest(
            url=pull.html_url,
            number=pull.number,
            title=pull.title,
            description=pull.body or "",
            author=pull.user.login if pull.user else "",
            base=pull.base.sha,
            head=pull.head.sha,
            merge_base=parted.merge_base_commit.sha,
            base_branch=pull.base.ref,
            head_branch=pull.head.ref,
            fork=pull.head.repo is None or pull.base.repo is None or pull.head.repo.id != pull.base.repo.id,
            draft=pull.draft,
            open=pull.state == "open",
        )

    async def files(self) -> tuple[ChangedFile, ...]:
        """At most 3,000, as many as GitHub lists. It tells neither modes nor what is binary: "" and False."""
        return tuple(_file(read(shapes.File, entry)) for entry in await self._http.items(f"{self._pull}/files"))

    async def threads(self) -> tuple[Thread, ...]:
        """Those of this token, told by GitHub itself and by the mark; none without a token."""
        if not self._http.authenticated:
            return ()
        found = self._graphql.threads(self._owner, self._name, self._number)
        return tuple([await self._thread(thread, said) async for thread, said in found])

    async def summary(self) -> str:
        """The bot's own summary comment, "" if there is none or no token that could tell whose it is."""
        note = await self._summary() if self._http.authenticated else None
        return (note.body or "") if note else ""

    async def may_write(self, login: str) -> bool:
        """Whether a person may push to the repository: by GitHub's own word, never by what a comment says."""
        if login not in self._writers:
            self._writers[login] = bool(_LOGIN.fullmatch(login)) and await self._has_write_access(login)
        return self._writers[login]

    async def shared(self) -> bool:
        """All workflows of a repository write under one name, and a person's is theirs. Other apps have their own."""
        name = await self._own_name() if self._http.authenticated else ""
        return name == ACTIONS or not name.endswith(_APP)

    async def is_later(self, commit: str, *, than: str) -> bool:
        """By ancestry: of two commits that a force push has parted neither is later."""
        try:
            return (await self._compared(than, commit)).status == "ahead"
        except Missing:
            return False

    async def comment(self, head: str, comments: tuple[Comment, ...]) -> Posted:
        """As one review each 20 comments; more than one where GitHub refuses some of them."""

        async def standing() -> frozenset[str]:
            threads = await self.threads()
            return frozenset(one.fingerprint for one in threads if one.head == head and not one.fixed)

        return await Reviews(self._http, f"{self._pull}/reviews", head, standing).post(comments)

    async def write_summary(self, body: str) -> None:
        """Changes the comment that stands, else makes it."""

        async def stands() -> bool:
            return await self._summary() is not None

        note = await self._summary()
        if note:
            target = f"{self._repository}/issues/comments/{note.id}"
            await self._http.send("PATCH", target, {"body": body}, again=True)
        else:
            await self._http.make(f"{self._repository}/issues/{self._number}/comments", {"body": body}, stands)

    async def check(self, head: str, title: str, body: str) -> None:
        """A neutral check run. Only apps and Actions may make one: for others it is left out.

        A later one of the same name takes its place, so it may be sent twice.
        """
        output = {"title": title, "summary": _cut(body)}
        run = {
            "name": CHECK_NAME,
            "head_sha": head,
            "status": "completed",
            "conclusion": "neutral",
            "output": output,
        }
        try:
            await self._http.send("POST", f"{self._repository}/check-runs", run, again=True)
        except (Denied, Missing):
            return

    async def rewrite(self, thread: Thread, body: str) -> None:
        """Needs `pull-requests: write` alone, as commenting does."""
        target = f"{self._repository}/pulls/comments/{quote(thread.comment)}"
        await self._http.send("PATCH", target, {"body": body}, again=True)

    async def resolve(self, thread: Thread) -> None:
        """Raises Denied where the token may not: GitHub asks for `contents: write`."""
        await self._graphql.resolve(thread.id)

    async def close(self) -> None:
        await self._http.close()

    async def _compared(self, base: str, head: str) -> shapes.Comparison:
        compare = f"{self._repository}/compare/{base}...{head}"
        return read(shapes.Comparison, await self._http.get(compare, {"per_page": "1"}))

    async def _own_name(self) -> str:
        """The login that this token's comments carry in REST."""
        self._viewer = self._viewer or await self._graphql.viewer()
        return self._viewer

    async def _summary(self) -> shapes.Note | None:
        """A mark counts in a comment of our own alone: anybody can write one."""
        await self._own_name()
        notes = await self._http.items(f"{self._repository}/issues/{self._number}/comments")
        return next(filter(self._is_summary, (read(shapes.Note, note) for note in notes)), None)

    def _is_summary(self, note: shapes.Note) -> bool:
        mine = note.user is not None and note.user.login == self._viewer
        return mine and marks.reviewed_in(note.body or "") is not None

    async def _has_write_access(self, login: str) -> bool:
        try:
            found = await self._http.get(f"{self._repository}/collaborators/{quote(login)}/permission")
        except (Denied, Missing):
            return False
        permission = read(shapes.Permission, found)
        return permission.permission in _WRITERS and (permission.user is None or permission.user.type != "Bot")

    async def _thread(self, thread: shapes.ReviewThread, remarks: list[shapes.Remark]) -> Thread:
        first = remarks[0]
        return Thread(
            id=thread.id,
            fingerprint=marks.fingerprint_in(first.body),
            path=thread.path,
            line=0 if thread.outdated else thread.line or 0,
            resolved=thread.resolved,
            said=tuple([await self._said(remark) for remark in remarks]),
            head=first.commit.oid if first.commit else "",
            comment=number[1] if (number := _COMMENT.search(first.url)) else "",
            fixed=bool(marks.fixed_in(first.body)) or await self._resolved_by_us(thread),
        )

    async def _resolved_by_us(self, thread: shapes.ReviewThread) -> bool:
        """Whether an app's own name stands there; under a person's they may have resolved it by hand."""
        if not thread.resolved or thread.resolver is None:
            return False
        name = await self._own_name()
        return name.endswith(_APP) and thread.resolver.login.removesuffix(_APP) == name.removesuffix(_APP)

    async def _said(self, remark: shapes.Remark) -> Said:
        author = remark.author
        person = author is not None and author.kind == "User"
        login = author.login if author else ""
        return Said(login, remark.body, remark.mine, person and await self.may_write(login))


def _file(entry: shapes.File) -> ChangedFile:
    status = _STATUSES.get(entry.status, "modified")
    found = read_hunks(entry.patch)
    return ChangedFile(entry.filename, entry.previous_filename or entry.filename, status, "", "", False, found)


def _cut(text: str) -> str:
    """Text that a check run takes: its limit counts characters, and bytes are never fewer."""
    if len(text.encode()) <= MOST_CHECK_BYTES:
        return text
    return text.encode()[: MOST_CHECK_BYTES - len(_CUT.encode())].decode("utf-8", "ignore") + _CUT
