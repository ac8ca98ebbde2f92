"""Posts inline comments to GitHub as reviews that only comment: all of them at once, and without those it refuses."""

import itertools
from collections.abc import Awaitable, Callable
from typing import Literal, NotRequired, TypedDict

from kimicode.review.change import Side
from kimicode.review.forges.failures import Refused
from kimicode.review.forges.forge import Comment, Posted
from kimicode.review.forges.http import Http

MOST_AT_ONCE = 20
"""Reviews of many more comments time out at GitHub, or meet its secondary limits."""
_SIDES: dict[Side, Literal["LEFT", "RIGHT"]] = {"old": "LEFT", "new": "RIGHT"}


class ReviewComment(TypedDict):
    """A comment of a review. GitHub refuses a start that is not above its line."""

    path: str
    body: str
    line: int
    side: Literal["LEFT", "RIGHT"]
    start_line: NotRequired[int]
    start_side: NotRequired[Literal["LEFT", "RIGHT"]]


class ReviewBody(TypedDict):
    """A review as it is sent. Its type knows no other event: nothing here can approve or block a change."""

    commit_id: str
    body: str
    event: Literal["COMMENT"]
    comments: list[ReviewComment]


Standing = Callable[[], Awaitable[frozenset[str]]]
"""The fingerprints of our comments that stand on the commit now."""


class Reviews:
    """Posts to one pull request on one commit."""

    def __init__(self, http: Http, target: str, head: str, standing: Standing) -> None:
        self._http = http
        self._target = target
        self._head = head
        self._standing = standing

    async def post(self, comments: tuple[Comment, ...]) -> Posted:
        """Posts them, and says which GitHub refused and why. Raises ForgeError."""
        posted, refused = [], []
        for start in range(0, len(comments), MOST_AT_ONCE):
            done = await self._all_or_halves(comments[start : start + MOST_AT_ONCE])
            posted.append(done.comments)
            refused.append(done.refused)
        return Posted(tuple(itertools.chain(*posted)), tuple(itertools.chain(*refused)))

    async def _all_or_halves(self, comments: tuple[Comment, ...]) -> Posted:
        """GitHub takes all or none and does not say which is at fault: halves of what it refuses are tried alone."""
        try:
            await self._review(comments)
        except Refused as error:
            if len(comments) == 1:
                return Posted((), ((comments[0], error.words or error.message),))
            middle = len(comments) // 2
            first = await self._all_or_halves(comments[:middle])
            second = await self._all_or_halves(comments[middle:])
            return Posted(first.comments + second.comments, first.refused + second.refused)
        return Posted(comments)

    async def _review(self, comments: tuple[Comment, ...]) -> None:
        fingerprints = {comment.fingerprint for comment in comments}

        async def stands() -> bool:
            return fingerprints <= await self._standing()

        many = "a possible fault" if len(comments) == 1 else f"{len(comments)} possible faults"
        body = ReviewBody(
            commit_id=self._head,
            body=f"`kimicode review` found {many} in {self._head[:12]}.",
            event="COMMENT",
            comments=[_comment(comment) for comment in comments],
        )
        await self._http.make(self._target, body, stands)


def _comment(comment: Comment) -> ReviewComment:
    side = _SIDES[comment.side]
    single = ReviewComment(path=comment.path, body=comment.body, line=comment.line, side=side)
    if comment.first >= comment.line:
        return single
    return {**single, "start_line": comment.first, "start_side": side}
