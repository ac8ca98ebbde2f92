"""The documents name what is there: the map of the package, its tests, the providers, the exit codes."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kimicode.config.catalog import HOSTED, SELF_HOSTED_BY_PORT
from kimicode.config.schema import Settings
from kimicode.errors import ExitCode

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "kimicode"
BUGS = PACKAGE / "benchmarks" / "bugs"
DOCUMENTS = [
    *("README.md", "kimicode/README.md", "kimicode/benchmarks/README.md", "kimicode/tui/README.md"),
    "kimicode/review/README.md",
    *(".github/CONTRIBUTING.md", ".github/SECURITY.md", ".github/CHANGELOG.md"),
]
PATH = re.compile(r"[\w./-]+")
LINK = re.compile(r"\]\(([^)#]+)\)")


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def mapped() -> Iterator[Path]:
    """The paths in the maps: a line at the margin names a folder, an indented one a file or folder in it."""
    for top in (PACKAGE, PACKAGE / "tui", PACKAGE / "review"):
        text = (top / "README.md").read_text("utf-8")
        block = text.split("## The map", 1)[1].split("\n## ", 1)[0].split("```")[-2]
        folder = top
        for line in filter(None, block.splitlines()):
            name = line.split()[0]
            if line.startswith(" "):
                yield folder / name
            else:
                folder = top / name
                yield folder


def modules() -> set[Path]:
    """Every module of the package; the bug set is data, and an `__init__` is its folder."""
    found = (path for path in PACKAGE.rglob("*.py") if BUGS not in path.parents and path.name != "__init__.py")
    return set(found)


def test_every_module_has_its_line_in_the_map():
    missing = sorted(str(path.relative_to(PACKAGE)) for path in modules() - set(mapped()))
    assert not missing, f"kimicode/README.md does not say what these are: {missing}"


def test_everything_in_the_map_exists_and_stands_there_once():
    listed = list(mapped())
    gone = [str(path.relative_to(PACKAGE)) for path in listed if not path.exists()]
    assert not gone, f"kimicode/README.md names what is not there: {gone}"
    files = [path for path in listed if path.is_file()]
    assert len(files) == len(set(files))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_and_code_paths_lead_somewhere(document):
    text = read(document)
    near = (ROOT / document).parent
    targets = [near / target for target in LINK.findall(text) if "://" not in target]
    quoted = [word for word in re.findall(r"`([^`\n]+)`", text) if PATH.fullmatch(word) and word.endswith(".py")]
    gone = [str(target) for target in targets if not target.exists()]
    gone += [word for word in quoted if "NAME" not in word and not any((up / word).exists() for up in places(near))]
    assert not gone, f"{document} leads to what is not there: {gone}"


def places(near: Path) -> tuple[Path, ...]:
    """Where a path in a document may start."""
    return near, ROOT, PACKAGE, ROOT / "tests"


def test_the_readme_lists_every_provider_with_its_address_and_variables():
    text = read("README.md")
    for provider in (*HOSTED, *SELF_HOSTED_BY_PORT.values()):
        assert f"`{provider.base_url}`" in text
        assert all(f"`{variable}`" in text for variable in provider.key_variables)


@pytest.mark.parametrize("document", ["README.md", "kimicode/docs/exit-codes.md"])
def test_every_exit_code_is_explained(document):
    explained = {int(code) for code in re.findall(r"^(?:\| | {3,})(\d+) {1,3}\S", read(document), re.MULTILINE)}
    assert explained == set(ExitCode)


def test_every_setting_is_documented():
    text = read("kimicode/docs/config.md")
    missing = [name for name in Settings.model_fields if not re.search(rf"\b{name}\b|KIMICODE_{name.upper()}\b", text)]
    assert not missing, f"kimicode/docs/config.md does not mention {missing}"
