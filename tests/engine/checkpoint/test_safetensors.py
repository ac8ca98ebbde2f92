"""Headers: whatever the bytes, either the library agrees with us or there is one clear error."""

import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from kimicode_engine.checkpoint.safetensors import HEADER_LIMIT, read_header
from kimicode_engine.errors import CheckpointError


def write(path, header, payload=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes((len(text) if length is None else length).to_bytes(8, "little") + text + payload)
    return path


def tensor(start, stop, shape=None, dtype="U8"):
    return {"dtype": dtype, "shape": [stop - start] if shape is None else shape, "data_offsets": [start, stop]}


def complaint(path):
    with pytest.raises(CheckpointError) as caught:
        read_header(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_a_file_of_the_library_is_read_as_written(tmp_path):
    path = tmp_path / "a.safetensors"
    save_file({"w": torch.arange(6.0).view(2, 3), "b": torch.ones(4, dtype=torch.bfloat16)}, path, {"format": "pt"})
    header = read_header(path)
    weight = header.entries["w"]
    assert (weight.dtype, weight.shape, header.entries["b"].dtype) == ("F32", (2, 3), "BF16")
    raw = path.read_bytes()[weight.start : weight.stop]
    assert torch.frombuffer(bytearray(raw), dtype=torch.float32).tolist() == [0, 1, 2, 3, 4, 5]
    assert header.size == path.stat().st_size


def test_entries_come_in_the_order_of_their_bytes(tmp_path):
    path = write(tmp_path / "x", {"late": tensor(3, 5), "early": tensor(0, 3)}, bytes(5))
    assert list(read_header(path).entries) == ["early", "late"]


def test_a_file_that_is_missing_is_named(tmp_path):
    assert "is missing" in complaint(tmp_path / "gone.safetensors")


def test_a_folder_in_the_place_of_a_file_is_named(tmp_path):
    assert "cannot be read" in complaint(tmp_path)


@pytest.mark.parametrize("kept", [0, 5, 8, 40, -1])
def test_a_file_that_was_cut_off_says_so(tmp_path, kept):
    path = write(tmp_path / "x", {"w": tensor(0, 100)}, bytes(100))
    path.write_bytes(path.read_bytes()[:kept])
    assert "cut off" in complaint(path)


def test_a_cut_tensor_is_named_with_what_it_lacks(tmp_path):
    path = write(tmp_path / "x", {"a": tensor(0, 10), "b": tensor(10, 30)}, bytes(25))
    assert "tensor 'b' lacks its last 5 bytes" in complaint(path)


def test_a_huge_header_is_not_even_allocated(tmp_path):
    assert "cannot be right" in complaint(write(tmp_path / "x", b"{}", length=HEADER_LIMIT + 1))
    assert "cut off" in complaint(write(tmp_path / "y", b"{}", length=HEADER_LIMIT))


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (b"[]", "no JSON object"),
        (b"{", "no JSON"),
        (b"\xff\xff", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b'{"w": ' + b"9" * 5000 + b"}", "no JSON"),
        (b'{"w": {}, "w": {}}', "'w' is listed twice"),
        ({"w": 3}, "'w' has no description"),
        ({"w": tensor(0, 4, dtype="Q3")}, "'w' has the unknown type 'Q3'"),
        ({"w": tensor(0, 4, dtype=[])}, "'w' has the unknown type"),
        ({"w": tensor(0, 4, shape=[-4])}, "'w' has the impossible shape"),
        ({"w": tensor(0, 4, shape=[True, 4])}, "'w' has the impossible shape"),
        ({"w": tensor(0, 4, shape=[1] * 17)}, "'w' has the impossible shape"),
        ({"w": tensor(0, 4, shape=[10**30])}, "'w' has the impossible shape"),
        ({"w": {"dtype": "U8", "shape": [4], "data_offsets": [0]}}, "'w' has the impossible data_offsets"),
        ({"w": tensor(0, 4, shape=[5])}, "'w' spans 4 bytes; U8 [5] takes 5"),
        ({"w": tensor(0, 4, shape=[], dtype="BF16")}, "'w' spans 4 bytes"),
        ({"a": tensor(0, 3), "b": tensor(2, 4)}, "'b' overlaps"),
        ({"a": tensor(0, 2), "b": tensor(3, 4)}, "'b' leaves a gap"),
        ({"a": tensor(0, 3)}, "1 bytes behind the last tensor"),
        ({}, "4 bytes behind"),
    ],
)
def test_a_header_that_lies_is_refused(tmp_path, header, said):
    assert said in complaint(write(tmp_path / "x", header, bytes(4)))


def agree(path):
    """Our reading of a file; where we accept it, the library must as well, and see the same tensors."""
    try:
        header = read_header(path)
    except CheckpointError:
        return None
    shapes, refusal = {}, None
    try:
        with safe_open(path, "pt") as theirs:
            shapes = {name: tuple(theirs.get_slice(name).get_shape()) for name in theirs.keys()}  # noqa: SIM118
    except SafetensorError as error:
        refusal = str(error)
    if refusal:
        # It is stricter on two things that carry no weight: what is in the metadata, and a header's first character.
        assert "header" in refusal.lower()
        return header
    assert shapes == {name: entry.shape for name, entry in header.entries.items()}
    return header


@given(st.binary(max_size=200))
def test_any_bytes_are_a_file_or_an_error(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "fuzz"
    path.write_bytes(content)
    agree(path)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("U8"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
near_entries = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(["U8", "BF16", "F32"]) | json_values,
        "shape": st.lists(st.integers(0, 3), max_size=2) | json_values,
        "data_offsets": st.lists(st.integers(0, 12), min_size=2, max_size=2) | json_values,
    }
)


@given(st.dictionaries(st.text(max_size=3), near_entries | json_values, max_size=3), st.binary(max_size=12))
def test_headers_that_are_nearly_right_are_read_rightly_or_refused(tmp_path_factory, header, payload):
    agree(write(tmp_path_factory.getbasetemp() / "near", header, payload))


@given(st.data())
def test_a_single_changed_byte_never_crashes_the_reader(tmp_path_factory, data):
    path = write(tmp_path_factory.getbasetemp() / "bit", {"a": tensor(0, 4), "b": tensor(4, 8, [2, 2])}, bytes(8))
    raw = bytearray(path.read_bytes())
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(raw)
    agree(path)
