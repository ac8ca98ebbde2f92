"""Unpacked experts are the values of their codes, and the codes are gone."""

import torch

from kimicode_engine.checkpoint.load import load_weights
from kimicode_engine.checkpoint.tiny import write_tiny
from kimicode_engine.experts.unpacking import unpack_experts
from tests.fakes.engine_drive import Drive, apart, prompt
from tests.fakes.engine_int4 import pack, quantise, values


def test_codes_and_scales_become_one_slot_of_values_and_other_slots_stay():
    torch.manual_seed(0)
    codes, scale = quantise(torch.randn(3, 64, 32), 32)
    norm = torch.ones(4)
    slots = {"l.experts_down_packed": pack(codes), "l.experts_down_scale": scale, "l.norm": norm}
    unpack_experts(slots, torch.float32)
    assert slots.keys() == {"l.experts_down", "l.norm"}
    assert slots["l.norm"] is norm
    assert torch.equal(slots["l.experts_down"], values(codes, scale))


def test_a_checkpoint_answers_the_same_with_its_experts_unpacked(tmp_path):
    config = write_tiny(tmp_path)
    load = {"device": torch.device("cpu"), "dtype": torch.float32}
    packed, unpacked = load_weights(tmp_path, config, **load), load_weights(tmp_path, config, **load)
    unpack_experts(unpacked, torch.float32)
    before, after = Drive(config, packed), Drive(config, unpacked)
    tokens = prompt(100)
    assert apart(after.logits(tokens), before.logits(tokens)) <= 1e-5
    assert after.greedy(tokens[:30], 40) == before.greedy(tokens[:30], 40)
