"""kimi-nano is found as a package or in a folder in its place; nothing is promised of one that is not whole."""

import json
import struct
import subprocess
import sys
from math import prod

import pytest

from kimicode.config import nano
from kimicode.config.catalog import model_info
from kimicode.errors import UsageError
from tests.fakes.nano_package import package

LOCAL = "http://127.0.0.1:8421/v1"


def environ(folder):
    return {"KIMICODE_NANO": str(folder)}


def test_a_whole_one_is_taken_as_it_is(tmp_path):
    whole = environ(package(tmp_path / "nano"))
    assert nano.lacking(whole) == ""
    assert nano.checkpoint(whole) == tmp_path / "nano" / "checkpoint"
    assert "kimicode demo, or" in nano.offer(whole)


@pytest.mark.parametrize("name", ["config.json", "tiktoken.model", "model.safetensors"])
def test_one_that_is_not_whole_is_told_by_what_it_lacks(tmp_path, name):
    folder = package(tmp_path / "nano")
    (folder / "checkpoint" / name).unlink()
    with pytest.raises(UsageError, match=f"there is no {name}") as caught:
        nano.checkpoint(environ(folder))
    assert caught.value.hint.startswith("KIMICODE_NANO names that folder")
    assert "pip install" in caught.value.hint
    assert "pip install" in nano.offer(environ(folder))


def test_every_file_that_the_index_names_must_be_there(tmp_path):
    folder = package(tmp_path / "nano")
    index = folder / "checkpoint" / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "model.safetensors", "b": "model-2.safetensors"}}))
    assert "there is no model-2.safetensors" in nano.lacking(environ(folder))
    for damaged in ("[", "[]", '{"weight_map": 1}', "[" * 100_000):
        index.write_text(damaged)
        assert "there is no readable" in nano.lacking(environ(folder))


def test_without_the_package_it_is_not_there():
    code = (
        "import sys; sys.path[:] = [path for path in sys.path if not path.endswith('engine/nano')]\n"
        "from kimicode.config import nano; print(nano.place({}), nano.lacking({}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "None kimi-nano is not installed"


def test_it_is_free_small_greedy_and_never_asked_to_think():
    info = model_info("kimi-nano", LOCAL)
    assert (info.window, info.max_output, info.thinks, info.images) == (8_192, 600, False, False)
    assert info.sampling is not None
    assert info.sampling.instant.temperature == info.sampling.thinking.temperature == 0.0
    assert info.prices is not None
    assert info.prices.output == 0.0


def test_what_is_said_of_its_size_is_true():
    folder = nano.place({})
    if folder is None or nano.lacking({}):
        pytest.skip("the weights are not there")
    parameters = sum(map(parameters_in, (folder / "checkpoint").glob("*.safetensors")))
    assert round(parameters / 1e6) == nano.MILLIONS


def parameters_in(path):
    """Values of a file of weights: eight of an INT4 expert's stand in each number."""
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    shapes = {name: about["shape"] for name, about in header.items() if not name.endswith(("_scale", "_shape"))}
    return sum(prod(shape) * (8 if name.endswith("_packed") else 1) for name, shape in shapes.items())
