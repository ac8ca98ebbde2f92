"""Lines keep their endings; new lines take those of their neighbours."""

from hypothesis import given
from hypothesis import strategies as st

from kimicode.workspace.document import Document


def test_new_lines_in_a_crlf_file_end_in_crlf():
    document = Document.of("a\r\nb\r\n")
    assert document.replaced(2, 3, "x\ny").raw == "a\r\nx\r\ny\r\n"


def test_in_a_mixed_file_a_repeated_line_keeps_its_own_ending():
    document = Document.of("a\r\nb\nc\r\nd\n")
    edited = document.replaced(0, 6, "a\nb\nnew\nc\n")
    assert edited.raw == "a\r\nb\nnew\r\nc\r\nd\n"


def test_lines_do_not_count_an_end_that_is_not_there():
    assert Document.of("").lines == []
    assert Document.of("a\n").lines == ["a"]
    assert Document.of("a\nb").lines == ["a", "b"]
    assert Document.of("a\x0cb\u2028c\rd\n").lines == ["a\x0cb\u2028c\rd"]


@given(
    st.lists(st.tuples(st.text("ab \t", max_size=3), st.sampled_from(["\n", "\r\n"])), max_size=8),
    st.text("ab", max_size=2),
    st.text("ab\n", max_size=8),
    st.data(),
)
def test_an_edit_leaves_the_raw_text_around_it_as_it_was(lines, tail, new, data):
    raw = "".join(text + ending for text, ending in lines) + tail
    document = Document.of(raw)
    start = data.draw(st.integers(0, len(document.text)))
    end = data.draw(st.integers(start, len(document.text)))
    head = Document(document.text[:start], document.endings[: document.text.count("\n", 0, start)]).raw
    rest = Document(document.text[end:], document.endings[document.text.count("\n", 0, end) :]).raw

    edited = document.replaced(start, end, new)

    assert edited.raw.startswith(head)
    assert edited.raw.endswith(rest)
    assert edited.raw[len(head) : len(edited.raw) - len(rest)].replace("\r\n", "\n") == new
