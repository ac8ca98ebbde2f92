"""Lines come out as they went in, however the bytes are cut."""

import asyncio
import os

from hypothesis import given
from hypothesis import strategies as st

from kimicode.tui.typed_lines import TypedLines


async def lines_of(pieces: list[bytes]) -> list[str]:
    reading, writing = os.pipe()
    typed = TypedLines(reading)
    typed.start()
    found = []
    try:
        for piece in pieces:
            os.write(writing, piece)
            await asyncio.sleep(0)
        os.close(writing)
        while (line := await typed.next()) is not None:
            found.append(line)
    finally:
        typed.stop()
        os.close(reading)
    return found


@given(
    lines=st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=10)),
    cut=st.integers(1, 9),
)
def test_any_lines_survive_any_cut(lines, cut):
    data = "".join(f"{line}\n" for line in lines).encode()
    pieces = [data[start : start + cut] for start in range(0, len(data), cut)]
    assert asyncio.run(lines_of(pieces)) == lines


def test_a_last_line_without_an_end_and_foreign_ends_count():
    assert asyncio.run(lines_of([b"one\r\ntw", b"o"])) == ["one", "two"]


def test_bytes_that_are_no_text_are_replaced():
    assert asyncio.run(lines_of([b"a\xffb\n"])) == ["a\ufffdb"]


async def test_a_plain_file_is_read_to_its_end(tmp_path):
    (tmp_path / "file").write_text("one\ntwo\n")
    with (tmp_path / "file").open("rb") as file:
        typed = TypedLines(file.fileno())
        typed.start()
        assert [await typed.next() for _ in range(3)] == ["one", "two", None]
        typed.stop()
