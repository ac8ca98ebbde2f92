"""Words, paths and hosts against a rule: in disguise for one that refuses, beyond doubt for one that allows."""

import pytest

from kimicode.agent.matching import Match, covers, host_matches, host_of, touches, words_in
from kimicode.workspace.commands.seen import seen


def judged(rule: str, command: str) -> Match:
    return words_in(rule.split(), seen(command))


@pytest.mark.parametrize(
    ("rule", "command"),
    [
        *(
            ("git push", command)
            for command in ["git push", "git push -f", "git -C a push", "git -c a=b --no-pager push"]
        ),
        *(
            ("git push", command)
            for command in ["/usr/bin/git push", "g\\it 'push'", "GIT push", "sudo -u a git push b"]
        ),
        *(
            ("git push", command)
            for command in ["ls; git push", "x $(git push)", "bash -c 'git push'", "time git push"]
        ),
        ("git push -f", "git push origin -f"),
        ("git push -f", "git push -uf origin"),
        ("git push --force", "git push --forc origin main"),
        ("git push --force", "git push --force=x"),
        ("rm -rf", "rm -r -f a"),
        ("rm -rf", "rm -vfr a"),
        ("rm -rf /", "rm -rf --no-preserve-root /"),
        ("find -delete", "find . -name x -delete"),
        ("python", "python3.12 a.py"),
        ("pip install", "pip3 --quiet install x"),
        ("npm run deploy", "npm --prefix a run deploy -- -x"),
    ],
)
def test_a_command_is_recognised_in_its_forms(rule, command):
    assert judged(rule, command) is Match.YES


@pytest.mark.parametrize(
    ("rule", "command"),
    [
        *(
            ("git push", command)
            for command in ["git log push", "git log --grep push", "git stash push", "git pushx", "git"]
        ),
        *(
            ("git push", command)
            for command in ["git commit -m 'git push'", "echo git push", "grep -r 'git push' .", "agit push"]
        ),
        ("git push -f", "git push origin"),
        ("git push --force", "git push --follow-tags"),
        ("rm -rf", "rm -r a"),
        ("rm -rf", "rm a; ls -rf"),
        ("find -delete", "find . -depth -type l -empty"),
        ("pip install", "pip show install"),
    ],
)
def test_another_command_is_not(rule, command):
    assert judged(rule, command) is Match.NO


@pytest.mark.parametrize(
    ("rule", "command"),
    [
        *(
            ("git push", command)
            for command in ["git $x", "$x push", "$x", "git -C $d $x", "eval $x", "git {push,pull}", "x '"]
        ),
        *(("git push", command) for command in ["curl a | sh", "sudo $x", "git p*"]),
        ("rm -rf", "rm $x"),
    ],
)
def test_what_cannot_be_told_may_be_meant(rule, command):
    assert judged(rule, command) is Match.MAYBE


def test_among_very_many_words_it_may_be_meant():
    assert judged("rm -rf", "xargs " + "rm " * 1_000) is Match.MAYBE


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        *(("docs/**", path) for path in ["docs/a", "docs/a/b.md", "./docs/x", "/w/docs/a", "src/../docs/a", "Docs/A"]),
        *(("*.md", path) for path in ["a.md", "docs/a.md", "A.MD", "a.md/x"]),
        *(("docs", path) for path in ["docs/a", "src/docs/a", "docs"]),
        *(("docs/", path) for path in ["docs/a", "src/docs/a"]),
        *(("/docs/*.md", path) for path in ["/docs/a.md"]),
        *(("src/**/test_?.py", path) for path in ["src/test_a.py", "src/a/b/test_b.py"]),
        ("é.txt", "e\u0301.txt"),
        ("straße", "STRASSE/a"),
    ],
)
def test_a_pattern_means_paths_as_in_gitignore(pattern, path):
    assert covers(pattern, path, "/w")
    assert touches(pattern, path, "/w")


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        *(
            ("docs/**", path)
            for path in ["docs", "docsx/a", "src/docs/a", "docs/../a", "../docs/a", "/docs/a", "/x/docs/a"]
        ),
        *(("*.md", path) for path in ["a.mdx", "md"]),
        *(("docs/*.md", path) for path in ["docs/a/b.md", "docs/a.txt"]),
        ("/docs/a", "docs/a"),
        ("a?c", "a/c"),
        ("docs/**", "docs/\0/../../x"),
    ],
)
def test_it_means_no_others(pattern, path):
    assert not covers(pattern, path, "/w")
    assert not touches(pattern, path, "/w")


def test_a_name_is_refused_outside_as_well_but_not_allowed_there():
    assert touches("*.pem", "/elsewhere/a.pem", "/w")
    assert not covers("*.pem", "/elsewhere/a.pem", "/w")
    assert not covers("w", "a", "/w")


def test_a_link_does_not_widen_what_is_allowed_nor_hide_what_is_refused(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "src").mkdir()
    (tmp_path / "docs" / "out").symlink_to(tmp_path / "src")
    (tmp_path / "way").symlink_to(tmp_path / "src")
    cwd = str(tmp_path)
    assert covers("docs/**", "docs/a", cwd)
    assert not covers("docs/**", "docs/out/a", cwd)
    assert touches("src/**", "way/a", cwd)
    assert touches("way/**", "way/a", cwd)


def test_a_workspace_behind_a_link_is_the_same_workspace(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert covers("docs/**", "docs/a", str(tmp_path / "link"))
    assert covers("docs/**", str(tmp_path / "link" / "docs" / "a"), str(tmp_path / "link"))


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://docs.python.org/3/?a#b", "docs.python.org"),
        ("http://DOCS.python.org.:8080", "docs.python.org"),
        ("docs.python.org", "docs.python.org"),
        ("docs.python.org/3", "docs.python.org"),
        ("https://docs.python.org@evil.example/", "evil.example"),
        ("https://evil.example#@docs.python.org", "evil.example"),
        ("https://evil.example?docs.python.org", "evil.example"),
        ("https://bücher.example", "xn--bcher-kva.example"),
        ("https://127.0.0.1/", "127.0.0.1"),
        *(
            (url, "")
            for url in ["", "https://", "ftp://a.example", "file:///a", "https://a b", "https://a\\@b", "https://a\0.b"]
        ),
        *(
            (url, "")
            for url in [
                "https://[::1]/",
                "https://[",
                "https://a..b",
                "https://-a",
                "javascript:x",
                "https://a%2eb",
                "a\r\nb",
            ]
        ),
    ],
)
def test_the_host_is_the_one_that_would_be_looked_up(url, host):
    assert host_of(url) == host


@pytest.mark.parametrize(
    ("pattern", "host", "matches"),
    [
        ("python.org", "python.org", True),
        ("python.org", "docs.python.org", False),
        ("*.python.org", "docs.python.org", True),
        ("*.python.org", "a.b.python.org", True),
        ("*.python.org", "python.org", False),
        ("*.python.org", "evilpython.org", False),
        ("*.python.org", "python.org.evil.example", False),
        ("python.org", "", False),
        ("*.python.org", "", False),
    ],
)
def test_a_host_is_compared_whole(pattern, host, matches):
    assert host_matches(pattern, host) is matches
