"""Bytes become text whatever the page says of them, and never slowly."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.workspace.network.charset import media_type, text_of


@pytest.mark.parametrize(
    ("header", "kind", "charset"),
    [
        ("text/html", "text/html", ""),
        ("Text/HTML; Charset=UTF-8", "text/html", "UTF-8"),
        ('text/html; charset="iso-8859-1"; x=y', "text/html", "iso-8859-1"),
        ("", "", ""),
        ("nonsense", "text/plain", ""),
    ],
)
def test_a_header_names_a_type_and_a_charset(header, kind, charset):
    assert media_type(header) == (kind, charset)


@pytest.mark.parametrize(
    ("body", "charset", "text"),
    [
        ("Grüße".encode(), "", "Grüße"),
        ("Grüße".encode("latin-1"), "", "Grüße"),
        ("Grüße".encode("latin-1"), "ISO-8859-1", "Grüße"),
        ("日本".encode("shift_jis"), "Shift_JIS", "日本"),
        (b"\xef\xbb\xbfabc", "latin-1", "abc"),
        ("Grüße".encode("utf-16"), "", "Grüße"),
        (b'<meta charset="koi8-r">' + "мир".encode("koi8-r"), "", '<meta charset="koi8-r">мир'),
        ("Grüß".encode()[:-1], "", "Gr\u00fc\ufffd"),
        (b"\xff\xfe", "no such charset", ""),
    ],
)
def test_the_charset_is_found(body, charset, text):
    assert text_of(body, charset) == text


@pytest.mark.parametrize(
    "charset", ["punycode", "idna", "utf-7", "unicode_escape", "rot13", "zip", "hex", "a" * 9999, "x\0"]
)
def test_what_is_no_charset_of_the_web_is_passed_over(charset):
    body = b"a-" * 100_000
    began = time.process_time()
    assert text_of(body, charset) == body.decode()
    assert time.process_time() - began < 5


@given(st.binary(max_size=200), st.text(max_size=20))
def test_no_bytes_break_it(body, charset):
    text_of(body, charset).encode()
    media_type(charset)
