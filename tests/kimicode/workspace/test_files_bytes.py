"""Over encodings, line endings, final newlines and modes: bytes outside the edited span stay as they were."""

import itertools
import string
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kimicode.workspace.files import Files

MARKS = {"utf-8": b"", "utf-8 bom": b"\xef\xbb\xbf", "utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff", "cp1252": b""}
WORDS = {"cp1252": ["déjà", "vu", "x = 1", "\tif y:", "“q”", ""]}
ANY_WORDS = ["déjà", "文字", "😀", "x = 1", "\tif y:", "  z  ", "a\x0cb", ""]
counter = itertools.count()


@dataclass(frozen=True)
class Sample:
    """A file of raw lines; one of them, unique, is the marker that edits go for."""

    encoding: str
    lines: list[str]
    endings: list[str]
    marker: int
    mode: int

    def encode(self, text: str) -> bytes:
        return text.encode(self.encoding.split()[0])

    def raw(self, first: int, last: int) -> bytes:
        return self.encode(
            "".join(a + b for a, b in zip(self.lines[first:last], self.endings[first:last], strict=True))
        )


@st.composite
def samples(draw):
    encoding = draw(st.sampled_from(sorted(MARKS)))
    words = WORDS.get(encoding, ANY_WORDS)
    lines = draw(st.lists(st.sampled_from(words), min_size=1, max_size=8))
    if encoding == "cp1252":
        lines.append("déjà")  # otherwise it is ASCII, and as well UTF-8
    marker = draw(st.integers(0, len(lines) - 1))
    lines.insert(marker, "THE marker")
    style = draw(st.sampled_from([["\n"], ["\r\n"], ["\n", "\r\n"]]))
    endings = [draw(st.sampled_from(style)) for _ in lines]
    if draw(st.booleans()) and lines[-1]:
        endings[-1] = ""
    return Sample(encoding, lines, endings, marker, draw(st.sampled_from([0o644, 0o755, 0o600])))


SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@SLOW
@given(sample=samples(), new=st.sampled_from(["", "one", "one\ntwo", "one\r\ntwo\r\nthree"]))
def test_replacing_changes_only_the_span(tmp_path, sample, new):
    path = write(tmp_path, sample)
    Files(tmp_path).replace(path.name, "THE marker", new)
    head = MARKS[sample.encoding] + sample.raw(0, sample.marker)
    rest = sample.encode(sample.endings[sample.marker]) + sample.raw(sample.marker + 1, len(sample.lines))
    check(path, sample, head, rest, new)


@SLOW
@given(sample=samples(), new=st.sampled_from(["one", "one\ntwo\n", "é"]))
def test_inserting_changes_only_the_place(tmp_path, sample, new):
    path = write(tmp_path, sample)
    Files(tmp_path).insert(path.name, sample.marker, new)
    head = MARKS[sample.encoding] + sample.raw(0, sample.marker)
    check(path, sample, head, sample.raw(sample.marker, len(sample.lines)), new.removesuffix("\n") + "\n")


@SLOW
@given(sample=samples())
def test_a_multi_line_quote_leaves_the_lines_that_it_repeats(tmp_path, sample):
    path = write(tmp_path, sample)
    before = path.read_bytes()
    quoted = "\n".join(sample.lines[: sample.marker + 1])
    Files(tmp_path).replace(path.name, quoted, quoted.replace("THE marker", "other"))
    assert path.read_bytes() == before.replace(sample.encode("THE marker"), sample.encode("other"))


@SLOW
@given(
    before=st.binary(max_size=60).filter(lambda b: b"\0" not in b and b"M" not in b),
    after=st.binary(max_size=60).filter(lambda b: b"\0" not in b and b"M" not in b),
)
def test_bytes_that_are_no_text_at_all_survive_an_edit_beside_them(tmp_path, before, after):
    if before.startswith((b"\xff\xfe", b"\xfe\xff")):
        return
    path = tmp_path / f"file-{next(counter)}"
    path.write_bytes(before + b"MMM" + after)
    Files(tmp_path).replace(path.name, "MMM", "new")
    assert path.read_bytes() == before + b"new" + after


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 4097, 9_000_000])
def test_size_does_not_matter(tmp_path, size):
    filler = (string.ascii_letters * (size // 52 + 1))[:size].encode()
    (tmp_path / "f").write_bytes(filler + b"<here>" + filler[: size // 100])
    Files(tmp_path).replace("f", "<here>", "there")
    assert (tmp_path / "f").read_bytes() == filler + b"there" + filler[: size // 100]


def write(folder: Path, sample: Sample) -> Path:
    path = folder / f"file-{next(counter)}"
    path.write_bytes(MARKS[sample.encoding] + sample.raw(0, len(sample.lines)))
    path.chmod(sample.mode)
    return path


def check(path: Path, sample: Sample, head: bytes, rest: bytes, new: str) -> None:
    data = path.read_bytes()
    assert data.startswith(head)
    assert data.endswith(rest)
    middle = data[len(head) : len(data) - len(rest)].decode(sample.encoding.split()[0])
    assert middle.replace("\r\n", "\n") == new.replace("\r\n", "\n")
    if len(set(filter(None, sample.endings))) == 1 and "\n" in middle:
        assert ("\r\n" in middle) == ("\r\n" in sample.endings)
    assert path.stat().st_mode & 0o777 == sample.mode
