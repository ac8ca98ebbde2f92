"""Which language a file is in."""

import pytest

from kimicode.index.languages import GRAMMARS, grammar, language_of


@pytest.mark.parametrize(
    ("path", "text", "language"),
    [
        ("a/b.py", "", "python"),
        ("a.TSX", "", "tsx"),
        ("Rakefile", "", "ruby"),
        ("x.h", "struct a { int b; };", "c"),
        ("x.h", "namespace a { class B; }", "cpp"),
        ("bin/tool", "#!/usr/bin/env python3\n", "python"),
        ("bin/tool", "#!/bin/sh\n", "bash"),
        ("bin/tool", "just text", "text"),
        ("README.md", "", "markdown"),
        (".gitignore", "", "text"),
        ("a.unknown", "#!/bin/sh\n", "text"),
    ],
)
def test_name_first_line_and_content_tell_the_language(path, text, language):
    assert language_of(path, text.encode()) == language


@pytest.mark.parametrize("language", GRAMMARS)
def test_every_language_has_a_grammar_and_a_query_that_fits_it(language):
    loaded = grammar(language)
    assert loaded is not None
    names = {loaded[1].capture_name(number) for number in range(loaded[1].capture_count)}
    assert {"name", "reference"} <= names


def test_text_has_no_grammar():
    assert grammar("text") is None
