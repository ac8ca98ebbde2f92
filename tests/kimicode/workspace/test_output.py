"""Output is bounded while it comes, and plain text when it is read."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.config.secrets import Redactor
from kimicode.workspace.output import HEAD, LINE_LIMIT, TAIL, OutputBuffer, clean, shorten_lines


@pytest.fixture
def spill(tmp_path):
    return tmp_path / "made" / "later" / "output.txt"


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        ("10%\r50%\r100%\n", "100%\n"),
        ("10%\r\x1b[K100%\r", "100%"),
        ("windows\r\nlines\r\n", "windows\nlines\n"),
        ("\x1b[1;31mred\x1b[0m \x1b[38:5:1mx", "red x"),
        ("\x1b]0;title\x07a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\b", "alinkb"),
        ("\x1bPsixel\x1b\\a\x1b_apc\x1b\\b\x1b^pm\x1b\\c", "abc"),
        ("\x9b31mred\x9d0;title\x9cb", "redb"),
        ("\x1b]never ended\nnext line", "\nnext line"),
        ("\x1b(B\x1b=\x1b7a\x1bcb", "ab"),
        ("spin |\b/\b-\b done", "spin  done"),
        ("nul\0bell\a\x7f\ttab\x1b", "nulbell\ttab"),
        ("a\x1b[", "a"),
    ],
)
def test_what_a_terminal_would_swallow_is_not_shown(raw, seen):
    assert clean(raw) == seen


@given(st.text(alphabet=st.sampled_from("ab\r\n\t\b\0\x07\x1b[]()PX^_0;m?\x90\x9b\x9c\x9d\u00e9")))
def test_cleaned_text_has_no_controls_and_is_clean_already(text):
    cleaned = clean(text)
    assert not {c for c in cleaned if ord(c) < 32 or 127 <= ord(c) < 160} - {"\n", "\t"}
    assert cleaned.count("\n") == text.count("\n")
    assert clean(cleaned) == cleaned


@given(st.text())
def test_plain_text_stays_as_it_is(text):
    plain = "".join(c for c in text if c in "\n\t" or not (ord(c) < 32 or 127 <= ord(c) < 160))
    assert clean(plain) == plain


@pytest.mark.parametrize("unit", ["\x1b[", "\x1b]", "\x1bP", "\x1b[1;", "\r", "a\b", "\x9b ", "\x1b[0 ", "\b"])
def test_hostile_output_is_cleaned_in_linear_time(unit):
    began = time.process_time()
    clean(unit * 200_000)
    clean("\x1b[" + unit[-1] * 400_000)
    assert time.process_time() - began < 2


def test_a_long_line_is_cut_and_says_so():
    assert shorten_lines("short\n" + "x" * (LINE_LIMIT + 5)).endswith("x[... 5 characters of this line left out]")


def test_short_output_never_touches_the_disk(spill):
    buffer = OutputBuffer(spill)
    buffer.write(b"x\n" * (HEAD // 2))
    buffer.write(b"y\n" * (TAIL // 2))
    excerpt = buffer.take(final=True)
    assert excerpt.text == "x\n" * (HEAD // 2) + "y\n" * (TAIL // 2)
    assert not excerpt.truncated
    assert not spill.parent.exists()


def test_long_output_keeps_both_ends_and_the_file_has_all(spill):
    data = b"".join(b"line %d\n" % i for i in range(20_000))
    buffer = OutputBuffer(spill)
    for start in range(0, len(data), 777):
        buffer.write(data[start : start + 777])
    excerpt = buffer.take(final=True)
    buffer.close()
    head, note, tail = excerpt.text.partition("[... ")[0], excerpt.text.partition("[... ")[2], excerpt.text[-20:]
    assert head.startswith("line 0\nline 1\n")
    assert head.endswith("\n")
    assert tail.endswith("line 19999\n")
    assert f"bytes left out; the whole output is in {spill}" in note
    assert len(excerpt.text) < HEAD + TAIL + 300
    assert excerpt.spill == spill
    assert spill.read_bytes() == data
    assert spill.stat().st_mode & 0o077 == 0


@given(st.lists(st.binary(max_size=50_000), max_size=5), st.booleans())
def test_whatever_comes_in_whatever_pieces_memory_and_text_stay_bounded(tmp_path_factory, chunks, often):
    spill = tmp_path_factory.mktemp("spill") / "file"
    buffer = OutputBuffer(spill)
    texts = []
    for chunk in chunks:
        buffer.write(chunk)
        if often:
            texts.append(buffer.take(final=False).text)
    texts.append(buffer.take(final=True).text)
    buffer.close()
    assert all(len(text) < HEAD + TAIL + 60 * len(text.split("\n")) + 400 for text in texts)
    if not often and len(b"".join(chunks)) > HEAD + TAIL:
        assert spill.read_bytes() == b"".join(chunks)


def test_a_character_split_between_two_looks_is_shown_once_and_whole(spill):
    buffer = OutputBuffer(spill)
    encoded = "né€😀\n".encode()
    seen = ""
    for byte in encoded:
        buffer.write(bytes([byte]))
        seen += buffer.take(final=False).text
    assert seen == "né€😀\n"


def test_bytes_that_are_no_text_are_shown_as_replacements(spill):
    buffer = OutputBuffer(spill)
    buffer.write(b"caf\xe9\n\xff\xfe")
    assert buffer.take(final=True).text == "caf\ufffd\n\ufffd\ufffd"


def test_one_endless_line_keeps_a_little_and_the_file_has_all(spill):
    buffer = OutputBuffer(spill)
    buffer.write("é".encode() * 500_000)
    excerpt = buffer.take(final=True)
    buffer.close()
    assert len(excerpt.text) < 2 * LINE_LIMIT + 400
    assert "\ufffd" not in excerpt.text
    assert spill.stat().st_size == 1_000_000


def test_a_cut_line_alone_also_leads_to_the_file(spill):
    buffer = OutputBuffer(spill)
    buffer.write(b"x" * 5_000)
    excerpt = buffer.take(final=True)
    buffer.close()
    assert excerpt.truncated
    assert f"long lines were cut; the whole output is in {spill}" in excerpt.text
    assert spill.read_bytes() == b"x" * 5_000


def test_where_the_file_cannot_be_made_the_output_says_why(tmp_path):
    (tmp_path / "file").write_text("")
    buffer = OutputBuffer(tmp_path / "file" / "spill")
    buffer.write(b"x\n" * 50_000)
    excerpt = buffer.take(final=True)
    assert "could not be saved: File exists" in excerpt.text
    assert excerpt.spill is None


@pytest.mark.parametrize(
    ("data", "line"), [(b"a\nb", "b"), (b"a\n", ""), (b"", ""), (b"x" * 40_000 + b"\nPassword: ", "Password: ")]
)
def test_the_unfinished_line_is_known(spill, data, line):
    buffer = OutputBuffer(spill)
    buffer.write(data)
    assert buffer.last_line == line
    buffer.close()


def test_the_file_with_the_whole_output_holds_no_secrets_and_every_other_byte(tmp_path):
    key = b"sk-" + b"A1b2C3d4" * 5
    buffer = OutputBuffer(tmp_path / "spill", Redactor())
    noise = b"\xff\x00 line \xc3\xa4\n" * 3000
    for piece in (noise, b"the key is " + key[:10], key[10:], b" and more\n\xc3", noise):
        buffer.write(piece)
    buffer.take(final=True)
    buffer.close()
    saved = (tmp_path / "spill").read_bytes()
    assert key not in saved
    assert saved == noise + b"the key is [redacted: API key] and more\n\xc3" + noise
