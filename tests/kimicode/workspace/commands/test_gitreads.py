"""What git may do without a question: look; with formats and options by which it starts nothing and writes nothing."""

import pytest

from kimicode.workspace.commands.gitreads import leading_folders, only_reads


@pytest.mark.parametrize(
    "arguments",
    [
        *(
            "status -sb",
            "log --oneline -5",
            "--no-pager -C a diff HEAD~1",
            "show HEAD:a",
            "branch -a",
            "branch --list x*",
        ),
        *("branch --contains HEAD", "tag", "tag -l v*", "tag -n5", "remote -v", "remote get-url origin", "stash list"),
        *("stash show -p", "reflog", "reflog -5", "config --get user.name", "config --list --global", "worktree list"),
        *("cat-file -p HEAD:a", "ls-tree -r HEAD", "rev-list --count HEAD", "for-each-ref refs/heads", "version"),
        *(
            "log --format=%h%n%an",
            "grep -n x",
            "blame -L 1,5 a",
            "describe --tags",
            "symbolic-ref HEAD",
            "shortlog -sn HEAD",
        ),
    ],
)
def test_looking_is_free(arguments):
    assert only_reads(arguments.split(" "))


@pytest.mark.parametrize(
    "arguments",
    [
        *(
            "",
            "-C",
            "-c a=b status",
            "-p log",
            "--git-dir=a log",
            "--exec-path=. log",
            "log --output=a",
            "diff --ext-diff",
        ),
        *("log --textconv", "log --format=%G?", "log --pretty=%+GK", "for-each-ref --format=%(signature:key)", "tag x"),
        *(
            "tag -d x",
            "tag -a x",
            "tag -s x",
            "branch x",
            "branch -D x",
            "branch --list -d x",
            "remote add a b",
            "remote show a",
        ),
        *("remote update", "stash", "stash pop", "stash show --ext-diff", "reflog expire --all", "reflog -5 delete a"),
        *(
            "config user.name x",
            "config --global user.name x",
            "config --get a -e",
            "config --unset a",
            "worktree add a",
        ),
        *(
            "cat-file --textconv a:b",
            "cat-file --batch-command",
            "symbolic-ref HEAD a",
            "symbolic-ref -d HEAD",
            "grep -O x",
        ),
        *(
            "submodule status",
            "diff --submodule=diff",
            "fetch",
            "ls-remote",
            "help log",
            "verify-commit a",
            "show-ref --delete a",
        ),
        *(
            "blame --contents a b",
            "log -O a",
            "rev-parse --parseopt",
            "status --no-such",
            "bisect log",
            "update-index -q",
        ),
    ],
)
def test_what_starts_or_changes_something_is_not(arguments):
    assert not only_reads(arguments.split(" "))


def test_the_folders_it_is_sent_to_are_known():
    assert leading_folders(("git", "-C", "a", "--no-pager", "-C", "b", "log", "-C", "c")) == ["a", "b"]
    assert leading_folders(("git", "-C")) == []
