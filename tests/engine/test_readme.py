"""The engine's and the kernels' documents name what is there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {"engine": "kimicode_engine", "kernels": "kimicode_kernels"}
LINK = re.compile(r"\]\(([^)#]+)\)")


def mapped(top: str) -> Iterator[Path]:
    """The paths in the map: a line at the margin names a file or folder, an indented one what is in that folder."""
    package = ROOT / top / PACKAGES[top]
    block = (ROOT / top / "README.md").read_text("utf-8").split("## The map", 1)[1].split("```")[1]
    folder = package
    for line in filter(None, block.splitlines()):
        name = line.split()[0]
        if line.startswith(" "):
            yield folder / name
        else:
            folder = package / name
            yield folder


@pytest.mark.parametrize("top", PACKAGES)
def test_every_module_has_its_line_in_the_map(top):
    modules = {path for path in (ROOT / top / PACKAGES[top]).rglob("*.py") if path.name != "__init__.py"}
    missing = sorted(str(path.relative_to(ROOT)) for path in modules - set(mapped(top)))
    assert not missing, f"{top}/README.md does not say what these are: {missing}"


@pytest.mark.parametrize("top", PACKAGES)
def test_everything_in_the_map_exists_and_stands_there_once(top):
    listed = list(mapped(top))
    gone = [str(path.relative_to(ROOT)) for path in listed if not path.exists()]
    assert not gone, f"{top}/README.md names what is not there: {gone}"
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("top", PACKAGES)
def test_links_lead_somewhere(top):
    text = (ROOT / top / "README.md").read_text("utf-8")
    gone = [target for target in LINK.findall(text) if "://" not in target and not (ROOT / top / target).exists()]
    assert not gone, f"{top}/README.md leads to what is not there: {gone}"
