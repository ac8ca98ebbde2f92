"""Loading: every byte lands in its slot, whatever the types and block sizes; faults end it with file and tensor."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from kimicode_engine.checkpoint.blocks import Staging, cut, fill
from kimicode_engine.checkpoint.inspection import Place, inspect
from kimicode_engine.checkpoint.load import load_weights, weight_bytes
from kimicode_engine.checkpoint.names import Kind, Stored, slots, stored
from kimicode_engine.checkpoint.safetensors import Entry
from kimicode_engine.checkpoint.slots import allocate
from kimicode_engine.checkpoint.tiny import write_tiny
from kimicode_engine.checkpoint.tiny_config import Tiny, config_json
from kimicode_engine.checkpoint.tiny_tokenizer import control_ids
from kimicode_engine.config import parse_config
from kimicode_engine.errors import CheckpointError

CPU = torch.device("cpu")
SHAPE = "language_model.model.layers.1.mlp.experts.3.up_proj.weight_shape"


def load(folder, config, dtype=torch.bfloat16, **options):
    return load_weights(folder, config, device=CPU, dtype=dtype, **options)


def expected(folder, config, dtype):
    """The slots, put together by the library and the table of names."""
    tensors = {name: one for file in folder.glob("*.safetensors") for name, one in load_file(file).items()}
    types = {Kind.WEIGHT: dtype, Kind.FLOAT32: torch.float32, Kind.SCALE: torch.bfloat16, Kind.PACKED: torch.int32}
    made = {slot.name: torch.zeros(slot.shape, dtype=types[slot.kind]) for slot in slots(config)}
    for item in stored(config):
        if item.slot:
            made[item.slot][item.index] = tensors[item.name].to(made[item.slot].dtype)
    return made


@pytest.mark.parametrize("block_bytes", [64, 1000, 1 << 20])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32], ids=str)
def test_every_tensor_lands_in_its_slot(tmp_path, dtype, block_bytes):
    small = {"hidden_size": 32, "layers": 2, "experts": 4, "moe_intermediate_size": 32, "merges": 0}
    config = write_tiny(tmp_path, **small)
    loaded = load(tmp_path, config, dtype, block_bytes=block_bytes)
    meant = expected(tmp_path, config, dtype)
    assert list(loaded) == list(meant)
    for name, tensor in loaded.items():
        assert tensor.dtype == meant[name].dtype
        assert torch.equal(tensor, meant[name]), name


@pytest.mark.parametrize(
    "fields",
    [{"int4": False, "wrapped": False}, {"q_lora_rank": None, "tied": True}, {"dtype": "float16"}, {"mtp_layers": 1}],
    ids=str,
)
def test_every_kind_of_checkpoint_loads(tmp_path, fields):
    config = write_tiny(tmp_path, **fields)
    for dtype in (torch.bfloat16, torch.float16):
        loaded, meant = load(tmp_path, config, dtype), expected(tmp_path, config, dtype)
        assert all(torch.equal(loaded[name], meant[name]) for name in meant)


def test_weight_bytes_foretell_what_is_allocated(tmp_path):
    config = write_tiny(tmp_path)
    for dtype in (torch.bfloat16, torch.float32):
        foretold = weight_bytes(config, dtype)
        assert sum(foretold.values()) == sum(tensor.nbytes for tensor in load(tmp_path, config, dtype).values())
    assert foretold["routed experts, int4"] == 2 * 8 * 3 * 128 * 64 // 2


def test_progress_ends_at_the_total_and_names_files_in_order(tmp_path):
    config = write_tiny(tmp_path)
    reports = []
    load(tmp_path, config, progress=reports.append, block_bytes=100_000)
    assert [report.done for report in reports] == sorted(report.done for report in reports)
    assert (reports[0].done, reports[-1].done) == (0, reports[-1].total)
    assert reports[-1].total == inspect(tmp_path, config).total_bytes
    assert [report.file for report in reports] == sorted(report.file for report in reports)


def test_a_wrong_weight_shape_is_named(tmp_path):
    config = write_tiny(tmp_path)
    path = next(file for file in tmp_path.glob("*.safetensors") if SHAPE in load_file(file))
    save_file({**load_file(path), SHAPE: torch.tensor([64, 127], dtype=torch.int32)}, path)
    with pytest.raises(CheckpointError) as caught:
        load(tmp_path, config)
    assert str(caught.value) == f"tensor {SHAPE} in {path} says [64, 127]; the packed codes are of [64, 128]"


def test_weight_shapes_may_be_int64(tmp_path):
    config = write_tiny(tmp_path)
    path = next(file for file in tmp_path.glob("*.safetensors") if SHAPE in load_file(file))
    save_file({**load_file(path), SHAPE: torch.tensor([64, 128])}, path)
    load(tmp_path, config, block_bytes=1000)


def test_a_file_that_shrinks_before_it_is_opened_is_named(tmp_path):
    config = write_tiny(tmp_path)
    last = sorted(tmp_path.glob("*.safetensors"))[-1]
    with pytest.raises(CheckpointError, match=f"{last} changed while"):
        load(tmp_path, config, progress=lambda _: os.truncate(last, 1000))


def test_a_file_that_shrinks_while_it_is_read_names_the_tensor(tmp_path):
    config = write_tiny(tmp_path, shards=1, wrapped=False)
    inspection = inspect(tmp_path, config)
    slots = allocate(config, device=CPU, dtype=torch.bfloat16)
    path, last = inspection.places[-1].path, list(cut(inspection.places, 4096))[-1]
    os.truncate(path, path.stat().st_size - 1)
    said = f"{path} became shorter while it was read: {inspection.places[-1].entry.name} is cut off"
    with path.open("rb") as file, pytest.raises(CheckpointError, match=said):
        fill(slots, last, file.fileno(), Staging(4096, pinned=False))


def test_a_disk_that_fails_names_file_and_tensor():
    # Address 0 of this process is mapped nowhere: reading there gives EIO, as a broken disk does.
    memory = Path("/proc/self/mem")
    if not memory.exists():
        pytest.skip("needs /proc")
    place = Place(Stored("w", (4,), Kind.WEIGHT, "slot"), memory, Entry("w", "BF16", (4,), 0, 8))
    [block] = cut([place])
    with memory.open("rb") as file, pytest.raises(CheckpointError, match="tensor w cannot be read from /proc/self/mem"):
        fill({"slot": torch.zeros(4, dtype=torch.bfloat16)}, block, file.fileno(), Staging(64, pinned=False))


def test_a_file_that_may_not_be_read_is_named(tmp_path):
    config = write_tiny(tmp_path)
    victim = sorted(tmp_path.glob("*.safetensors"))[1]

    def replace(_):
        victim.unlink()

    with pytest.raises(CheckpointError, match=f"{victim} cannot be opened: No such file"):
        load(tmp_path, config, progress=replace)


CHILD = """
import resource, sys
from pathlib import Path
import torch
from kimicode_engine.checkpoint.load import load_weights
from kimicode_engine.config import read_config
from kimicode_engine.config import parse_config
from kimicode_engine.errors import CheckpointError

def high_water():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) * 1024

folder, room = Path(sys.argv[1]), int(sys.argv[2])
config, before = read_config(folder), high_water()
if room:
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + room, used + room))
for dtype in (torch.bfloat16, torch.float32):
    try:
        slots = load_weights(folder, config, device=torch.device("cpu"), dtype=dtype)
        print(sum(one.nbytes for one in slots.values()), high_water() - before)
        del slots
    except CheckpointError as error:
        print(error)
"""


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A checkpoint of about 300 MB; zeros, which are made faster than random numbers."""
    folder = tmp_path_factory.mktemp("large")
    tiny = Tiny(int4=False, hidden_size=1024, layers=2, experts=44, moe_intermediate_size=1024)
    described = config_json(tiny, control_ids(tiny.merges))
    (folder / "config.json").write_text(json.dumps(described))
    types = {Kind.WEIGHT: torch.bfloat16, Kind.FLOAT32: torch.float32}
    zeros = {item.name: torch.zeros(item.shape, dtype=types[item.kind]) for item in stored(parse_config(described))}
    save_file(zeros, folder / "model.safetensors")
    assert 280e6 < sum(path.stat().st_size for path in folder.glob("*.safetensors")) < 340e6
    return folder


def child(folder, room):
    """What the child says of loading as bf16, then as fp32, with so many bytes of address space (0: all)."""
    command = [sys.executable, "-c", CHILD, str(folder), str(room)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "engine")}
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=50, env=environment)
    return result.stdout.splitlines()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_loading_takes_hardly_more_memory_than_the_weights(large):
    as_stored, converted = ([int(one) for one in line.split()] for line in child(large, 0))
    assert 2 * as_stored[0] == pytest.approx(converted[0], rel=1e-3)
    assert as_stored[1] < as_stored[0] + 120e6
    assert converted[1] < converted[0] + 120e6


@pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_AS")
def test_too_little_memory_is_told_in_gigabytes(large):
    as_stored, converted = child(large, 150_000_000)
    assert as_stored.startswith("the weights need 0.3 GB on cpu; after 0.0 GB there was no memory left for layers.1.")
    assert converted.startswith("the weights need 0.6 GB on cpu; after")
