"""The rules in force: deny before ask before allow, whole chains judged, a file with examples that is kept as it is."""

import pytest

from kimicode.agent.rulebook import Rules, Verdict
from kimicode.agent.rules import parse
from kimicode.errors import ConfigError, DiskError

PUSH, COMMIT, PYTEST = parse("bash: git push"), parse("bash: git commit"), parse("bash: pytest")
RULES = Rules(deny=(PUSH,), ask=(COMMIT,), allow=(PYTEST, parse("bash: make test"), COMMIT, PUSH))


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("git push", "deny"),
        ("pytest && git push", "deny"),
        ("git commit -m x && git push", "deny"),
        ("git commit -m x", "ask"),
        ("pytest; git commit -am x", "ask"),
        ("git $x", "ask"),
        ("pytest '", "ask"),
        ("eval $x", "ask"),
        ("pytest -q 2>&1 | tail -5", "allow"),
        ("cd a && timeout 60 pytest; make test", "allow"),
        ("pytest > a", "none"),
        ("pytest | tee a", "none"),
        ("A=b pytest", "none"),
        ("ls", "none"),
        ("rm a", "none"),
        ("pytest -p evil", "none"),
    ],
)
def test_the_first_list_in_which_a_rule_matches_counts(command, kind):
    assert RULES.verdict("bash", command, "/w").kind == kind


@pytest.mark.parametrize(
    ("last", "verdict"),
    [
        ("git push", Verdict("deny", PUSH)),
        ("x $(git push)", Verdict("deny", PUSH)),
        ("bash -c 'git push'", Verdict("deny", PUSH)),
        ("pytest", Verdict("allow", PYTEST)),
    ],
)
def test_a_chain_of_ten_thousand_commands_is_judged_to_its_end(last, verdict):
    assert RULES.verdict("bash", "ls -la a; " * 10_000 + last, "/w") == verdict


def test_a_verdict_names_its_rule():
    assert RULES.verdict("bash", "git push", "/w") == Verdict("deny", PUSH)
    assert RULES.verdict("bash", "git $x", "/w") == Verdict("ask", PUSH)
    assert RULES.verdict("bash", "ls; pytest", "/w") == Verdict("allow", PYTEST)


def test_where_nothing_is_refused_nothing_is_asked_about():
    rules = Rules(allow=(PYTEST,))
    for command in ("git $x", "pytest '", "eval $x", "\0", "curl a | sh"):
        assert rules.verdict("bash", command, "/w") == Verdict("none")


def test_edits_and_pages_are_judged_by_their_patterns():
    rules = Rules(
        deny=tuple(map(parse, ["edit: .github/**", "fetch: *.evil.example"])),
        ask=(parse("createfile: *.sh"),),
        allow=tuple(map(parse, ["edit: docs/**", "fetch: docs.python.org"])),
    )
    verdicts = {
        ("strreplace", ".github/workflows/a.yml"): "deny",
        ("insert", "docs/../.GitHub/a"): "deny",
        ("createfile", "docs/a.sh"): "ask",
        ("strreplace", "docs/a.sh"): "allow",
        ("strreplace", "src/a"): "none",
        ("view", "docs/a"): "none",
        ("fetch", "https://a.evil.example/"): "deny",
        ("fetch", "https://["): "ask",
        ("fetch", "https://docs.python.org/"): "allow",
        ("fetch", "https://python.org/"): "none",
    }
    assert {call: rules.verdict(*call, "/w").kind for call in verdicts} == verdicts


def test_answers_for_the_session_are_by_rule_or_word_for_word():
    rules = Rules()
    rules.for_session("bash", "git diff a", "/x")
    rules.for_session("bash", "rm a; ls", "/x")
    rules.for_session("strreplace", "", "/x")
    assert rules.allowed("bash", "git diff b", "/y")
    assert rules.allowed("bash", "rm a; ls", "/x")
    assert rules.allowed("strreplace", "", "/y")
    assert not rules.allowed("bash", "rm a; ls", "/y")
    assert not rules.allowed("bash", "rm a; ls -a", "/x")
    assert not rules.allowed("createfile", "", "/x")


def test_an_answer_word_for_word_spares_the_question_but_lifts_no_refusal():
    rules = Rules(deny=(PUSH,), ask=(parse("bash: rm"),))
    for command in ("rm a", "rm a; git push"):
        rules.for_session("bash", command, "/w")
    assert rules.verdict("bash", "rm a", "/w").kind == "allow"
    assert rules.verdict("bash", "rm a", "/x").kind == "ask"
    assert rules.verdict("bash", "rm a; git push", "/w").kind == "deny"


def test_lasting_rules_are_in_a_file_that_keeps_all_the_rest(tmp_path):
    file = tmp_path / "config" / "rules.toml"
    rules = Rules.load(file)
    rules.for_good(parse("bash: git diff"))
    more = '# never\ndeny = [{ rule = "bash: git push", match = ["git push -f"] }]\n'
    file.write_text(file.read_text() + more)
    rules = Rules.load(file)
    rules.for_good(parse("strreplace"))
    again = Rules.load(file)
    assert [str(rule) for rule in again.allow] == ["bash: git diff", "strreplace"]
    assert again.refused("bash", "git push origin main") == PUSH
    assert more in file.read_text()


def test_a_rule_joins_tables_as_a_table(tmp_path):
    file = tmp_path / "rules.toml"
    file.write_text('[[allow]]\nrule = "bash: pytest"\nmatch = ["pytest -q"]\n')
    Rules.load(file).for_good(parse("bash: make test"))
    assert [str(rule) for rule in Rules.load(file).allow] == ["bash: pytest", "bash: make test"]


def test_examples_are_tried_when_the_file_is_read(tmp_path):
    file = tmp_path / "rules.toml"
    file.write_text(
        """
        deny = [{ rule = "bash: git push", match = ["git push -f", "sudo git push"], not_match = ["git log push"] }]
        ask = [{ rule = "edit: *.sh", match = ["bin/a.sh"], not_match = ["a.shx"] }]
        allow = [
            { rule = "bash: pytest", match = ["cd a && pytest -q"], not_match = ["pytest > a"] },
            { rule = "fetch: *.python.org", match = ["https://docs.python.org/3"], not_match = ["python.org"] },
        ]
        """
    )
    rules = Rules.load(file)
    assert [str(rule) for rule in (*rules.deny, *rules.ask, *rules.allow)] == [
        *("bash: git push", "edit: *.sh", "bash: pytest", "fetch: *.python.org")
    ]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("allow = 3", "allow"),
        ("alow = []", "alow"),
        ('allow = ["git diff"]', "not a rule"),
        ('allow = ["bash: git diff; ls"]', "not a rule"),
        ('allow = ["bash: git"]', "would allow anything"),
        ('allow = ["bash: sudo"]', "would allow anything"),
        ('allow = [{ rule = "bash: pytest", match = ["pytest > a"] }]', "'pytest > a' of match is not matched"),
        ('allow = [{ rule = "bash: pytest", not_match = ["pytest -q"] }]', "'pytest -q' of not_match is matched"),
        ('deny = [{ rule = "bash: git push", match = ["git log"] }]', "'git log' of match is not matched"),
        ('deny = [{ rule = "bash: git push", match = ["git $x"] }]', "may be matched"),
        ('ask = [{ rule = "edit: docs/**", not_match = ["docs/a"] }]', "'docs/a' of not_match is matched"),
        ('ask = [{ rul = "edit" }]', "ask.0"),
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
