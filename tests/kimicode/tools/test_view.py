"""What the model sees of files, images and folders, and how it asks for more."""

import base64
import os
from typing import Any

import pytest
from pydantic import ValidationError

from kimicode.errors import ToolError
from kimicode.messages import Image, Text
from kimicode.tools.base import Access, ToolContext
from kimicode.tools.view import View, ViewArguments
from kimicode.workspace.files import Files
from kimicode.workspace.shell import Shell

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


@pytest.fixture
def context(tmp_path):
    root = tmp_path / "project"
    root.mkdir()
    return ToolContext(Files(root), Shell(root, tmp_path / "spill"), lambda steps: None)


async def view(context: ToolContext, path: str, view_range: Any = None) -> str:
    arguments = ViewArguments.model_validate({"path": path, "view_range": view_range})
    outcome = await View().run(arguments, context)
    assert isinstance(outcome.content[0], Text)
    return outcome.content[0].text


async def test_lines_come_with_numbers_and_a_whole_file_without_remarks(context):
    (context.files.root / "f").write_text("one\n\n\tthree\n")
    assert await view(context, "f") == "1\tone\n2\t\n3\t\tthree"


async def test_a_long_file_is_shown_in_part_with_the_way_to_go_on(context):
    (context.files.root / "f").write_text("x\n" * 1234)
    shown = (await view(context, "f")).splitlines()
    assert shown[399:] == ["400\tx", "[1234 lines in all; for more: view_range [401, 800]]"]
    shown = (await view(context, "f", [1, -1])).splitlines()
    assert shown[999:] == ["1000\tx", "[1234 lines in all; for more: view_range [1001, 1234]]"]


async def test_wide_lines_end_the_view_by_bytes_and_are_cut_by_characters(context):
    (context.files.root / "wide").write_text(("é" * 1000 + "\n") * 100)
    assert len((await view(context, "wide")).encode()) < 31_000
    (context.files.root / "one").write_text("x" * 5000)
    assert (await view(context, "one")).endswith("... [cut: the line has 5000 characters]")


@pytest.mark.parametrize(
    ("view_range", "numbers"),
    [
        ([2, 3], [2, 3]),
        ([9, -1], [9, 10]),
        ([-2, -1], [9, 10]),
        ([-99, 2], [1, 2]),
        ([0, 2], [1, 2]),
        ([9, 99], [9, 10]),
        ("[2, 3]", [2, 3]),
        ("2-3", [2, 3]),
        ("(2, 3)", [2, 3]),
        ("-2:-1", [9, 10]),
        ("9--1", [9, 10]),
        (["2", "3"], [2, 3]),
        ([], list(range(1, 11))),
        ("", list(range(1, 11))),
    ],
)
async def test_ranges_are_understood_as_models_write_them(context, view_range, numbers):
    (context.files.root / "f").write_text("x\n" * 10)
    lines = (await view(context, "f", view_range)).splitlines()
    assert [int(line.split("\t")[0]) for line in lines if "\t" in line] == numbers


@pytest.mark.parametrize("view_range", [[11, 12], [5, 4]])
async def test_ranges_outside_the_file_say_how_long_it_is(context, view_range):
    (context.files.root / "f").write_text("x\n" * 10)
    with pytest.raises(ToolError, match="it has 10 lines"):
        await view(context, "f", view_range)


@pytest.mark.parametrize("view_range", [[1], [1, 2, 3], "all", ["a", "b"], 5])
def test_ranges_without_sense_are_refused(view_range):
    with pytest.raises(ValidationError):
        ViewArguments.model_validate({"path": "f", "view_range": view_range})


async def test_an_empty_file_is_said_to_be_empty(context):
    (context.files.root / "f").touch()
    assert await view(context, "f") == "(empty file)"


async def test_hidden_characters_are_counted(context):
    (context.files.root / "f").write_text("plain 👩\u200d💻\nx\u202ey\u200b\nt\U000e0041\n")
    assert (await view(context, "f")).endswith(
        "[note: 3 invisible Unicode characters (zero width, bidi or tags), first in line 2]"
    )
    (context.files.root / "g").write_text("👩\u200d💻\n")
    assert "note" not in await view(context, "g")


async def test_bytes_without_a_character_can_be_sent(context):
    (context.files.root / "f").write_bytes("naïve déjà ".encode() + b"\xff\n")
    assert (await view(context, "f")).encode().decode() == "1\tnaïve déjà \ufffd"


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0 rest", "image/jpeg"),
        (b"GIF89a rest", "image/gif"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
    ],
)
async def test_images_are_recognised_by_content(context, data, media_type):
    (context.files.root / "picture.dat").write_bytes(data)
    outcome = await View().run(ViewArguments(path="picture.dat"), context)
    assert outcome.content[1] == Image(media_type, base64.b64encode(data).decode())


async def test_large_images_are_refused(context):
    (context.files.root / "p.png").write_bytes(PNG + b"\0" * 5_000_000)
    with pytest.raises(ToolError, match="at most 5 MB"):
        await view(context, "p.png")


async def test_a_folder_is_listed_two_levels_deep_without_clutter(context):
    root = context.files.root
    for name in ("src/deep/deeper/x", "src/a.py", "node_modules/m/i.js", "src/__pycache__/a.pyc", ".git/HEAD", "b.txt"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    (root / "odd\nname").touch()
    (root / "loop").symlink_to(".")
    assert (await view(context, ".")).splitlines() == [
        "b.txt", "loop", "odd\\nname", "src/", "src/a.py", "src/deep/",
    ]  # fmt: skip
    (root / "void").mkdir()
    assert await view(context, "void") == "(empty folder)"


async def test_a_folder_name_that_is_not_unicode_can_be_shown(context):
    os.mkdir(os.fsencode(context.files.root) + b"/bad\xff")
    assert await view(context, ".") == "bad\ufffd/"


async def test_a_crowded_folder_is_cut(context):
    for number in range(300):
        (context.files.root / f"{number:03}").touch()
    shown = (await view(context, ".")).splitlines()
    assert len(shown) == 201
    assert "first 200 entries" in shown[-1]


async def test_what_was_viewed_counts_as_seen(context):
    (context.files.root / "f").write_text("x")
    await view(context, "f")
    assert context.files.recently_seen(5) == ["f"]


async def test_missing_and_binary_files_are_refused(context):
    (context.files.root / "blob").write_bytes(b"\0\1")
    for path in ("blob", "missing", "n" * 300, "\udc80"):
        with pytest.raises(ToolError) as caught:
            await view(context, path)
        assert str(caught.value).encode()


@pytest.mark.parametrize("name", ["path", "file", "file_path", "filename", "filepath"])
def test_the_path_has_many_names_for_models_and_one_in_the_schema(name):
    assert ViewArguments.model_validate({name: "f"}).path == "f"
    spec = View.spec()
    assert spec.parameters == {
        "type": "object",
        "properties": {
            "path": {"type": "string"},
            "view_range": {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2},
        },
        "required": ["path"],
    }
    assert View.access is Access.READ
