"""The end of an answer while it grows: it shows what the finished answer will show, and keeps what it has painted."""

from hypothesis import given, settings
from hypothesis import strategies as st

from kimicode.tui.content import Markdown
from kimicode.tui.palette import DARK, Look
from kimicode.tui.text.render import render
from kimicode.tui.text.tail import Tail

LOOK = Look(DARK)
SOURCE = """Some *words* first.

```python
def f(x):
\treturn x

# a comment that is longer than the line is wide
```
- one
- two

  | a | b |
  |---|---|
  | 1 | 2 |

The end, `finally`."""


def texts(lines):
    return [line.text for line in lines]


def shown(closed, tail, width):
    return [line for piece in closed for line in render(piece, width, LOOK)] + tail.lines(width, LOOK)


@settings(deadline=None)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=5), st.sampled_from([20, 60]))
def test_a_stream_ends_up_as_the_whole_answer(sizes, width):
    tail, closed, at, turn = Tail(), [], 0, 0
    while at < len(SOURCE):
        size = sizes[turn % len(sizes)]
        closed += tail.feed(SOURCE[at : at + size])
        tail.lines(width, LOOK)
        at, turn = at + size, turn + 1
    assert texts(shown(closed, tail, width)) == texts(render(Markdown(SOURCE), width, LOOK))
    closed += tail.finish()
    assert "".join(piece.source for piece in closed) == SOURCE
    assert [piece.first for piece in closed] == [True] + [False] * (len(closed) - 1)


def test_finished_lines_of_an_open_fence_are_painted_once():
    tail = Tail()
    tail.feed("```python\n" + "x = 1\n" * 500)
    before = tail.lines(80, LOOK)
    tail.feed("y = 2\nz")
    after = tail.lines(80, LOOK)
    assert all(one is other for one, other in zip(before, after, strict=False))
    assert texts(after[-2:]) == ["y = 2", "z"]


def test_the_lines_above_the_cursor_of_a_paragraph_stay_the_same_objects():
    tail = Tail()
    tail.feed("word " * 40)
    before = tail.lines(40, LOOK)
    tail.feed("more ")
    after = tail.lines(40, LOOK)
    assert all(one is other for one, other in zip(before[:-1], after, strict=False))


def test_a_new_width_or_look_paints_anew():
    tail = Tail()
    tail.feed("text\n\n```\n" + "word " * 10 + "\n")
    assert len(tail.lines(80, LOOK)) == 2
    assert len(tail.lines(30, LOOK)) == 3
    assert tail.lines(30, Look(DARK, ascii=True))[1].strip.text.startswith("  | word")


def test_the_mark_that_ends_a_fence_is_not_seen_as_code():
    tail = Tail()
    tail.feed("```\ncode\n``")
    assert texts(tail.lines(80, LOOK)) == ["code"]


def test_what_is_half_written_does_not_change_its_looks_when_it_ends():
    tail = Tail()
    tail.feed("It is **very impor")
    (line,) = tail.lines(80, LOOK)
    assert line.text == "It is very impor"
    tail.finish()
    tail.feed("Not a title\n-")
    assert texts(tail.lines(80, LOOK)) == ["Not a title"]


def test_code_in_a_list_is_not_taken_for_emphasis():
    tail = Tail()
    tail.feed("- so:\n  ```python\n  x ** 2")
    assert texts(tail.lines(80, LOOK))[-1] == "x ** 2"


def test_an_answer_is_followed_by_a_new_one():
    tail = Tail()
    tail.feed("one")
    assert tail.finish() == [Markdown("one", first=True)]
    tail.feed("two")
    assert tail.content == Markdown("two", open=True, first=True)
