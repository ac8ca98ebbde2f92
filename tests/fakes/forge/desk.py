"""A pull request of one file at the fake GitHub, and a bot that posts reviews to it, for the tests of posting."""

import contextlib
import dataclasses

from kimicode.git.repository import Repository
from kimicode.git.shadow import Origin
from kimicode.review import earlier, gathered
from kimicode.review.findings import Citation, Finding, Review, Severity
from kimicode.review.fingerprint import fingerprint
from kimicode.review.forges.connect import connect
from kimicode.review.forges.limits import Patience
from kimicode.review.posting import post
from tests.fakes.forge.github import GitHub

MAIN = b"".join(b"line %d\n" % number for number in range(1, 41))
QUICK = Patience(attempts=1, settle_s=0.0)
TOPIC = (
    MAIN.replace(b"line 5\n", b"call(5)\n").replace(b"line 20\n", b"call(20)\nmore(21)\n").replace(b"line 38\n", b"")
)


def changed(folder):
    """A forge, not yet entered, with a branch "topic" that changes and deletes lines of "main"."""
    forge = GitHub(folder)
    forge.commit("main", {"a.py": MAIN})
    forge.commit("topic", {"a.py": TOPIC})
    return forge


class Desk:
    """A pull request of one file, and a bot that posts to it."""

    def __init__(self, forge, head="topic"):
        self.forge = forge
        self.pull = forge.open("Call it", "Because it has to be called.", head=head)
        self.token = forge.actions(contents="write", pull_requests="write", checks="write")
        self.checks_before = len(forge.state.checks)

    @contextlib.asynccontextmanager
    async def client(self):
        forge = connect(self.pull.url, self.forge.environ(self.token), patience=QUICK)
        try:
            yield forge
        finally:
            await forge.close()

    async def post(self, review, most=5, **more):
        async with self.client() as forge:
            return await post(forge, review, most=most, **more)

    async def gather(self):
        async with self.client() as forge:
            return await gathered.gather(forge)

    def review(self, *findings, **fields):
        head = fields.pop("head", self.pull.head)
        fields.setdefault("files", 1)
        return Review(self.pull.merge_base, head, fields.pop("state", "complete"), findings, **fields)

    async def known(self):
        """What the next review knows, as the job that reviews gets it: from a file."""
        found = gathered.load(gathered.dump(await self.gather()).encode())
        bare = self.forge.bare.path
        return earlier.of(found, Repository(bare, Origin(bare, bare, bare)))

    @property
    def threads(self):
        return self.forge.threads(self.pull)

    def places(self):
        """Where the bot's comments stand."""
        return sorted(thread.first.line for thread in self.threads)

    def checked(self):
        """What the check of the head says in one line."""
        return self.forge.checks(self.pull.head)[-1].fields["output"]["title"]

    def summary(self):
        (comment,) = self.forge.comments(self.pull)
        return comment.body

    def state(self):
        """All that anybody can see of what was posted."""
        return (
            sorted((one.first.line, one.first.body, one.resolved_by) for one in self.threads),
            [one.body for one in self.forge.comments(self.pull)],
            {one.fields["output"]["title"] for one in self.forge.state.checks[self.checks_before :]},
        )


def finding(line, severity=Severity.HIGH, text=TOPIC, **fields):
    code = text.decode().splitlines()[line - 1] if line <= text.count(b"\n") else ""
    one = Finding(
        "a.py", "new", line, line, "", "correctness", severity, 0.9, f"Call number {line} fails", "It raises."
    )
    one = dataclasses.replace(one, citations=(Citation("a.py", line, code),), proof="read", **fields)
    return dataclasses.replace(one, fingerprint=fingerprint("a.py", "", "correctness", [code], line))
