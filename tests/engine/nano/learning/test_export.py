"""A training's state becomes a folder that the engine takes for a Kimi K2, small enough to be shipped."""

import json

import pytest
import torch

from kimicode_engine.checkpoint.load import inspect
from kimicode_engine.checkpoint.names import stored
from kimicode_engine.checkpoint.tiny_tokenizer import learn, write_tokenizer
from kimicode_engine.config import Int4, parse_config, read_config
from kimicode_engine.tokenizer import Tokenizer
from nano_training.learning import export, state
from nano_training.learning.muon import MuonClip
from nano_training.learning.parameters import shapes, slot
from nano_training.learning.sizes import NANO, described, model_config
from nano_training.learning.state import State
from tests.engine.nano.learning.test_model import CPU, SMALL, small


@pytest.fixture
def trained(tmp_path):
    """The folder of a training that was saved, and a folder with a tokenizer."""
    model = small()
    optimiser = MuonClip(model.parameters)
    run, words = tmp_path / "run", tmp_path / "words"
    state.save(run, State(SMALL, model.parameters, model.bias, optimiser.state(), 7, 1.5, 900))
    words.mkdir()
    write_tokenizer(words, learn(SMALL.merges))
    return run, words, model


def test_the_command_writes_a_checkpoint_that_the_engine_accepts(tmp_path, trained, capsys):
    run, words, _ = trained
    out = tmp_path / "out"
    assert export.main(["--state", str(run), "--tokenizer", str(words), "--out", str(out)]) == 0
    config = read_config(out)
    assert config.int4 == Int4(32)
    assert inspect(out, config).total_bytes > 0
    assert Tokenizer.load(out, config).decode([0, 1]) != ""
    generation = json.loads((out / "generation_config.json").read_text())
    assert generation["eos_token_id"] == config.eos_ids[0]
    written = sum(path.stat().st_size for path in out.iterdir())
    assert f"{written:,} bytes, after 7 steps" in capsys.readouterr().out


def test_experts_can_stay_floating_point_to_compare_with(tmp_path, trained):
    run, words, model = trained
    out = tmp_path / "out"
    assert export.main(["--state", str(run), "--tokenizer", str(words), "--out", str(out), "--float"]) == 0
    config = read_config(out)
    assert config.int4 is None
    made = dict(export.tensors(config, model.parameters, model.bias))
    gate = made["model.layers.1.mlp.experts.2.gate_proj.weight"]
    up = made["model.layers.1.mlp.experts.2.up_proj.weight"]
    assert torch.equal(gate, model.parameters["experts_gate_up"][0, 2, 0].bfloat16())
    assert torch.equal(up, model.parameters["experts_gate_up"][0, 2, 1].bfloat16())


def test_a_second_export_leaves_nothing_of_the_first(tmp_path, trained):
    _, words, model = trained
    out = tmp_path / "out"
    out.mkdir()
    (out / "model-00007-of-00007.safetensors").write_bytes(b"old")
    export.write_checkpoint(out, SMALL, model.parameters, model.bias, words)
    assert [path.name for path in out.glob("*.safetensors")] == ["model-00001-of-00001.safetensors"]
    inspect(out, read_config(out))


def test_every_slot_is_a_parameter_in_its_shape():
    for sizes in (SMALL, NANO):
        config = parse_config(described(sizes, quantised=False))
        parameters = {name: torch.empty(shape, device="meta") for name, shape in shapes(config).items()}
        for item in stored(config):
            if not item.slot.endswith("router_bias"):
                assert slot(parameters, config, item.slot)[item.index].shape == item.shape, item.name


def test_kimi_nano_fits_in_what_it_may_take():
    """Without writing it: INT4 experts take 4.5 bits a weight, everything else 16."""
    made = shapes(model_config(NANO))
    sizes = {name: torch.Size(shape).numel() for name, shape in made.items()}
    experts = sizes["experts_gate_up"] + sizes["experts_down"]
    total = experts * 4.5 / 8 + (sum(sizes.values()) - experts) * 2
    assert 30e6 < sum(sizes.values()) < 60e6
    assert total < export.LIMIT - 1.5e6  # names, shapes, the tokenizer and the demo's bugs


def test_files_stay_small_also_where_the_whole_is_large(tmp_path, trained):
    _, words, _ = trained
    config = model_config(NANO)
    parameters = {name: torch.zeros(shape, dtype=torch.bfloat16) for name, shape in shapes(config).items()}
    bias = torch.zeros(config.layers - 1, config.experts)
    total = export.write_checkpoint(tmp_path / "float", NANO, parameters, bias, words, quantised=False)
    assert total > export.LIMIT
    files = sorted((tmp_path / "float").glob("*.safetensors"))
    assert len(files) > 1
    assert all(path.stat().st_size < 16e6 for path in files)


def test_sizes_that_are_no_kimi_nano_are_refused():
    for change in ({"tie_word_embeddings": True}, {"n_shared_experts": 0}, {"q_lora_rank": None}):
        with pytest.raises(ValueError, match="kimi-nano has"):
            shapes(parse_config(described(SMALL) | change))


def test_a_state_comes_back_as_it_was(trained):
    run, _, model = trained
    back = state.load(run, CPU)
    assert (back.sizes, back.step, back.elapsed, back.tokens) == (SMALL, 7, 1.5, 900)
    for name, values in model.parameters.items():
        assert torch.equal(values, back.parameters[name])
        assert back.parameters[name].requires_grad
    assert torch.equal(back.bias, model.bias)
