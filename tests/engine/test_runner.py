"""The runner gives a row of logits to each part that samples, over contexts of any length."""

from dataclasses import replace

import pytest
import torch

from kimicode_engine.cache.latent import LatentCache
from kimicode_engine.model.kimi import Kimi
from kimicode_engine.runner import CPU, ModelRunner
from kimicode_engine.sequence import Part
from kimicode_kernels.select import REFERENCE
from tests.fakes.engine_drive import Drive, apart, prompt
from tests.fakes.oracle import oracle, yarn


def test_parts_that_do_not_reach_their_end_get_no_row():
    model = oracle(num_hidden_layers=1)
    drive = Drive(model.config, model.slots)
    first, second = drive.sequence(prompt(30)), drive.sequence(prompt(40))
    assert drive.step((first, 10), (second, 39)).shape == (0, 160)
    assert drive.step((second, 1), (first, 20)).shape == (2, 160)
    assert drive.runner.vocab_size == 160


def test_logits_carry_no_gradient_and_belong_to_the_runner():
    model = oracle(num_hidden_layers=1)
    logits = Drive(model.config, model.slots).logits(prompt(5))
    assert logits.dtype == torch.float32
    assert not logits.requires_grad


def test_a_position_beyond_the_window_is_refused_and_not_made_up():
    model = oracle(num_hidden_layers=1, max_position_embeddings=64)
    drive = Drive(model.config, model.slots)
    sequence = drive.sequence(prompt(65))
    sequence.pages = [0, 1]
    with pytest.raises(IndexError):
        drive.runner.run([Part(sequence, 0, 65)])


def test_tokens_are_drawn_by_the_models_kernels_if_these_can_and_they_are_compiled_before_an_answer():
    pytest.importorskip("triton")
    from kimicode_kernels import hopper

    model = oracle(num_hidden_layers=1)
    assert Drive(model.config, model.slots).runner.draw is None
    drive = Drive(model.config, model.slots, kernels=hopper.KERNELS)
    drive.runner.warm(8)
    assert drive.runner.draw is hopper.draw


@pytest.mark.gpu
@pytest.mark.parametrize("int4", [True, False])
def test_a_gpu_without_kernels_of_its_own_computes_the_same(int4):
    model = oracle(int4=int4, rope_parameters=yarn())
    cpu = Drive(model.config, model.slots)
    gpu = Drive(model.config, {name: tensor.cuda() for name, tensor in model.slots.items()}, seed=1)
    tokens = prompt(150)
    assert apart(gpu.logits(tokens, chunk=70).cpu(), cpu.logits(tokens)) <= 1e-4
    assert gpu.greedy(tokens[:20], 64) == cpu.greedy(tokens[:20], 64)


def test_a_context_of_20_000_tokens_in_chunks_is_that_of_one_piece_and_decodes_with_short_neighbours():
    window = {"max_position_embeddings": 32768, "rope_parameters": yarn(original_max_position_embeddings=4096)}
    model = oracle(num_hidden_layers=1, num_attention_heads=1, num_key_value_heads=1, **window)
    tokens, drive = prompt(20_000), Drive(model.config, model.slots, pages=640)
    long = drive.sequence(tokens)
    last = drive.prefill(long, chunk=4096)
    # The last token again, as a decoding row next to a short sequence: absorbed and expanded attention must agree.
    again, short = drive.sequence(tokens, long.pages, len(tokens) - 1), drive.sequence(prompt(10))
    drive.step((short, 9))
    rows = drive.step((again, 1), (short, 1))
    assert apart(rows[0], last) <= 1e-5
    assert apart(rows[1], Drive(model.config, model.slots).logits(prompt(10))) <= 1e-5


def test_few_tokens_are_computed_by_as_many_threads_as_asked_for_and_prompts_by_all():
    model, seen = oracle(num_hidden_layers=1), []

    def noted(x, weight, bias=None):
        seen.append(torch.get_num_threads())
        return REFERENCE.linear(x, weight, bias)

    usual = torch.get_num_threads()
    kimi = Kimi(model.config, model.slots, replace(REFERENCE, linear=noted))
    cache = LatentCache(1, 4, model.config.latent_dim, torch.float32, CPU)
    runner = ModelRunner(kimi, cache, CPU, token_threads=usual + 1)
    sequence = Drive(model.config, model.slots).sequence(prompt(10), pages=[0])
    for start, count, threads in ((0, 9, usual), (9, 1, usual + 1)):
        runner.run([Part(sequence, start, count)])
        assert set(seen) == {threads}
        seen.clear()
    assert torch.get_num_threads() == usual
