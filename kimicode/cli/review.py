"""`kimicode review`: its options, and the commands of its two halves for CI."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from kimicode.cli.run import BaseUrl, ModelName, Thinking
from kimicode.errors import UsageError

app = typer.Typer(name="review", invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})


class Form(StrEnum):
    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


class SeverityName(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class EffortName(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


def _revisions(begun: str) -> list[str]:
    """What a range may be completed to: branches and tags, also behind the dots of "A..B"."""
    from kimicode.git.repository import Repository

    here = Repository.discover(Path())
    if here is None:
        return []
    before, dots, start = begun.rpartition("..")
    command = ["for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/remotes", "refs/tags"]
    names = here.origin.run(command, check=False).output.decode("utf-8", "replace").split()
    return [f"{before}{dots}{name}" for name in names if name.startswith(start)]


PullRequestUrl = Annotated[
    str, typer.Option("--pr", metavar="URL", help="A pull or merge request: its address, or its number here.")
]
Commits = Annotated[
    str,
    typer.Option("--range", metavar="A..B", help="What B changed since it left A.", autocompletion=_revisions),
]
Staged = Annotated[bool, typer.Option("--staged", help="What is staged.")]
Worktree = Annotated[bool, typer.Option("--worktree", help="All uncommitted changes.")]
GatheredFolder = Annotated[
    Path | None,
    typer.Option("--gathered", metavar="DIR", help="What `review gather` left: a pull request, without its forge."),
]
OutputForm = Annotated[Form, typer.Option("--output", "-o", help="What stdout gets.")]
OutFile = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write it to a file instead.")]
LeastSeverity = Annotated[
    SeverityName | None, typer.Option("--min-severity", help="What is told at all; default medium.")
]
LeastConfidence = Annotated[
    float | None, typer.Option("--min-confidence", min=0, max=1, metavar="P", help="Default 0.6.")
]
MostComments = Annotated[
    int | None, typer.Option("--max-comments", min=0, max=20, metavar="N", help="Inline comments at most; default 5.")
]
FailOn = Annotated[
    SeverityName | None, typer.Option("--fail-on", help="Exit with 5 if something at least so bad was found.")
]
EffortOption = Annotated[
    EffortName | None, typer.Option("--effort", help="How often and how closely it looks; default medium.")
]
RunCode = Annotated[
    bool | None,
    typer.Option("--run/--no-run", help="Check claims by running code in the sandbox; never that of strangers."),
]
Post = Annotated[bool, typer.Option("--post", help="With --pr: post the findings there, after a question.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="With --post: without the question.")]
Fix = Annotated[
    int | None, typer.Option("--fix", min=1, metavar="N", help="Hand finding N of the last review to the agent.")
]
Folder = Annotated[Path | None, typer.Option("-C", metavar="DIR", help="Work in this folder.")]
MostPrice = Annotated[float | None, typer.Option("--max-price", min=0, metavar="USD", help="US dollars at most; 2.")]
MostTokens = Annotated[int | None, typer.Option("--max-tokens", min=1, metavar="N", help="Tokens at most; 3,000,000.")]
Seconds = Annotated[float | None, typer.Option("--time-limit", min=1, metavar="SECONDS", help="At most; 1,500.")]
Trace = Annotated[
    Path | None, typer.Option("--trace", metavar="DIR", help="Keep what each reviewing agent said and did.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")]


@app.callback(invoke_without_command=True)
def command(
    context: typer.Context,
    pr: PullRequestUrl = "",
    commits: Commits = "",
    staged: Staged = False,
    worktree: Worktree = False,
    gathered: GatheredFolder = None,
    output: OutputForm = Form.TEXT,
    out: OutFile = None,
    min_severity: LeastSeverity = None,
    min_confidence: LeastConfidence = None,
    max_comments: MostComments = None,
    fail_on: FailOn = None,
    effort: EffortOption = None,
    run: RunCode = None,
    post: Post = False,
    yes: Yes = False,
    fix: Fix = None,
    folder: Folder = None,
    model: ModelName = None,
    base_url: BaseUrl = None,
    thinking: Thinking = None,
    max_price: MostPrice = None,
    max_tokens: MostTokens = None,
    time_limit: Seconds = None,
    trace: Trace = None,
    quiet: Quiet = False,
) -> int:
    """Find faults that a change brings, and say nothing else. Nothing is changed or posted by itself.

    Without an option it reviews what is not committed; where all is, the branch against the one that it came from.

    Examples:

      kimicode review

      kimicode review --range main..HEAD --fail-on high

      kimicode review --pr https://github.com/OWNER/NAME/pull/12

      kimicode review --fix 2

      kimicode review --output sarif --out review.sarif

    `kimicode help review` tells how it works, what it costs, and how to use it in CI.
    """
    return 0 if context.invoked_subcommand else _begin(context.params)


def _begin(given: dict[str, Any]) -> int:
    """Check what was given together, and do it. Raises KimicodeError."""
    from kimicode.cli.reviewing import Asked, execute

    chosen = [f"--{_SPELT.get(name, name)}" for name in _KINDS if given[name] not in ("", False, None)]
    if len(chosen) > 1:
        raise UsageError(f"{' and '.join(chosen)} cannot be had together")
    if (given["post"] or given["yes"]) and not given["pr"]:
        raise UsageError("--post is for a pull request", hint="Name it: --pr URL.")
    if given["post"] and not given["yes"] and not sys.stdin.isatty():
        raise UsageError("nobody is here to say yes", hint="--yes posts without the question.")
    plain: dict[str, Any] = {
        name: value.value if isinstance(value, StrEnum) else value for name, value in given.items()
    }
    asked = Asked(
        **{name: plain[name] for name in _AS_GIVEN},
        form=plain["output"],
        fail_on=plain["fail_on"] or "",
        sure=plain["yes"],
        progress=not plain["quiet"] and sys.stderr.isatty(),
        flags={name: plain[name] for name in ("model", "base_url", "thinking")},
        tuned={name: plain[name] for name in _TUNED},
    )
    if given["fix"] is None:
        return execute(asked)
    from kimicode.cli.review_fix import hand_over

    return hand_over(asked, given["fix"])


_KINDS = ("pr", "commits", "staged", "worktree", "gathered", "fix")
_SPELT = {"commits": "range"}
_AS_GIVEN = ("folder", "pr", "commits", "staged", "worktree", "gathered", "out", "post", "trace", "quiet")
_TUNED = (
    *("min_severity", "min_confidence", "max_comments", "effort", "run"),
    *("max_price", "max_tokens", "time_limit"),
)


@app.command("gather")
def gather_command(
    pr: PullRequestUrl,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="A new folder for it.", show_default=False)],
    asker: Annotated[str, typer.Option("--asker", metavar="LOGIN", help="Who wants the review.")] = "",
    need_write: Annotated[
        bool, typer.Option("--need-write", help="Exit with 4 unless asker or author may write to the repository.")
    ] = False,
    folder: Folder = None,
) -> int:
    """Fetch a pull request and what was said there, for a review without the forge's token.

    Needs the token (GITHUB_TOKEN, GITLAB_TOKEN), to read; asks no model.

    Example:

      kimicode review gather --pr https://github.com/OWNER/NAME/pull/12 --out pr
    """
    from kimicode.cli.review_forge import gather

    return gather(pr, out, asker, need_write, folder)


@app.command("post")
def post_command(
    review: Annotated[Path, typer.Argument(metavar="FILE", help="What `review --output json` wrote.")],
    pr: PullRequestUrl,
    max_comments: MostComments = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be posted.")] = False,
    folder: Folder = None,
) -> int:
    """Post a review that was written to a file. Asks no model, and takes nothing in the file on trust.

    Needs the token (GITHUB_TOKEN, GITLAB_TOKEN), to write to pull requests. Never approves anything.

    Example:

      kimicode review post review.json --pr https://github.com/OWNER/NAME/pull/12
    """
    from kimicode.cli.review_forge import post

    return post(review, pr, max_comments, dry_run, folder)
