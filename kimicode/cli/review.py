"""`kimicode review`: its options, and the commands of its two halves for CI."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

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


PullRequestUrl = Annotated[
    str, typer.Option("--pr", metavar="URL", help="A pull or merge request: its address, or its number here.")
]
MostComments = Annotated[
    int | None, typer.Option("--max-comments", min=0, max=20, metavar="N", help="Inline comments at most; default 5.")
]
Folder = Annotated[Path | None, typer.Option("-C", metavar="DIR", help="Work in this folder.")]


@app.callback(invoke_without_command=True)
def command(
    context: typer.Context,
    pr: PullRequestUrl = "",
    commits: Annotated[str, typer.Option("--range", metavar="A..B", help="What B changed since it left A.")] = "",
    staged: Annotated[bool, typer.Option("--staged", help="What is staged.")] = False,
    worktree: Annotated[bool, typer.Option("--worktree", help="All uncommitted changes.")] = False,
    gathered: Annotated[
        Path | None,
        typer.Option("--gathered", metavar="DIR", help="What `review gather` left: a pull request, without its forge."),
    ] = None,
    output: Annotated[Form, typer.Option("--output", "-o", help="What stdout gets.")] = Form.TEXT,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write it to a file instead.")] = None,
    min_severity: Annotated[
        SeverityName | None, typer.Option("--min-severity", help="What is told at all; default medium.")
    ] = None,
    min_confidence: Annotated[
        float | None, typer.Option("--min-confidence", min=0, max=1, metavar="P", help="Default 0.6.")
    ] = None,
    max_comments: MostComments = None,
    fail_on: Annotated[
        SeverityName | None, typer.Option("--fail-on", help="Exit with 5 if something at least so bad was found.")
    ] = None,
    effort: Annotated[
        EffortName | None, typer.Option("--effort", help="How often and how closely it looks; default medium.")
    ] = None,
    run: Annotated[
        bool | None,
        typer.Option("--run/--no-run", help="Check claims by running code in the sandbox. Never for forks in CI."),
    ] = None,
    post: Annotated[bool, typer.Option("--post", help="With --pr: post the findings there, after a question.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --post: without the question.")] = False,
    fix: Annotated[
        int | None, typer.Option("--fix", min=1, metavar="N", help="Hand finding N of the last review to the agent.")
    ] = None,
    folder: Folder = None,
    model: ModelName = None,
    base_url: BaseUrl = None,
    thinking: Thinking = None,
    max_price: Annotated[float | None, typer.Option(min=0, metavar="USD", help="US dollars at most; 2.")] = None,
    max_tokens: Annotated[int | None, typer.Option(min=1, metavar="N", help="Tokens at most; 3,000,000.")] = None,
    time_limit: Annotated[float | None, typer.Option(min=1, metavar="SECONDS", help="At most; 1,500.")] = None,
    trace: Annotated[
        Path | None, typer.Option("--trace", metavar="DIR", help="Keep what each reviewing agent said and did.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
) -> int:
    """Find faults that a change brings, and say nothing else. Nothing is changed or posted by itself.

    Without an option it reviews what is not committed; where all is, the branch against the one that it came from.

    Examples:

      kimicode review

      kimicode review --range main..HEAD --fail-on high

      kimicode review --pr https://github.com/OWNER/NAME/pull/12

      kimicode review --fix 2

      kimicode review --output sarif --out review.sarif

    In CI three steps share the work, so that none holds a model's key and the right to post: `review gather`,
    `review --gathered`, `review post` (`kimicode help review`).
    """
    if context.invoked_subcommand:
        return 0
    from kimicode.cli.reviewing import Asked, execute

    chosen = [name for name, given in _kinds(pr, commits, staged, worktree, gathered, fix) if given]
    if len(chosen) > 1:
        raise UsageError(f"{' and '.join(chosen)} cannot be had together")
    if (post or yes) and not pr:
        raise UsageError("--post is for a pull request", hint="Name it: --pr URL.")
    asked = Asked(
        folder=folder,
        pr=pr,
        commits=commits,
        staged=staged,
        worktree=worktree,
        gathered=gathered,
        form=output.value,
        out=out,
        fail_on=fail_on.value if fail_on else "",
        post=post,
        sure=yes,
        trace=trace,
        progress=not quiet and sys.stderr.isatty(),
        quiet=quiet,
        flags={"model": model, "base_url": base_url, "thinking": thinking},
        tuned={
            "min_severity": min_severity.value if min_severity else None,
            "min_confidence": min_confidence,
            "max_comments": max_comments,
            "effort": effort.value if effort else None,
            "run": run,
            "max_price": max_price,
            "max_tokens": max_tokens,
            "time_limit": time_limit,
        },
    )
    if fix is None:
        return execute(asked)
    from kimicode.cli.review_fix import hand_over

    return hand_over(asked, fix)


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


def _kinds(
    pr: str, commits: str, staged: bool, worktree: bool, gathered: Path | None, fix: int | None
) -> list[tuple[str, bool]]:
    return [
        ("--pr", bool(pr)),
        ("--range", bool(commits)),
        ("--staged", staged),
        ("--worktree", worktree),
        ("--gathered", gathered is not None),
        ("--fix", fix is not None),
    ]
