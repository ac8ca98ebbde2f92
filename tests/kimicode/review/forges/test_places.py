"""Comments on random changes: each line that a forge's own diff shows takes one, on both sides, and means that line."""

from random import Random

import pytest

from kimicode.review import diff, marks
from kimicode.review.forges.connect import connect
from kimicode.review.forges.forge import Comment
from kimicode.review.forges.limits import Patience
from tests.fakes.diffs import LINK, random_change
from tests.fakes.forge.github import GitHub
from tests.fakes.forge.gitlab import GitLab
from tests.fakes.forge.repository import Blob

QUICK = Patience(attempts=2, first_s=0.01, settle_s=0.01)
MOST = 30


def blobs(files):
    """Without links and names that no JSON can hold."""
    return {
        name: Blob(file.data, file.mode) for name, file in files.items() if file.mode != LINK and name.isprintable()
    }


def wanted(random, files):
    """Single lines and ranges of the shown lines, at random; an unchanged line is meant as the new side has it."""
    found = []
    for file in files:
        for hunk in file.hunks:
            for line in hunk.lines:
                side = "old" if line.kind == "-" else "new"
                last = line.number(side)
                above = [each.number(side) for each in hunk.lines if 0 < each.number(side) <= last]
                found.append((file, side, random.choice(above), last))
    picked = random.sample(found, min(MOST, len(found)))
    return [
        Comment(file.path, file.old_path, side, first, last, f"{marks.of_finding(f'{n:016x}')}\nfault", f"{n:016x}")
        for n, (file, side, first, last) in enumerate(picked)
    ]


async def posted(fake, forge_token, before, after, random):
    fake.commit("main", before)
    gone = dict.fromkeys(before.keys() - after.keys())
    fake.commit("topic", {**gone, **after, "always.txt": b"so that there is a change\n"})
    pull = fake.open("A title", head="topic")
    client = connect(pull.url, fake.environ(forge_token), patience=QUICK)
    files = await client.files()
    comments = wanted(random, files)
    done = await client.comment(pull.head, tuple(comments))
    threads = await client.threads()
    await client.close()
    assert done.refused == (), done.refused
    assert {thread.fingerprint: (thread.path, thread.line) for thread in threads} == {
        comment.fingerprint: (comment.path, comment.line) for comment in comments
    }
    return files, comments


def as_it_stands(files, comments, before, after):
    """What the diff shows at each comment's line, and what the file of that side holds there."""
    shown = {
        (f.path, side, line.number(side)): line.text for f in files for line in f.lines() for side in ("old", "new")
    }
    sides = {"old": before, "new": {**after, "always.txt": Blob(b"so that there is a change\n")}}
    for comment in comments:
        name = comment.old_path if comment.side == "old" else comment.path
        # a forge's JSON holds text: bytes that are none arrive as U+FFFD
        held = sides[comment.side][name].data.decode("utf-8", "replace").encode()
        yield shown[comment.path, comment.side, comment.line], diff.lines(held)[comment.line - 1]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", [GitHub, GitLab])
async def test_each_shown_line_takes_a_comment_and_is_the_line_that_is_meant(tmp_path, kind, seed):
    random = Random(seed)
    before, after = map(blobs, random_change(random))
    with kind(tmp_path) as fake:
        token = fake.actions() if isinstance(fake, GitHub) else fake.bot()
        files, comments = await posted(fake, token, before, after, random)
    for shown, held in as_it_stands(files, comments, before, after):
        assert shown == held
