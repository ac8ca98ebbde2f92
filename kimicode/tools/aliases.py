"""Argument names that models write instead of ours. They are accepted as input and never shown in a schema."""

from pydantic import AliasChoices

PATH = AliasChoices("path", "file", "file_path", "filename", "filepath")
OLD_STR = AliasChoices("old_str", "old_string", "old_text", "old")
NEW_STR = AliasChoices("new_str", "new_string", "new_text", "new")
FILE_TEXT = AliasChoices("file_text", "content", "text", "contents", "file_content")
INSERT_LINE = AliasChoices("insert_line", "line")
