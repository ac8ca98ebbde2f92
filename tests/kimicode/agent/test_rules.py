"""Rules of approval: what one allows is exactly what it says, and what may do anything is never offered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.agent.matching import Match
from kimicode.agent.rules import EDITS, Call, Rule, parse, preview, rule_for
from kimicode.errors import ConfigError
from kimicode.workspace.commands.literal import literal

ANYTHING = [
    *("bash x.sh", "sh x.sh", "sudo ls", "xargs rm", "python -c 1", "python3.11 x.py", "python -m http.server"),
    *(
        "node x.js",
        "perl -e 1",
        "vim a.py",
        "less a",
        "find . -delete",
        "ssh host ls",
        "env A=b git commit",
        "watch ls",
    ),
    *(
        "git config core.pager x",
        "git rebase main",
        "git push",
        "git -C /x commit",
        "git",
        "make",
        "npm exec x",
        "npx x",
    ),
    *("eval ls", "time ls", "awk '{system(1)}' a", "sed 1w a", "tar xf a.tar", "docker run x", "uv run x", "cargo run"),
    *("./build.sh", "/usr/bin/git diff", "FOO=1 git diff", "curl http://x", "rm a", "gh pr", "timeout 5 rm a", "env"),
]
NOT_CERTAIN = [
    *("git commit | sh", "git commit &", "git commit > a", "git commit < a", "git commit $(ls)", "git commit `ls`", ""),
    *(
        "git commit $X",
        "git commit *",
        "git commit ~",
        "(git commit)",
        "! git commit",
        "git {commit,log}",
        "git commit 'a",
    ),
    *(
        "git commit \\\n ls",
        'git commit "$X"',
        "git commit; rm a",
        "git commit && make",
        "A=b git commit",
        "if git commit",
    ),
]
ESCAPES = [
    *("git diff --output=x", "git diff --outp=x", "git diff --ext-diff", "git log --textc", "git log -Oless"),
    *("pytest -p evil", "pytest -qp evil", "pytest -c x.ini", "pytest --rootdir=/x", "python -m pytest -p x"),
    *("make test SHELL=x", "make test -f x.mk", "go test -exec x", "go test --exec=x", "go build -toolexec x"),
    *("npm run x --script-shell=y", "cargo test --config x", "rg --pre x y", "sort -o a b", "tool sub --exec x"),
]


@pytest.mark.parametrize("command", [*ANYTHING, *NOT_CERTAIN, *ESCAPES])
def test_no_rule_is_offered_for_what_may_do_more_than_it_says(command):
    assert rule_for("bash", command) is None


@pytest.mark.parametrize(
    ("command", "rule"),
    [
        ("git diff --stat HEAD -- src", "bash: git diff"),
        ("git commit -am 'two words'", "bash: git commit"),
        ("python -m pytest -q tests", "bash: python -m pytest"),
        ("pytest -x", "bash: pytest"),
        ("npm run build -- --watch", "bash: npm run build"),
        ("make test", "bash: make test"),
        ("cargo test -p core", "bash: cargo test"),
        ("ruff check .", "bash: ruff check"),
        ("mypy --strict x", "bash: mypy"),
        ("cd src && pytest -q 2>&1 | tail -20", "bash: pytest"),
        ("timeout 60 pytest -x; git status", "bash: pytest"),
        ("bash -c 'make test'", "bash: make test"),
    ],
)
def test_a_rule_names_the_program_and_what_it_is_to_do(command, rule):
    offered = rule_for("bash", command)
    assert str(offered) == rule
    assert offered == parse(rule)
    assert offered.allows(Call("bash", command))


def test_a_command_that_does_two_things_has_no_rule_of_its_own():
    assert rule_for("bash", "make test && pytest") is None
    assert rule_for("bash", "git log; git status") is None


@pytest.mark.parametrize("command", [*NOT_CERTAIN, "git log", "git commit --file=x", "git", "gitcommit", "commit git"])
def test_a_rule_matches_nothing_but_its_own_command_among_looks(command):
    rule = parse("bash: git commit")
    assert not rule.allows(Call("bash", command))
    assert not rule.allows(Call("createfile", "git commit"))


@given(st.text(alphabet=" abgitcom-'\"$;&|<>()\n\\*~`{}!#=", max_size=12))
def test_whatever_follows_an_allowed_command_is_an_argument_or_a_look(tail):
    command = f"git commit {tail}"
    if parse("bash: git commit").allows(Call("bash", command)):
        assert literal(command)[0][:2] == ("git", "commit")


@pytest.mark.parametrize("rule", ["bash: git diff", "bash: python -m pytest"])
def test_the_preview_says_what_is_allowed_and_its_counter_examples_are_true(rule):
    said = preview(parse(rule))
    assert said.startswith("Allows")
    for shown in said.partition("Does not allow: ")[2].split(", "):
        assert not parse(rule).allows(Call("bash", shown))


@pytest.mark.parametrize(
    ("rule", "words"), [("strreplace", "any file"), ("edit: docs/**", "docs/**"), ("fetch: a.example", "a.example")]
)
def test_other_previews_name_what_they_are_about(rule, words):
    assert words in preview(parse(rule))


@pytest.mark.parametrize("tool", EDITS)
def test_a_rule_for_edits_is_for_one_tool_or_for_all(tool):
    assert rule_for(tool, "") == Rule(tool) == parse(tool)
    assert not any(Rule(tool).allows(Call(other, "a")) for other in ("bash", *EDITS) if other != tool)
    assert parse("edit: docs/**").allows(Call(tool, "docs/a", "/w"))
    assert not parse("edit: docs/**").allows(Call(tool, "src/a", "/w"))
    assert not parse("edit").allows(Call("view", "a"))


def test_a_rule_for_pages_is_for_a_host():
    assert rule_for("fetch", "https://docs.python.org/3") == parse("fetch: docs.python.org")
    assert rule_for("fetch", "nonsense://x") is None
    assert parse("fetch: *.python.org").allows(Call("fetch", "https://docs.python.org/3"))
    assert not parse("fetch: docs.python.org").allows(Call("fetch", "https://docs.python.org.evil.example"))
    assert parse("fetch: a.example").meets(Call("fetch", "https://[")) is Match.MAYBE


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            ":",
            "bash",
            "bash:",
            "bash: git | sh",
            "bash: $x",
            "view",
            "view: a",
            "edit:",
            "edit: !a",
            "strreplace:",
            "x: y",
        ),
        *("fetch", "fetch: a b", "fetch: ftp://a", "fetch: *", "fetch: *.", "git diff", "bash git diff"),
    ],
)
def test_what_is_no_rule_is_an_error_that_shows_one(text):
    with pytest.raises(ConfigError, match="not a rule") as caught:
        parse(text)
    assert "bash: git diff" in caught.value.hint


@pytest.mark.parametrize(
    "text", ["bash: git diff", "edit: docs/**", "insert", "fetch: *.python.org", "edit: ~/notes/*.md"]
)
def test_a_rule_is_written_as_it_is_read(text):
    assert str(parse(text)) == text


@pytest.mark.parametrize(
    "command",
    ["git push", "cd x && git push", "git -C x push -f", "/usr/bin/git push", "(git push)", "bash -c 'git push'"],
)
def test_a_refusal_holds_wherever_its_command_runs(command):
    assert parse("bash: git push").meets(Call("bash", command)) is Match.YES
    assert parse("bash: git push").meets(Call("bash", "git status")) is Match.NO
    assert parse("bash: git push").meets(Call("strreplace", command)) is Match.NO
