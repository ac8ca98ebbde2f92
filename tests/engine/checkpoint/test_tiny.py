"""Tiny checkpoints: K2.6's format to the name, the same for the same seed, INT4 codes that mean the weights."""

import base64
import json

import pytest
import tiktoken
import torch
from safetensors.torch import load_file

from kimicode_engine.checkpoint.inspection import inspect
from kimicode_engine.checkpoint.tiny import main, write_tiny
from kimicode_engine.checkpoint.tiny_tokenizer import CONTROL, learn
from kimicode_engine.checkpoint.tiny_weights import quantise
from kimicode_engine.config import read_config
from kimicode_engine.errors import CheckpointError


def tensors(folder):
    return {name: one for file in sorted(folder.glob("*.safetensors")) for name, one in load_file(file).items()}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"wrapped": False, "text_type": "kimi_k2"},
        {"int4": False, "dtype": "float32"},
        {"q_lora_rank": None},
        {"dense_layers": 0},
        {"dense_layers": 3},
        {"experts": 0},
        {"experts": 16, "groups": 4, "groups_per_token": 2},
        {"yarn": False},
        {"tied": True},
        {"shared_experts": 2, "attention_bias": True},
        {"mtp_layers": 1},
        {"shards": 1, "index": False},
        {"shards": 7},
    ],
    ids=str,
)
def test_every_kind_is_complete_by_its_own_config(tmp_path, fields):
    config = write_tiny(tmp_path / "made", **fields)
    assert read_config(tmp_path / "made") == config
    inspect(tmp_path / "made", config)


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others(tmp_path):
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        write_tiny(tmp_path / name, seed=seed)
    one, same, other = (
        b"".join(path.read_bytes() for path in sorted((tmp_path / name).iterdir())) for name in ("a", "b", "c")
    )
    assert one == same
    assert one != other


def test_int4_codes_stand_lowest_nibble_first_and_are_offset_by_eight():
    weight = torch.zeros(1, 32)
    weight[0, :9] = torch.tensor([7.0, -7.0, 0.0, 1.0, 2.0, -1.0, 3.0, -3.0, 6.0])
    packed, scale = quantise(weight)
    assert scale.tolist() == [[1.0]]
    nibbles = [packed[0, place // 8].item() >> (4 * (place % 8)) & 15 for place in range(10)]
    assert nibbles == [15, 1, 8, 9, 10, 7, 11, 5, 14, 8]


def test_int4_is_within_half_a_step_of_the_weights_and_never_uses_minus_eight():
    weight = torch.randn(8, 64, generator=torch.Generator().manual_seed(1))
    packed, scale = quantise(weight)
    codes = torch.stack([packed >> (4 * place) & 15 for place in range(8)], -1).reshape(8, 64) - 8
    step = scale.float().repeat_interleave(32, 1)
    assert codes.min() >= -7
    assert ((codes * step - weight).abs() <= step * 0.53).all()  # the scale itself is rounded to bf16


def test_weight_shapes_say_what_the_codes_unpack_to(tmp_path):
    write_tiny(tmp_path)
    found = tensors(tmp_path)
    expert = "language_model.model.layers.1.mlp.experts.0.down_proj."
    assert found[f"{expert}weight_shape"].tolist() == [128, 64]
    assert found[f"{expert}weight_packed"].shape == (128, 8)
    assert found[f"{expert}weight_scale"].shape == (128, 2)
    assert found[f"{expert}weight_scale"].dtype == torch.bfloat16


def test_the_index_names_each_tensors_file(tmp_path):
    write_tiny(tmp_path, shards=4)
    index = json.loads((tmp_path / "model.safetensors.index.json").read_text())
    assert len(set(index["weight_map"].values())) == 4
    assert set(index["weight_map"]) == set(tensors(tmp_path))
    assert index["metadata"]["total_size"] == sum(one.nbytes for one in tensors(tmp_path).values())


def test_its_ranks_are_a_tokenizer_that_merges(tmp_path):
    write_tiny(tmp_path)
    lines = (tmp_path / "tiktoken.model").read_text().splitlines()
    ranks = {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in lines)}
    encoding = tiktoken.Encoding("tiny", pat_str=r" ?\w+|\s|.", mergeable_ranks=ranks, special_tokens={})
    text = "the model reads the prompt; Größe 漢字 🙂"
    assert encoding.decode(encoding.encode(text)) == text
    assert len(encoding.encode(" the")) == 1


def test_control_tokens_lie_behind_the_ranks_as_in_k26(tmp_path):
    config = write_tiny(tmp_path, merges=100)
    added = json.loads((tmp_path / "tokenizer_config.json").read_text())["added_tokens_decoder"]
    ids = {token["content"]: int(number) for number, token in added.items()}
    # K2.6 has 163,584 ranks; there <|im_end|> is 163586 and <|media_pad|> 163605.
    assert (ids["<|im_end|>"] - 356, ids["<|media_pad|>"] - 356) == (163586 - 163584, 163605 - 163584)
    assert set(ids) == set(CONTROL)
    assert config.vocab_size == 612 == ids["[PAD]"] + 1
    assert (config.eos_ids, config.media_placeholder_id) == ((ids["<|im_end|>"],), ids["<|media_pad|>"])
    assert [token["content"] for token in added.values() if not token["special"]][-2:] == ["<think>", "</think>"]


def test_more_merges_than_the_text_gives_are_refused():
    with pytest.raises(ValueError, match="more than"):
        learn(100_000)


def test_sizes_that_do_not_fit_together_are_refused_before_anything_is_written(tmp_path):
    with pytest.raises(CheckpointError, match="hidden_size 100"):
        write_tiny(tmp_path / "made", hidden_size=100)
    assert not (tmp_path / "made").exists()


def test_the_command_writes_one(tmp_path, capsys):
    assert main([str(tmp_path / "made"), "--layers", "2", "--q-lora-rank", "null", "--dtype", "float32"]) == 0
    config = read_config(tmp_path / "made")
    assert (config.layers, config.q_lora_rank, config.dtype) == (2, None, "float32")
    assert "2 layers" in capsys.readouterr().out


def test_the_command_explains_itself_and_its_errors(tmp_path, capsys):
    with pytest.raises(SystemExit) as helped:
        main(["--help"])
    assert helped.value.code == 0
    assert "--moe-intermediate-size" in capsys.readouterr().out
    with pytest.raises(SystemExit) as refused:
        main([str(tmp_path), "--hidden-size", "100"])
    assert refused.value.code == 2
    assert "hidden_size 100" in capsys.readouterr().err
