"""Server-sent events, however the bytes fall."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.llm.sse import EventStream

LINES = st.lists(st.text(alphabet=st.characters(exclude_characters="\r\n", codec="utf-8"), min_size=1))


@given(LINES, st.sampled_from(["\n", "\r\n", "\r"]), st.lists(st.integers(1, 9)))
def test_payloads_survive_any_line_end_and_any_cut(payloads, end, cuts):
    data = "".join(f"data: {payload}{end}{end}" for payload in payloads).encode()
    events, seen, start = EventStream(), [], 0
    for size in [*cuts, len(data)]:
        seen += events.feed(data[start : start + size])
        start += size
    assert seen + events.close() == payloads
    assert not events.stray


@given(st.lists(st.binary()))
def test_no_bytes_break_it(chunks):
    events = EventStream()
    for chunk in chunks:
        events.feed(chunk)
    events.close()


def test_several_data_lines_are_one_payload_and_comments_are_none():
    assert EventStream().feed(b": ping\n\nevent: x\nid: 1\ndata: a\ndata:b\n\n") == ["a\nb"]


def test_the_last_payload_counts_without_its_blank_line():
    events = EventStream()
    assert events.feed(b"data: [DONE]") == []
    assert events.close() == ["[DONE]"]


@pytest.mark.parametrize("body", [b"<html>\n<body>\n</html>", b'{"choices": []}'])
def test_what_is_no_event_is_kept_aside(body):
    events = EventStream()
    assert events.feed(body) + events.close() == []
    assert events.stray.strip() == body


def test_a_huge_line_takes_linear_time():
    events = EventStream()
    for _ in range(5_000):
        assert events.feed(b"x" * 1_000) == []
