"""The cache keeps each layer's latents apart, page by page, as values or in fp8."""

import pytest
import torch

from kimicode_engine.cache.latent import LatentCache, held_as
from kimicode_engine.config import parse_config
from kimicode_engine.errors import EngineError
from kimicode_engine.limits import PAGE
from kimicode_kernels.reference.cache_write import cache_write
from tests.fakes.engine_drive import Drive, apart, prompt
from tests.fakes.engine_k26 import k26
from tests.fakes.oracle import oracle


def test_a_write_reaches_its_layer_its_page_and_its_place_alone():
    cache = LatentCache(3, 4, 5, torch.float32, torch.device("cpu"))
    cache.latents.zero_()
    latents = torch.arange(1.0, 11.0).view(2, 5)
    cache_write(latents, cache.layer(1), torch.tensor([2 * PAGE + 7, PAGE - 1]))
    assert cache.layer(1)[2, 7].tolist() == latents[0].tolist()
    assert cache.layer(1)[0, PAGE - 1].tolist() == latents[1].tolist()
    assert int(cache.latents.count_nonzero()) == 10


def test_it_has_the_size_that_the_memory_table_counts():
    cache = LatentCache(61, 16, 576, torch.bfloat16, torch.device("meta"))
    assert cache.pages == 16
    assert cache.latents.nbytes == 70_272 * 16 * PAGE


def test_in_fp8_a_token_of_k26_takes_57_percent_of_its_bytes_in_bf16():
    config = parse_config(k26())
    assert held_as(config, torch.bfloat16, fp8=False) == (576, torch.bfloat16)
    assert held_as(config, torch.bfloat16, fp8=True) == (656, torch.uint8)
    cache = LatentCache(61, 16, *held_as(config, torch.bfloat16, fp8=True), torch.device("meta"))
    assert cache.latents.nbytes == 40_016 * 16 * PAGE


def test_a_model_whose_rank_has_no_whole_groups_is_refused():
    with pytest.raises(EngineError, match="--cache-dtype fp8 does not fit this model"):
        held_as(oracle().config, torch.float32, fp8=True)


def test_with_an_fp8_cache_a_model_says_nearly_the_same_however_its_prompt_is_cut():
    model = oracle(kv_lora_rank=128)
    exact = Drive(model.config, model.slots).logits(prompt(150))
    found = Drive(model.config, model.slots, fp8=True).logits(prompt(150))
    cut = Drive(model.config, model.slots, fp8=True).logits(prompt(150), chunk=37)
    assert 1e-4 < apart(found, exact) < 0.15
    assert apart(cut, found) < 1e-4


def test_rows_that_decode_read_in_fp8_what_a_prompts_chunk_would_read():
    model = oracle(kv_lora_rank=128)
    drive = Drive(model.config, model.slots, fp8=True)
    sequence = drive.sequence(prompt(80))
    drive.prefill(sequence)
    sequence.tokens.append(7)
    assert apart(drive.step((sequence, 1))[0], drive.logits([*prompt(80), 7])) < 1e-4
