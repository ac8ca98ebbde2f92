"""The fake GitHub's people, apps and repositories as JSON, with every field that its OpenAPI description demands."""

import base64
from typing import Any

from tests.fakes.forge.github_state import State, is_bot

Json = dict[str, Any]
_OF_USER = {
    **{f"{name}_url": f"/{name}" for name in ("followers", "subscriptions", "repos", "organizations")},
    "received_events_url": "/received_events",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "events_url": "/events{/privacy}",
}
_OF_REPOSITORY = {
    **{
        f"{name}_url": f"/{name}"
        for name in (
            *(
                "contributors",
                "deployments",
                "downloads",
                "events",
                "forks",
                "hooks",
                "languages",
                "merges",
                "subscribers",
            ),
            *("stargazers", "subscription", "tags", "teams"),
        )
    },
    **{f"{name}_url": f"/{name}{{/number}}" for name in ("issues", "milestones", "pulls", "comments")},
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "keys_url": "/keys{/key_id}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "commits_url": "/commits{/sha}",
    "collaborators_url": "/collaborators{/collaborator}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "issue_comment_url": "/issues/comments{/number}",
    "trees_url": "/git/trees{/sha}",
    "issue_events_url": "/issues/events{/number}",
    "labels_url": "/labels{/name}",
    "releases_url": "/releases{/id}",
    "notifications_url": "/notifications{?since,all,participating}",
    "statuses_url": "/statuses/{sha}",
}
_NUMBERS = (
    "forks",
    "forks_count",
    "open_issues",
    "open_issues_count",
    "size",
    "stargazers_count",
    "watchers",
    "watchers_count",
)


def node_id(kind: str, number: int) -> str:
    """A global id of the newer form: a prefix and something opaque."""
    return f"{kind}_{base64.urlsafe_b64encode(f'{kind}:{number}'.encode()).decode().rstrip('=')}"


def user(state: State, login: str) -> Json:
    """A person or a bot, as others see them."""
    number, url = state.number_of(login), f"{state.api}/users/{login}"
    return {
        "login": login,
        "id": number,
        "node_id": node_id("BOT" if is_bot(login) else "U", number),
        "avatar_url": f"{state.web}/avatars/{number}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{state.web}/{login.removesuffix('[bot]')}",
        "type": "Bot" if is_bot(login) else "User",
        **{key: url + rest for key, rest in _OF_USER.items()},
        "site_admin": False,
    }


def me(state: State, login: str) -> Json:
    """A person, as they see themselves."""
    nothing = dict.fromkeys(("name", "company", "location", "email", "hireable", "bio", "twitter_username"))
    counts = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
    times = {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}
    return {**user(state, login), **nothing, **counts, **times, "blog": "", "user_view_type": "public"}


def repository(state: State, owner: str = "") -> Json:
    """The repository, or somebody's fork of it."""
    full_name = f"{owner or state.owner}/{state.name}"
    url, web = f"{state.api}/repos/{full_name}", f"{state.web}/{full_name}"
    number = 9001 if not owner else 9001 + state.number_of(owner)
    return {
        "id": number,
        "node_id": node_id("R", number),
        "name": state.name,
        "full_name": full_name,
        "owner": user(state, owner or state.owner),
        "private": state.private,
        "html_url": web,
        "url": url,
        "description": None,
        "fork": bool(owner),
        "homepage": None,
        "language": None,
        "license": None,
        **{key: url + rest for key, rest in _OF_REPOSITORY.items()},
        "clone_url": f"{web}.git",
        "git_url": f"{web}.git",
        "ssh_url": f"{web}.git",
        "svn_url": web,
        **dict.fromkeys(_NUMBERS, 0),
        "network_count": 0,
        "subscribers_count": 0,
        "mirror_url": None,
        "default_branch": "main",
        **dict.fromkeys(("archived", "disabled", "has_pages", "has_discussions", "has_wiki", "has_projects"), False),
        "has_issues": True,
        "has_downloads": True,
        "visibility": "private" if state.private else "public",
        **dict.fromkeys(("created_at", "updated_at", "pushed_at"), "2026-01-01T00:00:00Z"),
    }


def app(state: State, login: str) -> Json:
    """The app behind a bot."""
    slug = login.removesuffix("[bot]")
    number = state.number_of(login)
    return {
        "id": number,
        "node_id": node_id("A", number),
        "slug": slug,
        "name": slug,
        "owner": user(state, state.owner),
        "description": None,
        "external_url": state.web,
        "html_url": f"{state.web}/apps/{slug}",
        "events": [],
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
        "permissions": {"checks": "write"},
    }
