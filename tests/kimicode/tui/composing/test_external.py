"""The person's own editor, played by small scripts."""

import pytest

from kimicode.tui.composing.external import EditorFailed, command, edit


def editor(folder, body):
    path = folder / "my editor"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


def test_what_the_editor_saved_comes_back(tmp_path):
    words = [editor(tmp_path, 'printf "more 你好\\n" >> "$1"')]
    assert edit("text\n", words) == "text\nmore 你好"


def test_an_editor_that_fails_leaves_the_text_alone(tmp_path):
    with pytest.raises(EditorFailed, match="status 3; the text is as it was"):
        edit("text", [editor(tmp_path, "exit 3")])
    with pytest.raises(EditorFailed, match="could not be used"):
        edit("text", [editor(tmp_path, 'rm "$1"')])
    with pytest.raises(EditorFailed, match="not UTF-8"):
        edit("text", [editor(tmp_path, "printf '\\377' > \"$1\"")])
    with pytest.raises(EditorFailed, match="could not be used"):
        edit("text", [str(tmp_path / "missing")])


def test_visual_goes_before_editor_and_may_have_arguments(tmp_path):
    path = editor(tmp_path, "")
    environ = {"VISUAL": f"'{path}' --wait", "EDITOR": "nano", "PATH": "/bin"}
    assert command(environ) == [path, "--wait"]


def test_a_missing_editor_is_named():
    with pytest.raises(EditorFailed, match="the editor nosuch was not found"):
        command({"EDITOR": "nosuch -x", "PATH": "/nowhere"})
    with pytest.raises(EditorFailed, match="no command line"):
        command({"EDITOR": "vi '", "PATH": "/bin"})
    with pytest.raises(EditorFailed, match="set \\$VISUAL or \\$EDITOR"):
        command({"PATH": "/nowhere"})
