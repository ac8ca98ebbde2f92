"""transformers computes the same; and no way of cutting, batching or paging a sequence changes what comes out."""

from dataclasses import replace

import pytest
import torch

from kimicode_engine.cache.latent import Chunk, LatentCache, Placement
from kimicode_engine.checkpoint import names
from kimicode_engine.checkpoint.load import load_weights
from kimicode_engine.checkpoint.tiny import write_tiny
from kimicode_engine.config import parse_config
from kimicode_engine.limits import PAGE
from kimicode_engine.model.kimi import Kimi
from kimicode_kernels.select import REFERENCE
from tests.fakes.engine_drive import Drive, apart, prompt
from tests.fakes.oracle import from_files, oracle, wrapped, yarn

CONFIGURATIONS = {
    "like_k26": {"rope_parameters": yarn()},
    "plain_rope": {},
    "no_q_lora": {"q_lora_rank": None, "seed": 1},
    "all_dense": {"first_k_dense_replace": 3, "seed": 2},
    "no_dense": {"first_k_dense_replace": 0, "seed": 3},
    "two_dense": {"first_k_dense_replace": 2, "num_experts_per_tok": 1, "norm_topk_prob": False, "seed": 4},
    "groups": {"n_group": 4, "topk_group": 2, "n_routed_experts": 16, "num_experts_per_tok": 4, "seed": 5},
    "groups_and_no_q_lora": {"n_group": 2, "topk_group": 1, "q_lora_rank": None, "rope_parameters": yarn(), "seed": 6},
    "mscales_differ": {"rope_parameters": yarn(mscale=0.7, mscale_all_dim=1.3), "seed": 7},
    "no_mscale": {"rope_parameters": yarn(mscale=None, mscale_all_dim=None), "seed": 8},
    "one_mscale": {"rope_parameters": yarn(mscale=None, mscale_all_dim=0.8, beta_fast=8.0, factor=4.0), "seed": 9},
    "odd_sizes": {
        "hidden_size": 60,
        "num_attention_heads": 3,
        "num_key_value_heads": 3,
        "q_lora_rank": 17,
        "kv_lora_rank": 40,
        "qk_nope_head_dim": 13,
        "qk_rope_head_dim": 6,
        "v_head_dim": 11,
        "n_routed_experts": 5,
        "num_experts_per_tok": 3,
        "n_shared_experts": 2,
        "vocab_size": 131,
        "seed": 10,
    },
    "tied": {"tie_word_embeddings": True, "seed": 11},
    "attention_bias": {"attention_bias": True, "rope_parameters": yarn(), "seed": 12},
    "attention_bias_without_q_lora": {"attention_bias": True, "q_lora_rank": None, "seed": 13},
    "half_split_rope": {"rope_interleave": False, "rope_parameters": yarn(), "seed": 14},
    "yarn_not_truncated": {"rope_parameters": yarn(truncate=False), "seed": 15},
}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_logits_and_128_greedy_tokens_are_those_of_transformers(name):
    expected = oracle(**CONFIGURATIONS[name])
    drive = Drive(expected.config, expected.slots)
    tokens = prompt(90, expected.config.vocab_size)
    theirs = expected.logits(tokens)
    for end in (1, 64, 65, 90):
        assert apart(drive.logits(tokens[:end], chunk=40), theirs[end - 1]) <= 1e-5
    start = tokens[:20]
    answer = drive.greedy(start, 128)
    likeliest = expected.logits(start + answer).argmax(dim=-1).tolist()
    assert answer == likeliest[len(start) - 1 : -1]


def test_plain_pytorch_computes_what_a_cpus_shortcuts_do():
    expected = oracle(**CONFIGURATIONS["like_k26"])
    tokens = prompt(90, expected.config.vocab_size)
    plain = Drive(expected.config, expected.slots, kernels=REFERENCE)
    assert apart(plain.logits(tokens, chunk=40), expected.logits(tokens)[-1]) <= 1e-5
    assert plain.greedy(tokens[:20], 32) == expected.greedy(tokens[:20], 32)


def test_int4_experts_compute_what_their_values_would():
    expected = oracle(int4=True, rope_parameters=yarn())
    tokens = prompt(90)
    drive = Drive(expected.config, expected.slots)
    assert apart(drive.logits(tokens), expected.logits(tokens)[-1]) <= 1e-5
    assert drive.greedy(tokens[:20], 32) == expected.greedy(tokens[:20], 32)


def test_the_text_model_under_the_kimi_k25_wrapper_is_the_same():
    expected = wrapped(rope_parameters=yarn())
    tokens = prompt(70)
    drive = Drive(expected.config, expected.slots)
    assert apart(drive.logits(tokens), expected.logits(tokens)[-1]) <= 1e-5


@pytest.mark.parametrize("fields", [{}, {"wrapped": False, "int4": False, "q_lora_rank": None, "tied": True}])
def test_a_checkpoint_in_files_computes_what_transformers_does_with_its_values(tmp_path, fields):
    config = write_tiny(tmp_path, **fields)
    slots = load_weights(tmp_path, config, device=torch.device("cpu"), dtype=torch.float32)
    tokens = prompt(80, config.vocab_size)
    with torch.inference_mode():
        expected = from_files(tmp_path)(torch.tensor([tokens])).logits[0, -1]
    assert apart(Drive(config, slots).logits(tokens), expected) <= 1e-5


def test_bf16_stays_near_fp32():
    exact, rounded = (oracle(dtype=dtype, rope_parameters=yarn()) for dtype in (torch.float32, torch.bfloat16))
    tokens = prompt(90)
    drive = Drive(rounded.config, rounded.slots)
    logits = drive.logits(tokens)
    assert logits.dtype == torch.float32
    # transformers' own distance in bf16 is the yardstick: rounding may send tokens to other experts.
    theirs = apart(rounded.logits(tokens)[-1], exact.logits(tokens)[-1])
    assert apart(logits, exact.logits(tokens)[-1]) <= max(2 * theirs, 0.05)


@pytest.fixture(scope="module")
def model():
    """K2.6 in small: YaRN, INT4 experts."""
    return oracle(int4=True, rope_parameters=yarn(), num_hidden_layers=2)


@pytest.mark.parametrize("chunk", [1, 7, 64, 100, 149])
def test_any_chunking_of_a_prompt_gives_the_same(model, chunk):
    tokens = prompt(150)
    whole, cut = Drive(model.config, model.slots, seed=1), Drive(model.config, model.slots, seed=2)
    assert apart(cut.logits(tokens, chunk), whole.logits(tokens)) <= 1e-5
    assert cut.greedy(tokens, 8, chunk) == whole.greedy(tokens, 8)


def test_neighbours_that_decode_and_prefill_do_not_change_a_sequence(model):
    alone = [Drive(model.config, model.slots).greedy(prompt(count, seed=count), 20) for count in (5, 63, 64, 150)]
    drive = Drive(model.config, model.slots, seed=3)
    everyone = [drive.sequence(prompt(count, seed=count)) for count in (5, 63, 64, 150)]
    first, *others = everyone
    first.tokens.append(int(drive.prefill(first).argmax()))
    running = [first]
    while any(sequence.generated < 20 for sequence in everyone):
        takes = [(sequence, 1) for sequence in running]
        takes += [(sequence, min(40, len(sequence.tokens) - sequence.computed)) for sequence in others[:1]]
        logits = iter(drive.step(*takes))
        for sequence, _ in takes:
            if sequence.computed == len(sequence.tokens):
                sequence.tokens.append(int(next(logits).argmax()))
        if others and others[0].generated:
            running.append(others.pop(0))
    assert [sequence.tokens[len(sequence.request.prompt) :][:20] for sequence in everyone] == alone


def test_shared_pages_of_a_prefix_give_the_same_as_computing_it(model):
    prefix, drive = prompt(2 * PAGE), Drive(model.config, model.slots)
    first = drive.sequence(prefix + prompt(30, seed=1))
    drive.prefill(first)
    tokens = prefix + prompt(50, seed=2)
    second = drive.sequence(tokens, pages=first.pages[:2], computed=2 * PAGE)
    assert apart(drive.prefill(second), Drive(model.config, model.slots).logits(tokens)) <= 1e-5


def test_a_sequence_that_lost_its_pages_is_computed_anew_and_goes_on_as_if_nothing_happened(model):
    expected = Drive(model.config, model.slots).greedy(prompt(70), 30)
    drive = Drive(model.config, model.slots, seed=4)
    sequence = drive.sequence(prompt(70))
    sequence.tokens.append(int(drive.prefill(sequence).argmax()))
    for _ in range(14):
        drive.decode(sequence)
    drive.free[:0] = sequence.pages
    sequence.pages, sequence.computed = [], 0
    sequence.tokens.append(int(drive.prefill(sequence, chunk=33).argmax()))
    while sequence.generated < 30:
        drive.decode(sequence)
    assert sequence.tokens[70:] == expected


def test_a_sequence_that_is_no_number_leaves_its_neighbours_alone(model):
    drive = Drive(model.config, model.slots)
    sick, well = drive.sequence(prompt(40)), drive.sequence(prompt(50, seed=1))
    for sequence in (sick, well):
        sequence.tokens.append(int(drive.prefill(sequence).argmax()))
    drive.cache.latents[:, sick.pages[0], 5] = float("inf")
    logits = drive.step((sick, 1), (well, 1))
    assert not logits[0].isfinite().all()
    assert apart(logits[1], Drive(model.config, model.slots).logits(well.tokens)) <= 1e-5


def test_a_missing_slot_is_told_by_its_name(model):
    slots = {name: tensor for name, tensor in model.slots.items() if name != "layers.1.kv_b"}
    with pytest.raises(KeyError, match="kv_b"):
        Kimi(model.config, slots)


K26 = {
    "model_type": "deepseek_v3",
    "hidden_size": 7168,
    "num_hidden_layers": 61,
    "num_attention_heads": 64,
    "vocab_size": 163840,
    "max_position_embeddings": 262144,
    "q_lora_rank": 1536,
    "kv_lora_rank": 512,
    "qk_nope_head_dim": 128,
    "qk_rope_head_dim": 64,
    "v_head_dim": 128,
    "first_k_dense_replace": 1,
    "intermediate_size": 18432,
    "moe_intermediate_size": 2048,
    "n_routed_experts": 384,
    "num_experts_per_tok": 8,
    "n_shared_experts": 1,
    "routed_scaling_factor": 2.827,
    "rms_norm_eps": 1e-5,
    "rope_theta": 50000.0,
}


def test_the_true_sizes_of_k26_fit_together_without_any_weights():
    config = replace(parse_config(K26), layers=1, window=4096)
    slots = {slot.name: torch.empty(slot.shape, dtype=torch.bfloat16, device="meta") for slot in names.slots(config)}
    model, cache = Kimi(config, slots), LatentCache(1, 8, config.latent_dim, torch.bfloat16, torch.device("meta"))
    assert model.blocks[0].attention.to_rank.shape == (64, 512, 128)
    assert model.blocks[0].attention.from_rank.shape == (64, 128, 512)
    assert cache.latents.shape == (1, 8, PAGE, 576)
    rows, none = torch.empty(200, dtype=torch.int64, device="meta"), torch.empty(0, dtype=torch.int32, device="meta")
    chunk = Chunk(0, 200, 300, torch.empty(5, dtype=torch.int64, device="meta"))
    logits = model.forward(rows, rows, Placement(rows, 0, none, none, (chunk,)), cache, rows[:1])
    assert (logits.shape, logits.dtype) == ((1, 163840), torch.float32)
