"""Proposals: the order is the one a person expects."""

from kimicode.tui.composing.completing import Word
from kimicode.tui.composing.draft import Draft
from kimicode.tui.composing.files import ProjectFiles
from kimicode.tui.composing.intent import CommandHint
from kimicode.tui.composing.proposing import Proposer, past

COMMANDS = (
    CommandHint("compact", "[instructions]", "Shorten the conversation"),
    CommandHint("mode", "[name]", "Choose a mode"),
    CommandHint("quit", "", "End", aliases=("exit",)),
)


def test_commands_by_their_beginning_then_by_other_names_then_by_a_part(tmp_path):
    proposer = Proposer(tmp_path, ProjectFiles(tmp_path), COMMANDS)

    def names(query):
        return [proposal.value for proposal in proposer.propose(Word("command", query, 0))]

    assert names("") == ["compact", "mode", "quit"]
    assert names("mo") == ["mode"]
    assert names("ex") == ["quit"]
    assert names("PAC") == ["compact"]
    assert proposer.propose(Word("command", "mo", 0))[0].label == "/mode [name]"
    assert proposer.takes_argument("mode")
    assert not proposer.takes_argument("quit")


def test_the_past_is_searched_by_words():
    drafts = [Draft("Fix the Loop test"), Draft("write docs"), Draft("fix docs")]
    assert [proposal.value for proposal in past(drafts, "fix")] == ["0", "2"]
    assert [proposal.value for proposal in past(drafts, "docs fix")] == ["2"]
    assert len(past(drafts, "")) == 3
