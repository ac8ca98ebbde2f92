"""A checkpoint is complete or there is one clear error, told by headers alone: with file, tensor, and how many more."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from kimicode_engine.checkpoint.inspection import INDEX, inspect
from kimicode_engine.checkpoint.tiny import write_tiny
from kimicode_engine.errors import CheckpointError

NORM = "language_model.model.norm.weight"
PACKED = "language_model.model.layers.1.mlp.experts.3.up_proj.weight_packed"
SCALE = PACKED.replace("packed", "scale")
BIAS = "language_model.model.layers.1.mlp.gate.e_score_correction_bias"


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pristine")
    return folder, write_tiny(folder)


@pytest.fixture
def checkpoint(pristine, tmp_path):
    """(folder, config) of a checkpoint that may be spoilt."""
    folder, config = pristine
    shutil.copytree(folder, tmp_path / "spoilt")
    return tmp_path / "spoilt", config


def complaint(checkpoint):
    with pytest.raises(CheckpointError) as caught:
        inspect(*checkpoint)
    return str(caught.value)


def file_of(folder, tensor):
    return folder / json.loads((folder / INDEX).read_text())["weight_map"][tensor]


def change(folder, tensor, values):
    """Replace a tensor in its file; None removes it."""
    path = file_of(folder, tensor)
    content = load_file(path)
    content.pop(tensor)
    save_file(content if values is None else {**content, tensor: values}, path)
    return path


def edit_index(folder, edit):
    index = json.loads((folder / INDEX).read_text())
    edit(index["weight_map"])
    (folder / INDEX).write_text(json.dumps(index))


def test_a_complete_one_is_measured_without_its_vision_tower(checkpoint):
    inspection = inspect(*checkpoint)
    assert inspection.ignored == 4
    assert inspection.total_bytes == sum(place.entry.stop - place.entry.start for place in inspection.places)
    assert len(inspection.headers) == 3


def test_places_come_file_by_file_and_byte_by_byte(checkpoint):
    order = [(place.path.name, place.entry.start) for place in inspect(*checkpoint).places]
    assert order == sorted(order)


def test_without_an_index_the_folder_is_read(checkpoint):
    (checkpoint[0] / INDEX).unlink()
    assert len(inspect(*checkpoint).headers) == 3


def test_files_that_the_index_does_not_name_are_left_alone(checkpoint):
    (checkpoint[0] / "consolidated.safetensors").write_bytes(b"junk")
    assert len(inspect(*checkpoint).headers) == 3


def test_an_empty_folder_holds_no_weights(checkpoint, tmp_path):
    assert "holds neither" in complaint((tmp_path, checkpoint[1]))


def test_missing_files_are_told_first_and_counted(checkpoint):
    folder, _ = checkpoint
    for number in (1, 3):
        (folder / f"model-{number:05}-of-00003.safetensors").unlink()
    said = complaint(checkpoint)
    assert said.startswith(f"{folder / 'model-00001-of-00003.safetensors'} is missing")
    assert said.endswith("(and 1 more like this)")


def test_a_truncated_file_names_the_tensor_that_was_cut(checkpoint):
    path = checkpoint[0] / "model-00002-of-00003.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    said = complaint(checkpoint)
    assert str(path) in said
    assert "lacks its last 1 bytes" in said


def test_a_missing_tensor_is_named_with_the_file_where_it_should_be(checkpoint):
    path = change(checkpoint[0], NORM, None)
    assert complaint(checkpoint) == f"tensor {NORM} is missing from {path}, where {INDEX} has it"


def test_many_missing_tensors_are_one_error(checkpoint):
    folder, _ = checkpoint
    (folder / INDEX).unlink()
    (folder / "model-00003-of-00003.safetensors").unlink()
    said = complaint(checkpoint)
    assert said.startswith("tensor language_model.")
    assert f"is missing from all files of {folder} (and " in said


def test_an_unknown_tensor_is_named(checkpoint):
    folder, _ = checkpoint
    (folder / INDEX).unlink()
    save_file({"lm_head.weight": torch.zeros(2)}, folder / "more.safetensors")
    assert complaint(checkpoint).startswith(f"tensor lm_head.weight in {folder / 'more.safetensors'} is none")


def test_a_tensor_in_two_files_is_named_with_both(checkpoint):
    folder, _ = checkpoint
    (folder / INDEX).unlink()
    save_file({NORM: torch.zeros(128, dtype=torch.bfloat16)}, folder / "a.safetensors")
    said = complaint(checkpoint)
    assert NORM in said
    assert str(folder / "a.safetensors") in said
    assert "model-00003" in said


@pytest.mark.parametrize(
    ("tensor", "values", "said"),
    [
        (NORM, torch.zeros(127, dtype=torch.bfloat16), "has the shape [127], not [128]"),
        (NORM, torch.zeros(128, dtype=torch.float64), "is F64, not BF16 or F16 or F32"),
        (PACKED, torch.zeros(64, 16), "is F32, not I32"),
        (SCALE, torch.zeros(64, 4, dtype=torch.float16), "is F16, not BF16"),
        (BIAS, torch.zeros(8, dtype=torch.int32), "is I32, not BF16 or F16 or F32"),
        (PACKED.replace("packed", "shape"), torch.zeros(2), "is F32, not I32 or I64"),
    ],
)
def test_a_wrong_shape_or_type_is_named(checkpoint, tensor, values, said):
    path = change(checkpoint[0], tensor, values)
    assert complaint(checkpoint) == f"tensor {tensor} in {path} {said}"


def test_an_index_that_puts_a_tensor_elsewhere_disagrees_with_the_files(checkpoint):
    folder, _ = checkpoint
    edit_index(folder, lambda where: where.update({NORM: "model-00001-of-00003.safetensors"}))
    assert f"{INDEX} says model-00001-of-00003.safetensors" in complaint(checkpoint)


def test_an_index_with_a_tensor_that_is_nowhere_disagrees_with_the_files(checkpoint):
    edit_index(checkpoint[0], lambda where: where.update(ghost="model-00001-of-00003.safetensors"))
    assert "tensor ghost is missing from" in complaint(checkpoint)


@pytest.mark.parametrize("file", ["../x.safetensors", "/etc/passwd", "", "..", 3, "a\0b"])
def test_an_index_cannot_point_outside_its_folder(checkpoint, file):
    edit_index(checkpoint[0], lambda where: where.update({NORM: file}))
    assert "is no file of this folder" in complaint(checkpoint)


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"weight_map": {}}', "[" * 100_000])
def test_an_index_that_is_none_is_named(checkpoint, content):
    (checkpoint[0] / INDEX).write_text(content)
    assert str(checkpoint[0] / INDEX) in complaint(checkpoint)
