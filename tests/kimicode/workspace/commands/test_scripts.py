"""Little programs inside of arguments: looks go through, and whatever writes, executes or connects does not."""

import time

import pytest

from kimicode.workspace.commands.scripts import only_reads

SED = [
    *(
        "5p",
        "1,5p",
        "$p",
        "1,$p",
        "10q",
        "1d",
        "/a/p",
        "/a/,/b/p",
        "/^def \\w/,+3p",
        "1p;$p",
        "5!d",
        "/a\\/b/p",
        "=",
        "10,20!p",
    ),
    *(
        "s/a/b/",
        "s/a/b/g",
        "s|a|b|2p",
        "s#a#b#",
        "s,a\\,b,c,I",
        "s/[[:space:]]*$//",
        "s/[^a-z]//g",
        "/[ab]/d",
        "s/a/&\\n/",
    ),
]
SED_NOT = [
    *(
        "w a",
        "1w a",
        "e",
        "1e ls",
        "r a",
        "R a",
        "W a",
        "s/a/b/w c",
        "s/a/b/e",
        "s/a/b/ge",
        "s/[/]/;s/w x/e/",
        "/[/]/p",
        "F",
    ),
    *(
        "a\\",
        "i x",
        "c x",
        "y/a/b/",
        "p\nw a",
        "5p}w a",
        "{p;w a}",
        "s/a\nb/c/",
        "s a b ",
        "/a",
        "s/a/b",
        "p p",
        "\\%a%p",
        "1,5",
    ),
]
AWK = [
    *(
        "{print}",
        "{print $1}",
        "{print $1, $2}",
        "{ print $NF }",
        "NR==5",
        "NR>=10 && NR<=20",
        "/a/",
        "/a/ {print $2}",
        "!/a/",
    ),
    *(
        "$3 > 1000 {print $1}",
        '{print $1 ": " $2}',
        '$1 == "a"',
        "$2 ~ /b/ {print}",
        "NF",
        "{print NR, $0}",
        "{print $(NF-1)}",
    ),
    *("NR==1 || /[a-z]+/", '{print $1"\\t"$2;}'),
]
AWK_NOT = [
    *(
        '{print > "a"}',
        '{print | "sh"}',
        "{print $1 > $2}",
        'BEGIN {system("x")}',
        "{system($0)}",
        '"x" | getline',
        "{print; x()}",
    ),
    *(
        '{getline < "a"}',
        '/[/{print "a]/{system($0)}#"}',
        '{print "a" >> "b"}',
        '@load "x"',
        '{print}\n{system("a")}',
        '{print |& "a"}',
    ),
    *("{print $1", "{printf $1}", '{close("a")}', "{print $system}", "{print (system(1))}", "{a=1}", ""),
]


@pytest.mark.parametrize("script", SED)
def test_sed_prints_and_substitutes(script):
    assert only_reads(["sed", "-n", script, "a"])


@pytest.mark.parametrize("script", SED_NOT)
def test_sed_neither_writes_nor_executes(script):
    assert not only_reads(["sed", "-n", script, "a"])


@pytest.mark.parametrize("script", AWK)
def test_awk_prints_fields(script):
    assert only_reads(["awk", script, "a"])


@pytest.mark.parametrize("script", AWK_NOT)
def test_awk_neither_writes_nor_executes(script):
    assert not only_reads(["awk", script, "a"])


@pytest.mark.parametrize(
    "command",
    [
        *("sed -n -e 5p -e 7p a", "sed -ne 5p a b", "sed -E s/a/b/", "awk -F: NR==1 a", "awk -F , {print} a"),
        *("find . -exec grep -l x {} +", "find . -exec sed -n 5p {} ;", "find . -type f -exec wc -l {} ; -print"),
        *("xargs grep -n x", "xargs -0 wc -l", "xargs -n 1 -P4 head -5", "xargs -I{} cat {}", "xargs -r ls"),
        *("printf %s\\n a", "printf %5.2f 1", "echo ---", "echo -n a", "tar tf a.tar", "tar tzf a.tgz b", "unzip -l a"),
        *("test -f a", "jq -r .a b", "date +%F", "sort -k2 a"),
    ],
)
def test_other_harmless_forms(command):
    assert only_reads(command.split(" "))


@pytest.mark.parametrize(
    "command",
    [
        *(
            "sed",
            "sed -i 5p a",
            "sed 5p a -i",
            "sed -n 5p -- a",
            "sed -f a b",
            "sed -e",
            "sed --in-place 5p a",
            "sed -ni 5p a",
        ),
        *(
            "awk",
            "awk -f a",
            "awk -v a=b {print}",
            "awk {print} /inet/tcp/0/h/1",
            "awk {print} //inet/x",
            "awk {print} a=b",
            "awk -F",
        ),
        *(
            "find . -delete",
            "find . -exec rm {} ;",
            "find . -exec",
            "find . -exec ls",
            "find . -execdir ls ;",
            "find . -ok ls ;",
        ),
        *(
            "find . -exec sed p + -size {} ;",
            "find . -exec sed -n /{}/p a ;",
            "find . -exec uniq {} +",
            "find . -fprint a",
        ),
        *(
            "find . -exec {} ;",
            "find . -exec sed -i p {} +",
            "find . -exec ls {} ; -exec rm {} ;",
            "find . -exec ls {} ; -delete",
        ),
        *(
            "xargs",
            "xargs rm",
            "xargs sed 5p",
            "xargs rg x",
            "xargs -a a ls",
            "xargs sort",
            "xargs find",
            "xargs -n",
            "xargs git",
        ),
        *(
            "printf %n a",
            "printf %ln a",
            "printf %5n a",
            "printf -v a b",
            "printf",
            "tar xf a",
            "tar tf h:a",
            "tar tf a -I sh",
        ),
        *(
            "tar cf a b",
            "unzip a",
            "unzip -l a -d b",
            "pip install a",
            "pip list -o",
            "pip freeze",
            "date 01010000",
            "date -s now",
        ),
        *("test -v a", "uniq a b", "sort -o a b", "nm @a", "hostname a", "nosuchprogram"),
    ],
)
def test_other_forms_that_do_more(command):
    assert not only_reads(command.split(" "))


@pytest.mark.parametrize(
    "words",
    [
        ["awk", "{print " + "1" * 5_000 + "!"],
        ["awk", "{print" + " $1," * 5_000],
        ["awk", "/" + "[a]" * 5_000],
        ["sed", "s/" + "[a]" * 5_000 + "\\"],
        ["sed", "1p;" * 5_000 + "w"],
        ["sed", " " * 5_000 + "w"],
        ["printf", "%" + "5" * 50_000],
    ],
)
def test_no_script_takes_long_to_judge(words):
    started = time.monotonic()
    assert not only_reads(words) or words[0] == "printf"
    assert time.monotonic() - started < 20
