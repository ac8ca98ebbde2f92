"""Which kernels a model gets, and that it computes the same with either kind."""

import subprocess
import sys
import warnings
from dataclasses import replace

import pytest
import torch

from kimicode_kernels.select import REFERENCE, Sizes, kernels_for, warn_once, why_not
from tests.fakes.engine_drive import Drive, apart, prompt
from tests.fakes.engine_int4 import pack, quantise
from tests.fakes.oracle import oracle

FITTING = {
    "hidden_size": 128,
    "moe_intermediate_size": 128,
    "kv_lora_rank": 32,
    "qk_rope_head_dim": 16,
    "num_hidden_layers": 2,
    "n_routed_experts": 4,
}
"""Sizes that each Triton kernel takes."""
NANO_HEADS = {"kv_lora_rank": 128, "qk_nope_head_dim": 32, "qk_rope_head_dim": 32, "v_head_dim": 64}
"""kimi-nano's: they fit as well, so that a GPU computes it with the kernels of the large ones."""


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_without_a_gpu_it_is_pytorch_and_nothing_is_said(device):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert kernels_for(torch.device(device), torch.bfloat16) is REFERENCE


def test_choosing_imports_no_triton():
    code = (
        "import sys, torch; from kimicode_kernels.select import kernels_for; "
        "kernels_for(torch.device('cpu'), torch.bfloat16); sys.exit('triton' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("capability", "dtype", "triton", "hip", "said"),
    [
        ((9, 0), torch.bfloat16, True, False, ""),
        ((8, 0), torch.bfloat16, True, False, "compute capability 8.0"),
        ((10, 0), torch.bfloat16, True, False, "compute capability 10.0"),
        ((9, 0), torch.bfloat16, True, True, "an AMD GPU"),
        ((9, 0), torch.bfloat16, False, False, "Triton is not installed"),
        ((9, 0), torch.float32, True, False, "torch.float32"),
    ],
)
def test_what_keeps_a_gpu_from_the_triton_kernels_is_named(capability, dtype, triton, hip, said):
    found = why_not(capability, dtype, triton=triton, hip=hip)
    assert said in found
    assert bool(found) == bool(said)


def test_a_reason_is_given_once():
    with pytest.warns(RuntimeWarning, match="a reason of this test"):
        warn_once("a reason of this test")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_once("a reason of this test")


def triton_kernels():
    pytest.importorskip("triton")
    from kimicode_kernels.hopper import KERNELS

    return KERNELS


def copied(slots):
    """The kernels empty what they have packed anew."""
    return {name: tensor.clone() for name, tensor in slots.items()}


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"int4": True}, marks=pytest.mark.slow),  # its paths are those of the two others together
        {"int4": True, "q_lora_rank": None, "rope_interleave": False, "attention_bias": True},
        {"int4": False, "kv_lora_rank": 40, "n_group": 4, "topk_group": 2, "n_routed_experts": 16},
        pytest.param({"int4": True, **NANO_HEADS}, marks=pytest.mark.slow),
    ],
    ids=["int4", "int4 and a bias", "odd sizes and groups", "kimi-nano's heads"],
)
def test_a_model_computes_the_same_with_either(fields):
    expected = oracle(**FITTING | fields)
    config = expected.config
    plain, fast = Drive(config, expected.slots), Drive(config, copied(expected.slots), kernels=triton_kernels())
    answers = []
    for drive in (plain, fast):
        first, second = drive.sequence(prompt(22)), drive.sequence(prompt(4, seed=1))
        logits = [drive.prefill(first, chunk=18), drive.prefill(second)]
        for sequence, token in ((first, 3), (second, 5)):
            sequence.tokens.append(token)
        answers.append(torch.cat([torch.stack(logits), drive.step((first, 1), (second, 1))]))
    assert apart(answers[1], answers[0]) <= 1e-5
    assert torch.equal(answers[1].argmax(-1), answers[0].argmax(-1))


def test_a_graph_holds_a_step_of_kimi_nano():
    assert triton_kernels().capturable(Sizes(hidden=512, width=128, group=32, rank=128, rope=32))
    assert not triton_kernels().capturable(Sizes(hidden=512, width=96, group=32, rank=128, rope=32))


def test_a_vocabulary_beyond_the_kernels_is_drawn_from_by_the_reference():
    logits = torch.zeros(2, 262_145)
    logits[0, 262_144] = logits[1, 5] = 40.0
    draw = triton_kernels().draw
    assert draw(logits).tolist() == [262_144, 5]
    assert draw(logits, torch.tensor([0.5, 0.5]).double(), temperature=torch.ones(2)).tolist() == [262_144, 5]


@pytest.mark.parametrize("everything", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_over_an_fp8_cache_as_well(everything):
    expected = oracle(**FITTING | {"int4": everything, "kv_lora_rank": 128})
    # The writer rounds to bf16, which Triton's interpreter does wrongly; it has tests of its own.
    fast = replace(triton_kernels(), rope_and_write=REFERENCE.rope_and_write)
    if not everything:  # what never sees the cache takes most of the interpreter's time
        fast = replace(fast, linear=REFERENCE.linear, gated=REFERENCE.gated)
    answers = []
    for drive in (
        Drive(expected.config, expected.slots, fp8=True),
        Drive(expected.config, copied(expected.slots), kernels=fast, fp8=True),
    ):
        sequence = drive.sequence(prompt(70))
        drive.prefill(sequence, chunk=40)
        sequence.tokens.append(3)
        answers.append(drive.step((sequence, 1))[0])
    assert apart(answers[1], answers[0]) <= 1e-5


def experts(group=32, hidden=128, width=128, count=3):
    """gate_up and down as stored, with their scales."""
    gate_up, gate_up_scale = quantise(torch.randn(count, 2 * width, hidden), group)
    down, down_scale = quantise(torch.randn(count, hidden, width), group)
    return pack(gate_up), gate_up_scale, pack(down), down_scale


def test_packed_experts_leave_nothing_of_the_originals():
    given = experts()
    triton_kernels().int4_experts(*given)
    assert [one.untyped_storage().size() for one in given] == [0, 0, 0, 0]
    with pytest.raises(ValueError, match="load the checkpoint again"):
        triton_kernels().int4_experts(*given)


def test_experts_in_one_storage_with_others_are_not_torn_away():
    whole = [torch.stack((one, one)) for one in experts()]
    triton_kernels().int4_experts(*(one[0] for one in whole))
    assert all(one.untyped_storage().size() for one in whole)


@pytest.mark.parametrize("sizes", [{"group": 64}, {"hidden": 96}, {"width": 32}])
def test_experts_that_no_tile_divides_go_to_the_reference_with_a_warning(sizes):
    given = experts(**sizes)
    warn_once.cache_clear()
    with pytest.warns(RuntimeWarning, match="slow"):
        routed = triton_kernels().int4_experts(*given)
    x, weights, ids = torch.randn(2, sizes.get("hidden", 128)), torch.rand(2, 2), torch.tensor([[0, 2], [2, 1]])
    assert torch.equal(routed(x, weights, ids), REFERENCE.int4_experts(*given)(x, weights, ids))
