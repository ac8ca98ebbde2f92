"""A merge request at GitLab, gitlab.com or one's own."""

import re
from urllib.parse import quote

from kimicode.review import marks
from kimicode.review.change import ChangedFile, Status
from kimicode.review.forges import gitlab_shapes as shapes
from kimicode.review.forges.address import Address
from kimicode.review.forges.failures import Busy, Denied, Missing, Refused, Unclear, read
from kimicode.review.forges.forge import Comment, Posted, PullRequest, Said, Thread
from kimicode.review.forges.http import Http
from kimicode.review.forges.patch import read_hunks
from kimicode.review.forges.positions import position

DEVELOPER = 30
"""The lowest role that may push."""
_BOT = re.compile(r"(?:project|group)_\d+_bot(?:_.*)?|service_account_.*|.*\[bot\]|ghost\d*|.*-bot|.*_bot")
_NO_MODE = "000000"


class GitLab:
    """Fulfils Forge. Without a token it can read a public merge request and nothing else."""

    def __init__(self, http: Http, address: Address) -> None:
        self._http = http
        self._project = f"/projects/{quote(address.project, safe='')}"
        self._merge = f"{self._project}/merge_requests/{address.number}"
        self._me: shapes.User | None = None
        self._writers: dict[int, bool] = {}

    async def pull_request(self) -> PullRequest:
        """What it is now, as of the newest version that GitLab has worked out."""
        merge = await self._merge_request()
        refs = _refs(merge)
        return PullRequest(
            url=merge.web_url,
            number=merge.iid,
            title=merge.title,
            description=merge.description or "",
            author=merge.author.username,
            base=refs.start_sha,
            head=refs.head_sha,
            merge_base=refs.base_sha,
            base_branch=merge.target_branch,
            head_branch=merge.source_branch,
            fork=merge.source_project_id != merge.target_project_id,
            draft=merge.draft,
            open=merge.state == "opened",
        )

    async def files(self) -> tuple[ChangedFile, ...]:
        """Of the newest version; a file that GitLab collapses, or finds too large, has no hunks."""
        return tuple(_file(read(shapes.File, entry)) for entry in await self._http.items(f"{self._merge}/diffs"))

    async def threads(self) -> tuple[Thread, ...]:
        """Those of this token's account, told by the mark; none without a token."""
        if not self._http.authenticated:
            return ()
        me, head = await self._account(), _refs(await self._merge_request()).head_sha
        found = [read(shapes.Discussion, entry) for entry in await self._http.items(f"{self._merge}/discussions")]
        return tuple([await self._thread(each, me, head) for each in found if _is_ours(each, me.id)])

    async def summary(self) -> str:
        """The bot's own summary note, "" if there is none or no token that could tell whose it is."""
        note = await self._summary() if self._http.authenticated else None
        return note.body if note else ""

    async def may_write(self, login: str) -> bool:
        """Whether a person has a role from Developer on."""
        found = await self._http.get("/users", {"username": login}) if login and not _BOT.fullmatch(login) else []
        users = [read(shapes.User, user) for user in found or []]
        user = next((user for user in users if user.username.lower() == login.lower()), None)
        return user is not None and await self._has_write_access(user)

    async def shared(self) -> bool:
        """A token of a project or group has an account of its own; a person's account is theirs."""
        return not self._http.authenticated or not _is_bot(await self._account())

    async def is_later(self, commit: str, *, than: str) -> bool:
        """By the order of pushes, so after a force push as well."""
        versions = [read(shapes.Version, entry) for entry in await self._http.items(f"{self._merge}/versions")]
        newest_first = [version.head_commit_sha for version in versions]
        known = commit in newest_first and than in newest_first
        return known and newest_first.index(commit) < newest_first.index(than)

    async def comment(self, head: str, comments: tuple[Comment, ...]) -> Posted:
        """One discussion each. Where the merge request moved on from `head`, all are refused."""
        refs = _refs(await self._merge_request())
        if refs.head_sha != head:
            return Posted((), tuple((each, f"the merge request has moved on to {refs.head_sha}") for each in comments))
        files = {file.path: file for file in await self.files()}
        posted, refused = [], []
        for comment in comments:
            reason = await self._discuss(files.get(comment.path), comment, refs)
            if reason:
                refused.append((comment, reason))
            else:
                posted.append(comment)
        return Posted(tuple(posted), tuple(refused))

    async def write_summary(self, body: str) -> None:
        """Changes the note that stands, else makes it."""

        async def stands() -> bool:
            return await self._summary() is not None

        note = await self._summary()
        if note:
            await self._http.send("PUT", f"{self._merge}/notes/{note.id}", {"body": body}, again=True)
        else:
            await self._http.make(f"{self._merge}/notes", {"body": body}, stands)

    async def check(self, head: str, title: str, body: str) -> None:
        """Nothing: a commit status of GitLab's cannot be neutral, and may hold up a merge. The summary says it all."""

    async def rewrite(self, thread: Thread, body: str) -> None:
        target = f"{self._merge}/discussions/{quote(thread.id)}/notes/{quote(thread.comment)}"
        await self._http.send("PUT", target, {"body": body}, again=True)

    async def resolve(self, thread: Thread) -> None:
        """Raises Denied where the token may not."""
        await self._http.send("PUT", f"{self._merge}/discussions/{quote(thread.id)}", {"resolved": True}, again=True)

    async def close(self) -> None:
        await self._http.close()

    async def _merge_request(self) -> shapes.MergeRequest:
        return read(shapes.MergeRequest, await self._http.get(self._merge))

    async def _account(self) -> shapes.User:
        """Whom the token stands for."""
        self._me = self._me or read(shapes.User, await self._http.get("/user"))
        return self._me

    async def _summary(self) -> shapes.Note | None:
        """A mark counts in a note of our own alone: anybody can write one."""
        me = (await self._account()).id
        notes = [read(shapes.Note, note) for note in await self._http.items(f"{self._merge}/notes")]
        ours = (note for note in notes if note.author.id == me and not note.system)
        return next((note for note in ours if marks.reviewed_in(note.body) is not None), None)

    async def _discuss(self, file: ChangedFile | None, comment: Comment, refs: shapes.DiffRefs) -> str:
        """Posts one comment; why GitLab does not take it, "" if it does."""
        where = position(file, comment) if file else None
        if where is None:
            return "the line is not in the diff"

        async def stands() -> bool:
            threads = [one for one in await self.threads() if one.head == refs.head_sha and not one.fixed]
            return any(one.fingerprint == comment.fingerprint for one in threads)

        body = {"body": comment.body, "position": {**refs.model_dump(), **where}}
        try:
            await self._http.make(f"{self._merge}/discussions", body, stands)
        except Refused as error:
            return error.words or error.message
        except Unclear as error:
            # some positions that it cannot place make GitLab fail instead of refusing them
            if error.status != 500:
                raise
            return error.message
        return ""

    async def _thread(self, discussion: shapes.Discussion, me: shapes.User, head: str) -> Thread:
        """GitLab moves the position along as long as the line stays: one of an older head is outdated."""
        first = discussion.notes[0]
        place = first.position or shapes.Position()
        said = [await self._said(note, me.id) for note in discussion.notes if not note.system]
        return Thread(
            id=discussion.id,
            fingerprint=marks.fingerprint_in(first.body),
            path=place.new_path or place.old_path or "",
            line=(place.new_line or place.old_line or 0) if place.head_sha == head else 0,
            resolved=first.resolved,
            said=tuple(said),
            head=place.head_sha or "",
            comment=str(first.id),
            fixed=bool(marks.fixed_in(first.body)) or _resolved_by(me, first),
        )

    async def _said(self, note: shapes.Note, me: int) -> Said:
        mine = note.author.id == me
        return Said(note.author.username, note.body, mine, await self._has_write_access(note.author))

    async def _has_write_access(self, user: shapes.User) -> bool:
        """By GitLab's own word, asked once for each account; never a bot."""
        if user.state != "active" or _is_bot(user):
            return False
        if user.id not in self._writers:
            self._writers[user.id] = await self._role(user.id) >= DEVELOPER
        return self._writers[user.id]

    async def _role(self, user: int) -> int:
        try:
            member = read(shapes.Member, await self._http.get(f"{self._project}/members/all/{user}"))
        except (Denied, Missing):
            return 0
        return member.access_level if member.state == "active" else 0


def _refs(merge: shapes.MergeRequest) -> shapes.DiffRefs:
    if merge.diff_refs is None:
        raise Busy("GitLab has not worked out the merge request's diff yet", hint="Try again in a minute.")
    return merge.diff_refs


def _is_bot(user: shapes.User) -> bool:
    return user.bot or _BOT.fullmatch(user.username) is not None


def _resolved_by(me: shapes.User, note: shapes.Note) -> bool:
    """Whether our own account resolved it; a person's may have done so by hand."""
    return note.resolved and note.resolved_by is not None and note.resolved_by.id == me.id and _is_bot(me)


def _is_ours(discussion: shapes.Discussion, me: int) -> bool:
    first = next(iter(discussion.notes), None)
    return first is not None and first.author.id == me and bool(marks.fingerprint_in(first.body))


def _file(entry: shapes.File) -> ChangedFile:
    binary = entry.diff.startswith("Binary files ")
    return ChangedFile(
        path=entry.new_path,
        old_path=entry.old_path,
        status=_status(entry),
        old_mode="" if entry.new_file else _mode(entry.a_mode),
        new_mode="" if entry.deleted_file else _mode(entry.b_mode),
        binary=binary,
        hunks=() if binary else read_hunks(entry.diff),
    )


def _mode(mode: str | None) -> str:
    return "" if mode in (None, "0", _NO_MODE) else str(mode)


def _status(entry: shapes.File) -> Status:
    if entry.new_file:
        return "added"
    if entry.deleted_file:
        return "deleted"
    return "renamed" if entry.renamed_file else "modified"
