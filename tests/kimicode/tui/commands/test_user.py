"""The person's own commands are texts with places for arguments; nothing in them is run."""

import os

from hypothesis import given
from hypothesis import strategies as st

from kimicode.config.load import record
from kimicode.config.trust import Trust
from kimicode.tui.commands.table import Table
from kimicode.tui.commands.user import commands_for, filled, parse, user_commands


def test_a_file_is_a_command_of_its_name(tmp_path):
    (tmp_path / "git").mkdir()
    (tmp_path / "Explain.md").write_text("Explain it.")
    (tmp_path / "git" / "log.md").write_text("Sum up the log.")
    assert sorted(each.name for each in user_commands([tmp_path])) == ["explain", "git:log"]


def test_the_nearer_folder_wins_and_own_names_are_never_taken(tmp_path):
    near, far = tmp_path / "near", tmp_path / "far"
    for folder, text in ((near, "near"), (far, "far")):
        folder.mkdir()
        (folder / "explain.md").write_text(text)
        (folder / "quit.md").write_text("do not")
    table = Table().plus(user_commands([near, far]))
    assert table.find("explain").summary == "near"
    assert table.find("quit").early


def test_a_folder_that_is_not_there_has_no_commands(tmp_path):
    assert user_commands([tmp_path / "nothing"]) == []


def test_those_of_a_project_count_where_it_is_trusted_and_win_over_the_persons_own(home, project):
    for folder, text in ((project / ".kimicode", "the project's"), (home, "mine")):
        (folder / "commands/git").mkdir(parents=True)
        (folder / "commands/explain.md").write_text(text)
        (folder / "commands/git/log.md").write_text(text)
    (project / ".kimicode/commands/notes.txt").write_text("no command")

    def summaries(trust):
        return {each.name: each.summary for each in commands_for(project, trust)}

    assert summaries(Trust.whole(project)) == dict.fromkeys(("explain", "git:log"), "the project's")
    for trust in (None, Trust(project), Trust(project, "untrusted")):
        assert summaries(trust) == dict.fromkeys(("explain", "git:log"), "mine")
    record(os.environ).remember(project, "trusted")
    (project / ".kimicode/commands/explain.md").write_text("changed")
    assert summaries(record(os.environ).trust_in(project)) == {"explain": "mine", "git:log": "the project's"}


def test_a_link_out_of_the_project_leads_to_no_command(home, project, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/a.md").write_text("secret")
    (project / ".kimicode").mkdir()
    (project / ".kimicode/commands").symlink_to(tmp_path / "elsewhere")
    assert commands_for(project, Trust.whole(project)) == []


def test_a_head_describes_the_command():
    command = parse("explain", '---\ndescription: "explain a file"\nargument-hint: FILE\n---\nExplain @$1.\n')
    assert (command.summary, command.usage) == ("explain a file", "/explain FILE")


def test_without_a_head_the_first_line_describes_it():
    assert parse("x", "Look at it.\nThen tell.").summary == "Look at it."


def test_arguments_fill_their_places():
    assert filled("a $1 b $2 c $ARGUMENTS", 'x "y z"') == 'a x b y z c x "y z"'
    assert filled("only $3", "x") == "only "


def test_arguments_without_a_place_follow_at_the_end():
    assert filled("Explain.", "this file") == "Explain.\n\nthis file"
    assert filled("Explain.", "") == "Explain."


def test_lines_for_a_shell_stay_text(tmp_path):
    (tmp_path / "danger.md").write_text("!touch made\n$(touch made)")
    assert filled("!touch made", "") == "!touch made"
    assert user_commands([tmp_path])[0].summary == "!touch made"


@given(body=st.text(max_size=80), argument=st.text(max_size=40))
def test_any_text_and_any_argument_make_a_prompt(body, argument):
    parse("name", body)
    text = filled(body, argument)
    assert "$ARGUMENTS" not in body or argument in text


@given(head=st.text(max_size=60), body=st.text(max_size=40))
def test_any_head_is_survived(head, body):
    command = parse("name", f"---\n{head}\n---\n{body}")
    assert len(command.summary) <= 80
