"""A streamed answer in pieces: none is closed too early, none is lost, and they look like the whole."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kimicode.tui.content import Markdown
from kimicode.tui.palette import DARK, Look
from kimicode.tui.text.markdown import Splitter, code_blocks, language, split
from kimicode.tui.text.render import render

LOOK = Look(DARK)

words = st.sampled_from(
    ["plain words", "**bold** and `code`", "漢字 🎉", "a [link](http://x.y)", "1 < 2 & 3", "\\* escaped"]
)
paragraph = st.lists(words, min_size=1, max_size=3).map("\n".join)
heading = st.tuples(st.integers(1, 4), words).map(lambda pair: "#" * pair[0] + " " + pair[1])
code_line = st.sampled_from(
    ["x = 1", "", "# not a heading", "- not a list", "    deep", "| a | b |", "> no quote", "~~~"]
)
code = st.lists(code_line, max_size=5).map(lambda lines: "\n".join(["```python", *lines, "```"]))
table = st.lists(words, min_size=1, max_size=3).map(
    lambda rows: "\n".join(["| a | b |", "|---|:-:|", *(f"| {row} | x |" for row in rows)])
)
quote = st.lists(words, min_size=1, max_size=3).map(lambda lines: "\n".join(f"> {line}" for line in lines))


@st.composite
def lists(draw):
    """A list as models write them: numbered or not, loose or tight, with paragraphs, code and lists inside."""
    mark = draw(st.sampled_from(["- ", "* ", "1. ", "10) "]))
    indent = " " * len(mark)
    gap = draw(st.sampled_from(["\n", "\n\n"]))
    items = []
    for _ in range(draw(st.integers(1, 3))):
        inner = draw(st.lists(st.one_of(paragraph, code, quote, words.map("- {}".format)), min_size=1, max_size=3))
        lines = "\n\n".join([draw(words), *inner]).split("\n")
        items.append(mark + "\n".join(indent + line if line else "" for line in lines)[len(indent) :])
    return gap.join(items)


block = st.one_of(paragraph, heading, code, table, quote, lists(), st.just("---"), st.just("    indented\n\n    code"))
documents = st.lists(block, max_size=6).map(lambda blocks: "\n\n".join(blocks) + "\n")
soup = st.lists(
    st.sampled_from(
        ["- a", "  - b", "1. c", "```", "  ```", "~~~~", "# h", "", "", "text", "    x", "> q", "|a|", "---", "\t", "*"]
    ),
    max_size=20,
).map("\n".join)


def texts(lines):
    return [line.strip.text.rstrip() for line in lines]


def chunks(text, sizes):
    at = 0
    while at < len(text):
        size = sizes[at % len(sizes)]
        yield text[at : at + size]
        at += size


@settings(deadline=None)
@given(st.one_of(documents, soup, st.text()), st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_the_pieces_are_the_source_however_it_is_chopped(source, sizes):
    splitter = Splitter()
    pieces = []
    fed = ""
    for delta in chunks(source, sizes):
        fed += delta
        pieces += splitter.feed(delta)
        assert "".join(pieces) + splitter.rest == fed
    pieces += splitter.finish()
    assert pieces == split(source)
    assert "".join(pieces) == source


@settings(deadline=None, max_examples=200)
@given(documents, st.sampled_from([30, 80]))
def test_the_pieces_look_like_the_whole(source, width):
    pieces = [
        line for at, piece in enumerate(split(source)) for line in render(Markdown(piece, first=at == 0), width, LOOK)
    ]
    assert texts(pieces) == texts(render(Markdown(source), width, LOOK))


@pytest.mark.parametrize(
    ("source", "pieces"),
    [
        ("one\n\ntwo\n", ["one\n", "\ntwo\n"]),
        ("# head\ntext\n", ["# head\n", "text\n"]),
        ("text\n```\na\n\nb\n```\nmore\n", ["text\n", "```\na\n\nb\n```\n", "more\n"]),
        ("````\n```\n\n````\nx", ["````\n```\n\n````\n", "x"]),
        ("- a\n\n  more of a\n- b\n\nend\n", ["- a\n\n  more of a\n", "- b\n", "\nend\n"]),
        ("1. a\n   ```\n   x\n\n   y\n   ```\n2. b\n", ["1. a\n   ```\n   x\n\n   y\n   ```\n", "2. b\n"]),
        ("    code\n\n    code\n", ["    code\n\n    code\n"]),
        ("Title\n---\ntext\n", ["Title\n---\ntext\n"]),
        ("a\n\n---\nb\n", ["a\n", "\n---\n", "b\n"]),
        ("in 1986.\n1987. is no list\n", ["in 1986.\n1987. is no list\n"]),
        ("crlf\r\n\r\ntwo\r\n", ["crlf\r\n", "\r\ntwo\r\n"]),
        ("``` not a ` fence\n\nx\n", ["``` not a ` fence\n", "\nx\n"]),
        ("\n\n", ["\n\n"]),
        ("", []),
    ],
)
def test_blocks_end_where_they_certainly_do(source, pieces):
    assert split(source) == pieces


def test_a_block_is_closed_as_soon_as_its_end_is_seen():
    splitter = Splitter()
    assert splitter.feed("para\n\n") == []
    assert splitter.feed("ne") == []
    assert splitter.feed("xt\n") == ["para\n"]
    assert splitter.feed("```py\nx\n") == ["\nnext\n"]
    assert splitter.fence["info"] == "py"
    assert splitter.feed("```\n") == ["```py\nx\n```\n"]
    assert splitter.rest == ""


def test_a_long_line_costs_what_it_brings():
    splitter = Splitter()
    for _ in range(100_000):
        splitter.feed("token ")
    assert len(splitter.rest) == 600_000


def test_code_blocks_are_found_as_they_were_written():
    assert code_blocks("a\n\n```py\n\tx = 1\n```\n\n- b\n  ~~~\n  y\n  ~~~\n") == ["\tx = 1\n", "y\n"]


def test_a_fence_names_its_language_in_several_ways():
    assert [language(info) for info in (" Python", "{.rust}", "js {1,3}", "")] == ["python", "rust", "js", ""]
