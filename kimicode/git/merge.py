"""The commit in which a person's branch and another one meet, made without a work tree; conflicts are but named."""

import os

from kimicode.errors import UsageError
from kimicode.git.commit import head_of, write_commit
from kimicode.git.diff import shown
from kimicode.git.programs import writing_settings
from kimicode.git.shadow import Origin

_NAMED = 8


def meeting(origin: Origin, branch: str, head: str) -> str:
    """`head` itself, the newest commit of `branch`, where HEAD has not moved on; else a new merge of both.

    Nothing refers to that yet, and no file has changed. Raises UsageError where they do not fit together, GitError.
    """
    ours = head_of(origin)
    if origin.run(["merge-base", "--is-ancestor", ours, head], check=False).status == 0:
        return head
    by_hand = f"`git merge {branch}` begins the merge."
    command = ["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ours, head]
    settings = [*writing_settings(origin), ("merge.renormalize", "false")]
    answer = origin.run(command, settings=settings, check=False)
    if answer.status > 1:  # of a git that does not know this yet, too
        raise UsageError("your branch has moved on meanwhile", hint=by_hand)
    tree, *names = answer.output.rstrip(b"\0").split(b"\0")
    if answer.status == 1:
        listed = ", ".join(shown(os.fsdecode(name)) for name in names[:_NAMED])
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        raise UsageError(f"both branches changed the same lines of {listed}{more}", hint=by_hand)
    return write_commit(origin, tree.decode("ascii"), [ours, head], f"Merge branch '{branch}'")
