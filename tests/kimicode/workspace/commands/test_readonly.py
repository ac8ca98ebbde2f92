"""What counts as only reading: the everyday looks around, and nothing that anybody could turn into more."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kimicode.workspace.commands.readonly import git_folders, is_read_only


def lines_of(name: str) -> list[str]:
    """The commands of a list beside this file; its first line says what they are."""
    text = Path(__file__).with_name(name).read_text("utf-8")
    return [line.replace("\\n", "\n") if line.startswith("#") else line for line in text.splitlines()[1:]]


READING = [line for line in lines_of("reading.txt") if not line.startswith("? ")]
UNPROVEN = [line.removeprefix("? ") for line in lines_of("reading.txt") if line.startswith("? ")]
ESCAPES = lines_of("escapes.txt")

MORE = r"""
rm a
ls; rm a
ls && rm a
ls | tee a
ls > a
ls >> a
cat < a
cat <(ls)
echo $(rm a)
echo `rm a`
echo "$(rm a)"
echo $HOME
ls &
ls & rm a
ls |& cat
(ls)
{ ls; }
! ls
A=b ls
PATH=. ls
sudo ls
time ls
exec ls
eval ls
. a
source a
./ls
/bin/ls
python3 -c 1
base64 -o a
find . -delete
find . -exec rm {} +
find . -execdir rm a
find . -ok rm a
find . -okdir rm a
find . -fprint a
find . -fprintf a b
find . -fls a
find . -name a -o -fprint0 a
find -- -delete
sort -o a b
sort -oa b
sort -uo a b
sort --output=a b
sort --outp=a b
sort b -o a
sort -k -- -o a
sort --compress-program=sh a
sort -T . -S 1 a
uniq a b
uniq -- a b
uniq a -c
uniq -- -c -d
tree -o a
tree -Lo 2 a
tree -R -L 1
tree --output=a
rg --pre sh a
rg --pre=sh a
rg --hostname-bin sh a
rg -z a
rg --search-zip a
file -C -m a
file -m a
file -f a
tail -f a
tail -F a
tail -5f a
git
git commit -m a
git -c core.pager=sh log
git --exec-path=. log
git --git-dir=a log
git -p log
git --paginate log
git log --output=a
git log --outpu=a
git diff --output a
git diff --ext-diff
git log --ext-diff
git log --textconv
git log --show-signature
git log --format=%G?
git log '--pretty=format:%h %-GS'
git log --format='%+GK'
git show --output=a
git diff -O a
git branch a
git branch -d a
git branch -D a
git branch -m a b
git branch --edit-description
git grep -O a
git grep -Oless a
git grep --open-files-in-pager=sh a
git grep --ext-grep a
git rev-parse --parseopt
git stash
git checkout a
git config user.name
git fetch
git submodule status
git -C a -c b=c status
git -C
date -s now
man ls
help
curl a
job list
cat ~/a
ls *.py
cat "a
cat 'a
echo a#b ; #
diff -l a b
""".strip().splitlines()

ODD = ["", " ", "\n", "ls\rrm", "ls\x0brm", "ls\0", "ls é", "cat 'a\nb'", "ls\u00a0-la", 'echo "\\"']


@pytest.mark.parametrize("command", READING)
def test_everyday_looks_around_only_read(command):
    assert is_read_only(command)


def test_nine_of_ten_everyday_looks_need_no_question():
    assert not any(map(is_read_only, UNPROVEN))
    assert len(READING) + len(UNPROVEN) >= 200
    assert len(READING) >= 9 * len(UNPROVEN)


@pytest.mark.parametrize("command", [*MORE, *ODD])
def test_everything_else_may_do_more(command):
    assert not is_read_only(command)


@pytest.mark.parametrize("command", ESCAPES)
def test_no_program_that_starts_others_or_writes_passes_in_that_form(command):
    assert not is_read_only(command)
    assert not is_read_only(f"ls && timeout 5 {command}")


def test_the_list_of_such_programs_is_a_long_one():
    assert len({command.split()[0] for command in ESCAPES}) >= 250


def test_lines_count_as_commands_of_their_own():
    assert is_read_only("ls\n\ncat a\n")
    assert not is_read_only("ls\nrm a")


@given(
    st.lists(
        st.sampled_from(["ls", "cat", "git log", "-o", "a", " ", ";", "&", "|", "\n", "=", *"$`<>(){}*?[]~#!\t\ré"])
    )
)
@example(["ls 2>", "a"])
def test_without_quotes_nothing_that_is_expanded_or_redirected_only_reads(pieces):
    if set("".join(pieces)) & set("$`<>(*?[\ré"):
        assert not is_read_only("".join(pieces).partition("#")[0])


@given(st.text(max_size=2_000))
def test_any_text_gets_an_answer(command):
    assert is_read_only(command) in (True, False)


def test_each_command_of_a_long_chain_is_judged():
    assert is_read_only("ls; " * 10_000)
    assert not is_read_only("ls; " * 10_000 + "rm a")


@pytest.mark.parametrize(
    ("command", "folders"),
    [
        ("ls -l", []),
        ("git status", ["/w"]),
        ("git --no-pager -C a -C b log", ["/w/a/b"]),
        ("git log -C /elsewhere", ["/w"]),
        ("timeout 5 git log; bash -c 'cd a && git diff'", ["/w", "/w/a"]),
        ("git grep -C 3 x", ["/w"]),
        ("cd a && git diff", ["/w", "/w/a"]),
        ("cd a | git diff; cd b; git log", ["/w", "/w/a", "/w/b", "/w/a/b"]),
        ("cd; git diff", ["/w", "/home/me"]),
        ("cd -P -; git diff", ["/w", "/before"]),
    ],
)
def test_where_git_may_be_called_is_known_and_rather_more_than_less(command, folders):
    variables = {"HOME": "/home/me", "OLDPWD": "/before"}
    assert sorted(map(str, git_folders(command, Path("/w"), variables))) == sorted(folders)


def test_a_search_path_of_cd_counts():
    found = git_folders("cd a && git diff", Path("/w"), {"CDPATH": "/x:/y"})
    assert {Path("/x/a"), Path("/y/a"), Path("/w/a"), Path("/w")} == set(found)
