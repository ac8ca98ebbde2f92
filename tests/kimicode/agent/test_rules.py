"""Rules of approval: what one allows is exactly what it says, and what may do anything is never offered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.agent.rulebook import Rules
from kimicode.agent.rules import EDITS, Rule, parse, preview, rule_for
from kimicode.errors import ConfigError, DiskError

ANYTHING = [
    *("bash -c 'git diff'", "sh x.sh", "sudo ls", "env git diff", "xargs rm", "python -c 1", "python3.11 x.py"),
    *("python -m http.server", "node x.js", "perl -e 1", "vim a.py", "less a", "find . -name x", "ssh host ls"),
    *("git config core.pager x", "git rebase main", "git push", "git -C /x diff", "git", "make", "npm exec x", "npx x"),
    *("eval ls", "time ls", "nohup ls", "timeout 5 ls", "awk 1 a", "sed 1d a", "tar xf a.tar", "docker run x"),
    *("./build.sh", "/usr/bin/git diff", "FOO=1 git diff", "curl http://x", "uv run x", "cargo run", "rm a", "gh pr"),
]
ONE_COMMAND = [
    *("git diff; ls", "git diff && ls", "git diff | sh", "git diff &", "git diff > a", "git diff < a", "git diff\nls"),
    *("git diff $(ls)", "git diff `ls`", "git diff $X", "git diff *", "git diff ~", "(git diff)", "! git diff", ""),
    *("git {diff,log}", "git diff \\\n ls", "git diff # x", "git diff 'a", 'git diff "$X"', "g\\it diff"),
]
ESCAPES = [
    *("git diff --output=x", "git diff --outp=x", "git diff --ext-diff", "git log --textc", "git log -Oless"),
    *("pytest -p evil", "pytest -qp evil", "pytest -c x.ini", "pytest --rootdir=/x", "python -m pytest -p x"),
    *("make test SHELL=x", "make test -f x.mk", "go test -exec x", "go test --exec=x", "go build -toolexec x"),
    *("npm run x --script-shell=y", "cargo test --config x", "rg --pre x y", "sort -o a b", "tool sub --exec x"),
]


@pytest.mark.parametrize("command", [*ANYTHING, *ONE_COMMAND, *ESCAPES])
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
    ],
)
def test_a_rule_names_the_program_and_what_it_is_to_do(command, rule):
    offered = rule_for("bash", command)
    assert str(offered) == rule
    assert offered == parse(rule)
    assert offered.allows("bash", command)


@pytest.mark.parametrize("command", [*ONE_COMMAND, "git log", "git diff --output=x", "git", "gitdiff", "diff git"])
def test_a_rule_matches_nothing_but_its_own_command_alone(command):
    rule = parse("bash: git diff")
    assert not rule.allows("bash", command)
    assert not rule.allows("createfile", "git diff")


@given(st.text(alphabet=" abgitdf-'\"$;&|<>()\n\\*~`{}!#=", max_size=12))
def test_whatever_follows_an_allowed_command_is_only_ever_an_argument(tail):
    command = f"git diff {tail}"
    if parse("bash: git diff").allows("bash", command):
        outside = "".join(piece for place, piece in enumerate(command.replace('"', "'").split("'")) if place % 2 == 0)
        assert not set(outside) & set("$;&|<>()\n\\*~`{}!#")


@pytest.mark.parametrize("rule", ["bash: git diff", "bash: python -m pytest", "strreplace"])
def test_the_preview_says_what_is_allowed_and_its_counter_examples_are_true(rule):
    said = preview(parse(rule))
    assert said.startswith("Allows")
    for example in said.partition("Does not allow: ")[2].split(", "):
        assert not parse(rule).allows("bash", example)


@pytest.mark.parametrize("tool", EDITS)
def test_a_rule_for_edits_is_for_one_tool(tool):
    assert rule_for(tool, "") == Rule(tool) == parse(tool)
    assert not any(Rule(tool).allows(other, "") for other in ("bash", *EDITS) if other != tool)


@pytest.mark.parametrize(
    "command", ["git push", "cd x && git push", "git -C x push -f", "/usr/bin/git push", "(git push)"]
)
def test_a_refusal_holds_wherever_its_words_stand(command):
    assert parse("bash: git push").forbids("bash", command)
    assert not parse("bash: git push").forbids("bash", "git status")


def test_answers_for_the_session_are_by_rule_or_word_for_word():
    rules = Rules()
    rules.for_session("bash", "git diff a", "/x")
    rules.for_session("bash", "make; ls", "/x")
    rules.for_session("strreplace", "", "/x")
    assert rules.allowed("bash", "git diff b", "/y")
    assert rules.allowed("bash", "make; ls", "/x")
    assert rules.allowed("strreplace", "", "/y")
    assert not rules.allowed("bash", "make; ls", "/y")
    assert not rules.allowed("bash", "make; ls -a", "/x")
    assert not rules.allowed("createfile", "", "/x")


def test_lasting_rules_are_in_a_file_that_keeps_its_comments(tmp_path):
    file = tmp_path / "config" / "rules.toml"
    rules = Rules.load(file)
    rules.for_good(parse("bash: git diff"))
    file.write_text(file.read_text() + '# never\ndeny = ["bash: git push"]\n')
    rules = Rules.load(file)
    rules.for_good(parse("strreplace"))
    again = Rules.load(file)
    assert [str(rule) for rule in again.allow] == ["bash: git diff", "strreplace"]
    assert again.refused("bash", "git push origin main") == parse("bash: git push")
    assert "# never" in file.read_text()


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("allow = 3", "allow"),
        ("alow = []", "alow"),
        ('allow = ["git diff"]', "not a rule"),
        ('allow = ["bash: git diff; ls"]', "not a rule"),
        ('allow = ["bash: git"]', "would allow anything"),
        ('allow = ["bash: sudo"]', "would allow anything"),
        ("allow = [", "rules.toml"),
        ("\udcff", "rules.toml"),
    ],
)
def test_a_mistake_in_the_file_names_it(tmp_path, text, mistake):
    file = tmp_path / "rules.toml"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigError, match=mistake) as caught:
        Rules.load(file)
    assert "rules.toml" in str(caught.value)


def test_a_rule_that_cannot_be_written_is_an_error_and_does_not_hold(tmp_path):
    (tmp_path / "file").write_text("")
    rules = Rules(tmp_path / "file" / "rules.toml")
    with pytest.raises(DiskError):
        rules.for_good(parse("bash: git diff"))
    assert rules.allow == ()
