"""Who asks a fake forge, and what they may: tokens of people, of apps and of workflow runs, and GitHub's refusals."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tests.fakes.forge.sockets import Answer

Level = Literal["read", "write"]
Kind = Literal["user", "fine", "app", "actions"]
"""A classic personal token, a fine-grained one, an app's installation, a workflow run's own token."""
DOCS = "https://docs.github.com/rest"
ACTIONS = "github-actions[bot]"


@dataclass(frozen=True, slots=True)
class Token:
    """A token and what stands behind it. A classic one may whatever its owner may."""

    text: str
    login: str
    kind: Kind
    permissions: Mapping[str, Level] = field(default_factory=dict)

    @property
    def installed(self) -> bool:
        """Whether it belongs to an app, and so to a bot and not to a person."""
        return self.kind in ("app", "actions")

    def may(self, permission: str, level: Level) -> bool:
        """Whether the token itself allows it; what its owner may in the repository is another question."""
        held = self.permissions.get(permission)
        return self.kind == "user" or permission == "metadata" or held == "write" or held == level


def refusal(status: int, message: str, *, docs: str = DOCS, **more: object) -> Answer:
    """An error in GitHub's form."""
    return Answer(status, {"message": message, **more, "documentation_url": docs, "status": str(status)})


def unauthenticated() -> Answer:
    return refusal(401, "Requires authentication")


def bad_credentials() -> Answer:
    return refusal(401, "Bad credentials")


def not_found() -> Answer:
    return refusal(404, "Not Found")


def no_access(token: Token) -> Answer:
    """What a token without the permission is told."""
    return refusal(403, no_access_text(token))


def no_access_text(token: Token) -> str:
    return "Resource not accessible by " + ("integration" if token.installed else "personal access token")


def invalid(*errors: object, message: str = "Validation Failed") -> Answer:
    """A 422; its errors are objects at some endpoints and sentences at others."""
    return refusal(422, message, errors=list(errors))


def rate_limited(reset: int) -> Answer:
    """The hourly allowance is used up."""
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}
    answer = refusal(403, "API rate limit exceeded for installation ID 7.")
    answer.headers.update(headers)
    return answer


def secondary_limit(retry_after: int | None = None) -> Answer:
    """Too much in too short a time."""
    text = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
    answer = refusal(403, text, docs=DOCS + "/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits")
    answer.headers.update({} if retry_after is None else {"Retry-After": str(retry_after)})
    return answer
