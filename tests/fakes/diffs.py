"""Random changes in real repositories: odd names, moves, links, line ends, binary files, text that looks like a patch.

A change is a pair of folders, each a dict from path to File. `recorded` commits many pairs at once with git's own
importer, which takes what no work tree could hold. The same seed gives the same changes.
"""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

LINK, EXECUTABLE, ORDINARY = "120000", "100755", "100644"
NAMES = (
    *("a.py", "b.py", "src/app.py", "src/deep/er/mod.py", "README.md", "Makefile", "data.bin", "dev/null", "a/a"),
    *("two words.txt", " b/x", "x b/x b/x", "end ", "-dash", 'quo"te', "back\\slash", "tab\there", "line\nbreak", "\r"),
    *("ümlaut 😀", "\udcff\udcfe", "=> arrow", "{a => b}/c"),
)
_LINES = (
    *(
        b"",
        b" ",
        b"x = 1",
        b"    return x",
        b"}",
        b"\tif (a) {",
        b"-- x",
        b"++ y",
        b"\\ No newline at end of file",
        b"a\rb",
    ),
    *(b"@@ -1,2 +1,2 @@", b"diff --git a/a.py b/a.py", b"--- a/a.py", b"+++ b/a.py", b"rename from x"),
    *(b"end\r", b"page\x0cbreak", b"\x1c\x1d\x1e", b"\xe2\x80\xa8\xc2\x85", b"\xff\xfe latin", b"\xed\xa0\x80"),
)


@dataclass(frozen=True)
class File:
    data: bytes
    mode: str = ORDINARY


Files = dict[str, File]


def random_change(random: Random, *, most_lines: int = 60) -> tuple[Files, Files]:
    """A folder, and what somebody made of it."""
    before = {name: random_file(random, most_lines) for name in random.sample(NAMES, random.randint(1, 6))}
    return _possible(before), _possible(edited(random, before, most_lines))


def random_file(random: Random, most_lines: int) -> File:
    match random.randrange(12):
        case 0:
            return File(random.randbytes(random.randint(1, 400)) + b"\0")
        case 1:
            return File(random.choice((b"target", b"../out", b"two\nlines")), LINK)
        case 2:
            return File(b"")
    end = random.choice((b"\n", b"\n", b"\r\n"))
    lines = [_line(random) for _ in range(random.randint(1, most_lines))]
    last = random.choice((end, end, b""))
    return File(end.join(lines) + last, random.choice((ORDINARY, ORDINARY, EXECUTABLE)))


def edited(random: Random, before: Files, most_lines: int) -> Files:
    """What one commit might do to these files."""
    after = dict(before)
    for name in random.sample(sorted(before), random.randint(1, len(before))):
        file = after.pop(name)
        match random.randrange(10):
            case 0:
                pass  # deleted
            case 1:
                after[random.choice(NAMES)] = file
            case 2:
                after[random.choice(NAMES)] = _touched(random, file)
            case 3:
                after[name] = replace(file, mode=EXECUTABLE if file.mode == ORDINARY else ORDINARY)
            case 4:
                after[name] = random_file(random, most_lines)
            case 5:
                after |= {name: file, random.choice(NAMES): _touched(random, file)}
            case _:
                after[name] = _touched(random, file)
    if random.random() < 0.3:
        after[random.choice(NAMES)] = random_file(random, most_lines)
    return after


def numbered(count: int, end: bytes = b"\n") -> bytes:
    """A long text of which every line is another."""
    return b"".join(b"line %d%b" % (number, end) for number in range(1, count + 1))


def recorded(root: Path, pairs: Sequence[tuple[Files, Files]]) -> list[tuple[str, str]]:
    """Commit the pairs into a new repository at `root`, which checks nothing out: the ids of both of each."""
    root.mkdir(parents=True)
    _git(root, "init", "--quiet", "--initial-branch=main")
    stream = b"".join(_commit(index, files) for index, files in enumerate(file for pair in pairs for file in pair))
    _git(root, "fast-import", "--quiet", "--export-marks=.git/marks", feed=stream)
    marks = dict(line.split() for line in (root / ".git/marks").read_text().splitlines())
    ids = [marks[f":{number}"] for number in range(1, 2 * len(pairs) + 1)]
    return list(zip(ids[::2], ids[1::2], strict=True))


def _commit(index: int, files: Files) -> bytes:
    """One of the importer's commits; every second one is a root, and the next its child."""
    head = b"reset refs/heads/c%d\ncommit refs/heads/c%d\nmark :%d\ncommitter t <t@example.org> 1 +0000\ndata 1\nx\n"
    parent = b"from :%d\n" % index if index % 2 else b""
    body = b"".join(
        b"M %b inline %b\ndata %d\n%b\n" % (file.mode.encode(), _quoted(path), len(file.data), file.data)
        for path, file in sorted(files.items())
    )
    return head % (index, index, index + 1) + parent + b"deleteall\n" + body + b"\n"


def _quoted(path: str) -> bytes:
    data = path.encode("utf-8", "surrogateescape")
    return b'"' + b"".join(b"\\%03o" % byte for byte in data) + b'"'


def _possible(files: Files) -> Files:
    """Without files that another one's name takes for a folder."""
    folders = {"/".join(path.split("/")[:depth]) for path in files for depth in range(1, path.count("/") + 1)}
    return {path: file for path, file in files.items() if path not in folders}


def _touched(random: Random, file: File) -> File:
    if file.mode == LINK or b"\0" in file.data:
        return replace(file, data=random.randbytes(5).hex().encode() + file.data[5:])
    end = b"\r\n" if b"\r\n" in file.data else b"\n"
    lines = file.data.split(end)
    for _ in range(random.randint(1, 5)):
        at = random.randint(0, len(lines))
        match random.randrange(5):
            case 0:
                lines[at:at] = [_line(random) for _ in range(random.randint(1, 4))]
            case 1:
                del lines[at : at + random.randint(1, 4)]
            case 2:
                lines = lines[at:] + lines[:at]
            case _:
                lines[at : at + 1] = [_line(random)]
    if random.random() < 0.1:
        end = b"\n" if end == b"\r\n" else b"\r\n"
    return replace(file, data=end.join(lines))


def _line(random: Random) -> bytes:
    if random.random() < 0.4:
        return random.choice(_LINES)
    return b"%*s%s" % (random.choice((0, 4, 8)), b"", b" ".join(_word(random) for _ in range(random.randint(1, 6))))


def _word(random: Random) -> bytes:
    return bytes(random.choices(b"abcdefgh_()=+-", k=random.randint(1, 7)))


def _git(root: Path, *arguments: str, feed: bytes = b"") -> bytes:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=root, input=feed, check=True, capture_output=True, timeout=60).stdout
