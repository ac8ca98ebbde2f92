"""Detection picks an encoding that loses nothing; what is binary is called binary."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.workspace.document import Document
from kimicode.workspace.encoding import detect, showable, shown_path


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda t: t.encode("utf-8", "ignore")))
def test_every_byte_survives_decoding_and_encoding(data):
    document = Document.from_bytes(data)
    if document is not None:
        assert document.to_bytes() == data


@given(
    st.text(alphabet="aé文😀\r\n\t", max_size=60), st.sampled_from(["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
)
def test_marked_files_survive_too(text, codec):
    marks = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}
    data = marks.get(codec, b"") + text.encode(codec)
    document = Document.from_bytes(data)
    assert document is not None
    assert document.raw == text
    assert document.to_bytes() == data


@pytest.mark.parametrize(
    ("data", "codec"),
    [
        (b"", "utf-8"),
        ("naïve 文".encode(), "utf-8"),
        ("déjà vu, voilà".encode("latin-1"), "cp1252"),
        ("“quoted” €".encode("cp1252"), "cp1252"),
        ("naïve déjà vu ".encode() + b"\xff", "utf-8"),
        (b"\x81\x8d\x90 strange", "ascii"),
        (b"\xef\xbb\xbftext \xff", "utf-8"),
    ],
)
def test_the_likely_encoding_is_found(data, codec):
    encoding = detect(data)
    assert encoding is not None
    assert encoding.codec == codec
    assert encoding.encode(encoding.decode(data)) == data


@pytest.mark.parametrize(
    "data",
    [b"ELF\0\1", b"\xff\xfea\0b", "utf-32".encode("utf-32"), b"\xef\xbb\xbfa\0b", b"a" * 8000 + b"\0"],
)
def test_binary_data_is_recognised(data):
    assert detect(data) is None


def test_a_long_utf16_file_is_text_wherever_the_sniffed_part_ends():
    assert detect(b"\xff\xfe" + "a".encode("utf-16-le") + "😀".encode("utf-16-le") * 5000) is not None
    assert detect(b"\xff\xfe" + "😀".encode("utf-16-le") * 5000) is not None


def test_an_encoding_names_the_first_character_that_it_lacks():
    western = detect("é".encode("latin-1"))
    assert western is not None
    assert western.lacks("né") == ""
    assert western.lacks("a文b") == "文"


def test_undecodable_bytes_are_shown_as_replacement_characters():
    assert showable(b"a\xffb".decode("utf-8", "surrogateescape")) == "a\ufffdb"


def test_a_path_is_shown_on_one_line_and_cannot_steer_a_terminal():
    name = b"a\xff\nb\x1b[2Jc\xc3\xa9".decode("utf-8", "surrogateescape")
    assert shown_path(name) == "a\\xff\\x0ab\\x1b[2Jcé"
