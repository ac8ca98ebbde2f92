"""Answers as lines: what is read, what is copied, and what a hostile answer cannot do."""

import pytest

from kimicode.tui.content import Markdown
from kimicode.tui.palette import DARK, Look
from kimicode.tui.text.render import render

LOOK = Look(DARK)


def lines(source, width=60, look=LOOK, **more):
    return render(Markdown(source, **more), width, look)


def painted(source, width=60, look=LOOK):
    return [line.strip.text.rstrip() for line in lines(source, width, look)]


def styles(source):
    return {segment.text: segment.style for line in lines(source) for segment in line.strip}


def test_an_answer_begins_with_its_mark_and_goes_on_below_it():
    assert painted("one\n\ntwo") == ["● one", "", "  two"]
    assert [line.strip.text.rstrip() for line in lines("\ntwo", first=False)] == ["", "  two"]
    assert [line.strip.text.rstrip() for line in lines("two", first=False)] == ["  two"]
    assert lines("\n\n") == []


def test_a_copy_has_the_marks_of_lists_and_no_gutters():
    found = lines("- one two three\n  - four\n    ```\n    code\n    ```\n7. seven", 12)
    assert [(line.text, line.gutter, line.soft) for line in found] == [
        ("• one two ", 2, True),
        ("three", 4, False),
        ("  ◦ four", 2, False),
        ("code", 8, False),
        ("7. seven", 2, False),
    ]


def test_tasks_quotes_rules_and_titles():
    assert painted("# T\n- [ ] a\n- [x] b\n> q\n> r\n\n---", 10) == [
        "● T",
        "  ☐ a",
        "  ☑ b",
        "  ▌ q",
        "  ▌ r",
        "",
        "  ────────",
    ]


def test_emphasis_and_code_are_styles():
    found = styles("**a** *b* `c` ~~d~~")
    assert found["a"].bold
    assert found["b"].italic
    assert found["c"].color == DARK.code.color
    assert found["d"].strike


def test_a_link_shows_where_it_leads():
    assert painted("[click](https://evil.example/x) <https://a.b> [doc](src/app.py)") == [
        "● click (https://evil.example/x) https://a.b doc",
        "  (src/app.py)",
    ]
    found = styles("[click](https://evil.example/x) and https://a.b/c_(d), [doc](src/app.py)")
    assert found["click"].link == "https://evil.example/x"
    assert found["https://a.b/c_(d)"].link == "https://a.b/c_(d)"
    assert found["doc"].link is None


@pytest.mark.parametrize(
    "source",
    [
        "[x](javascript:alert(1))",
        "[x](https://a.b/\x1b]8;;http://c.d\x07)",
        "https://a.b/\u202egpj.exe",
        "&#27;[31m &#x202e; &#155; `&#27;`",
        "```\x1b]0;title\x07\n\x9b31m\n```",
        "| \x1b[2J | \u2066 |\n|-|-|\n| \r | \x00 |",
        "# \x07\n> \x1bc\n- \u200b\U000e0041",
    ],
)
def test_no_answer_drives_the_terminal(source):
    for line in lines(source):
        assert not set(line.strip.text) & set("\x00\x07\x1b\x9b\r\u202e\u2066\u200b\U000e0041")
        for segment in line.strip:
            assert segment.style.link is None or segment.style.link.isprintable()


def test_html_is_text():
    assert painted("<script>alert(1)</script>\n\n<b>x</b>") == ["● <script>alert(1)</script>", "", "  <b>x</b>"]


def test_images_are_their_words():
    assert painted("![a cat](cat.png) ![](dog.png)") == ["● [image: a cat] [image: dog.png]"]


def test_line_breaks_stay_where_they_were_written():
    assert painted("Roses\nViolets") == ["● Roses", "  Violets"]


def test_code_is_wrapped_softly_and_copied_whole():
    found = lines("```\n" + "x = 1; " * 5 + "\n```", 20)
    assert all(line.soft for line in found[:-1])
    assert "".join(line.text for line in found) == "x = 1; " * 5
    assert {line.gutter for line in found} == {4}


def test_what_is_nested_too_deep_or_opened_too_often_is_still_shown():
    assert "deep" in "".join(painted("> " * 200 + "deep", 500))
    assert "[" * 20_000 in "".join(line.text for line in lines("[" * 20_000))


def test_ascii_draws_with_ascii():
    source = "# T\n- a\n- [x] b\n> q\n\n|a|b|\n|-|-|\n|1|2|\n\n```\nx\n```\n---"
    assert "".join(painted(source, look=Look(DARK, ascii=True))).isascii()
