"""What counts as only reading: the everyday looks around, and nothing that anybody could turn into more."""

import random
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kimicode.workspace.readonly import _split, git_folders, is_read_only, literal_words

READING = (
    r"""
ls
ls -la src
cd src && ls -1
cat -n a.py | head -20
head -n 5 a.py; tail -n20 b.py
wc -l a.py
pwd
echo "hello world"
true
stat -c %s a.py
file a.py
du -sh .
df -h
tree -L 2 src
grep -rn "def main(" --include="*.py" .
grep -E '^(class|def) \w+' a.py
grep -n 'a;b|c&d' a.py | sort -u | uniq -c
rg -n -t py 'TODO|FIXME' src -g '!tests'
find . -name "*.py" -type f -not -path './.git/*'
find src -maxdepth 2 -mtime -7
sort -t, -k2,2n data.csv
cut -d, -f1 data.csv | tr a-z A-Z
diff -u a.py b.py || echo differ
cmp a b
which python3
nl -ba a.py
git status --short
git --no-pager log --oneline -5 --author=me
git log -p -S 'needle' -- src/a.py
git -C sub diff --stat HEAD~1
git diff --cached
git show HEAD:src/a.py
git branch -a
git rev-parse --abbrev-ref HEAD
git ls-files -m
git blame -L 1,20 a.py
git grep -n pattern
""".replace("HEAD~1", "HEAD^")
    .strip()
    .splitlines()
)

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
env ls
sudo ls
xargs ls
timeout 5 ls
nice ls
command ls
builtin cd
time ls
exec ls
eval ls
. a
source a
./ls
/bin/ls
bash -c ls
python3 -c 1
sed -n 1,5p a
awk 1 a
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
git branch --list -- a
git grep -O a
git grep -Oless a
git grep --open-files-in-pager=sh a
git grep --ext-grep a
git rev-parse --parseopt
git stash
git checkout a
git config user.name
git fetch
git remote -v
git submodule status
git -C a -c b=c status
git -C
date -s now
man ls
help
curl a
job list
cat a\ b
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


@pytest.mark.parametrize("command", [*MORE, *ODD])
def test_everything_else_may_do_more(command):
    assert not is_read_only(command)


def test_lines_count_as_commands_of_their_own():
    assert is_read_only("ls\n\ncat a\n")
    assert not is_read_only("ls\nrm a")


WORDS = [
    *"lscat",
    "ls",
    "cat",
    "git",
    "log",
    "find",
    "sort",
    "-o",
    "a",
    " ",
    " ",
    ";",
    "&",
    "|",
    "\n",
    "'",
    '"',
    "\\",
    "=",
    "-",
]


@given(st.lists(st.sampled_from([*WORDS, *"$`<>(){}*?[]~#!\t\r\0é"])).map("".join))
@example("echo '$'")
@example('echo "`"')
@example("ls 2>&1")
def test_no_redirect_and_no_substitution_ever_only_reads(command):
    if set(command) & set("$`<>\r\0é"):
        assert not is_read_only(command)


@given(st.text(alphabet="abc -'\"=;|&*?(){}[]~#!\\\t", max_size=40))
def test_the_words_are_those_of_the_usual_rules_of_quoting(command):
    commands = _split(command)
    if len(commands) == 1 and not set(command) & set(";|&"):
        assert commands[0] == shlex.split(command)


@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_real_shells_build_the_same_words_from_whatever_is_accepted(shell, tmp_path):
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    dice = random.Random(7)
    tried = (
        "show " + "".join(dice.choices("ab-=.,:@%+^/ \t'\"*?()[]{}~#!&\\$`<>", k=dice.randint(1, 14)))
        for _ in range(30_000)
    )
    accepted = [(line, words[0][1:]) for line in tried if len(words := _split(line)) == 1]
    script = 'show() { printf \'%s\\0\' "$#" "$@"; }\n' + "\n".join(line for line, _ in accepted)
    printed = subprocess.run([shell], input=script, cwd=tmp_path, capture_output=True, text=True).stdout
    expected = "".join("".join(f"{word}\0" for word in (len(words), *words)) for _, words in accepted)
    assert len(accepted) > 500
    assert printed == expected


@given(st.text(max_size=2_000))
def test_any_text_gets_an_answer(command):
    assert is_read_only(command) in (True, False)


def test_long_commands_are_judged_in_linear_time():
    assert is_read_only("ls; " * 20_000)
    assert not is_read_only("ls; " * 20_000 + "rm a")
    assert not is_read_only("cat '" * 20_001)
    assert not is_read_only("a" * 100_000 + "$")


def test_the_words_of_one_command_and_of_nothing_else():
    assert literal_words("git commit -m 'two words'") == ("git", "commit", "-m", "two words")
    for command in ("a; b", "a | b", "a && b", "a\nb", "a;", "a > b", "$(a)", "a *", "a &", "", "~/a", "a \\", "a 'b"):
        assert literal_words(command) == ()


@pytest.mark.parametrize(
    ("command", "folders"),
    [
        ("ls -l", []),
        ("git status", ["/w"]),
        ("git --no-pager -C a -C b log", ["/w/a/b"]),
        ("git log -C /elsewhere", ["/w"]),
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
