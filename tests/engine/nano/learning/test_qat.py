"""What training sees of an expert's weight is, to the bit, what the engine unpacks from the checkpoint."""

import pytest
import torch

from kimicode_engine.checkpoint.tiny_weights import quantise
from kimicode_kernels.reference.packing import unpack
from nano_training.learning.qat import int4, straight_through


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_training_sees_what_the_engine_unpacks(dtype):
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(48, 128, generator=generator) * torch.logspace(-6, 2, 48).unsqueeze(1)
    weight[5, :32] = 0.0
    assert torch.equal(int4(weight, dtype), unpack(*quantise(weight), dtype))


def test_many_matrices_at_once_are_the_same_one_by_one():
    weight = torch.randn(2, 3, 8, 64, generator=torch.Generator().manual_seed(1))
    alone = [int4(matrix, torch.float32) for matrix in weight.flatten(0, 1)]
    assert torch.equal(int4(weight, torch.float32).flatten(0, 1), torch.stack(alone))


def test_quantising_twice_changes_nothing_and_the_error_is_half_a_step_at_most():
    weight = torch.randn(16, 64, generator=torch.Generator().manual_seed(2))
    once = int4(weight, torch.float32)
    step = weight.unflatten(-1, (-1, 32)).abs().amax(-1, keepdim=True) / 7
    error = (once - weight).unflatten(-1, (-1, 32)).abs()
    assert (error <= step * 0.54).all()  # bf16's scale may be off by 1/256, seven times
    again = int4(once, torch.float32)
    assert torch.allclose(again, once, rtol=1e-2)


def test_the_gradient_passes_as_if_nothing_had_been_rounded():
    weight = torch.randn(4, 32, generator=torch.Generator().manual_seed(3)).requires_grad_()
    seen = straight_through(weight, torch.float32)
    assert torch.allclose(seen, int4(weight.detach(), torch.float32), atol=1e-6)
    (seen * 3.0).sum().backward()
    assert torch.equal(weight.grad, torch.full_like(weight, 3.0))
