"""The table of tensors, held against the published listing of K2.6."""

import math
from collections import Counter

import pytest

from kimicode_engine.checkpoint.names import Kind, ignored, slots, stored
from kimicode_engine.config import parse_config
from tests.fakes.engine_k26 import k26

SIZES = {Kind.WEIGHT: 2, Kind.SCALE: 2, Kind.FLOAT32: 4, Kind.PACKED: 4}


@pytest.fixture(scope="module")
def config():
    return parse_config(k26())


def test_k26_has_208215_tensors_of_text(config):
    # 208,550 are listed; 335 of them are the vision tower's and the projector's.
    assert sum(1 for _ in stored(config)) == 208_550 - 335


def test_k26_has_594_gigabytes_of_text(config):
    total = sum(math.prod(item.shape) * SIZES[item.kind] for item in stored(config))
    assert total / 1e9 == pytest.approx(594.2, abs=0.05)


def test_names_are_those_of_the_listing(config):
    shapes = {item.name: item.shape for item in stored(config)}
    layer = "language_model.model.layers.60."
    assert shapes[f"{layer}self_attn.kv_a_proj_with_mqa.weight"] == (576, 7168)
    assert shapes[f"{layer}mlp.gate.e_score_correction_bias"] == (384,)
    assert shapes[f"{layer}mlp.experts.383.gate_proj.weight_packed"] == (2048, 896)
    assert shapes[f"{layer}mlp.experts.383.down_proj.weight_scale"] == (7168, 64)
    assert shapes["language_model.lm_head.weight"] == (163840, 7168)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"q_lora_rank": None},
        {"quantization_config": None},
        {"tie_word_embeddings": True},
        {"attention_bias": True},
        {"n_shared_experts": 0},
        {"n_routed_experts": 0},
    ],
    ids=str,
)
def test_stored_tensors_fill_every_slot_exactly(fields):
    config = parse_config(k26(**fields, num_hidden_layers=3))
    filled = Counter()
    for item in stored(config):
        if item.slot:
            filled[item.slot] += math.prod(item.shape)
    assert filled == {slot.name: math.prod(slot.shape) for slot in slots(config)}


def test_vision_prediction_and_old_rope_tables_are_ignored_and_nothing_else():
    config = parse_config(k26(num_nextn_predict_layers=1))
    assert ignored(config, "vision_tower.encoder.blocks.0.wqkv.weight")
    assert ignored(config, "mm_projector.proj.0.bias")
    assert ignored(config, "language_model.model.layers.61.eh_proj.weight")
    assert ignored(config, "language_model.model.layers.5.self_attn.rotary_emb.inv_freq")
    assert not ignored(config, "language_model.model.layers.60.self_attn.k_proj.weight")
    assert not ignored(config, "language_model.model.layers.62.eh_proj.weight")
