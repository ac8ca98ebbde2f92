"""Live output is cleaned even where its pieces cut characters and escape sequences in two."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from kimicode.workspace.live import LiveReport
from kimicode.workspace.output import clean


async def reported(pieces: list[bytes], pause: float) -> list[str]:
    reports: list[str] = []
    live = LiveReport(reports.append)
    for piece in pieces:
        live.write(piece)
        await asyncio.sleep(pause)
    live.close()
    live.write(b"too late")
    live.close()
    return reports


async def test_pieces_within_a_moment_come_as_one():
    assert await reported([b"a", b"b", b"c"], 0) == ["abc"]


async def test_split_characters_and_escapes_wait_for_their_rest():
    pieces = [b"caf\xc3", b"\xa9 \x1b[3", b"1mred\x1b]0;ti", b"tle\x07!"]
    assert await reported(pieces, 0.08) == ["caf", "é ", "red", "!"]


async def test_an_escape_that_never_ends_is_not_shown_and_nothing_hangs():
    assert await reported([b"before\x1b]0;title"], 0.08) == ["before"]


@given(
    st.lists(st.sampled_from([b"a", b"\x1b[31m", b"\x1b", b"[", b"\xc3", b"\xa9", b"\n", b"\x1b]0;x\x07"]), max_size=30)
)
def test_what_is_reported_at_once_is_what_would_be_read_later(pieces):
    shown = "".join(asyncio.run(reported(pieces, 0)))
    whole = b"".join(pieces)
    assert shown == clean(whole.decode("utf-8", "replace")) or whole.endswith((b"\xc3", b"\x1b"))
