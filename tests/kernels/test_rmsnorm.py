"""RMSNorm, interpreted or on a GPU, against its reference."""

import pytest
import torch

from kimicode_kernels import rmsnorm as kernel
from kimicode_kernels.reference import rmsnorm as reference

pytestmark = pytest.mark.usefixtures("device")

CLOSE = {torch.float32: {"rtol": 1e-5, "atol": 1e-6}, torch.float16: {"rtol": 2e-3, "atol": 1e-4}}


@pytest.mark.parametrize("dtype", list(CLOSE))
@pytest.mark.parametrize("shape", [(1, 64), (5, 7), (3, 577), (2, 3, 20)])
def test_rows_of_any_width_are_normalised(shape, dtype):
    x, weight = (torch.randn(shape) * 30).to(dtype), torch.randn(shape[-1], dtype=dtype)
    expected = reference.rmsnorm(x.float(), weight.float(), 1e-5).to(dtype)
    found = kernel.rmsnorm(x, weight, 1e-5)
    assert found.dtype == dtype
    torch.testing.assert_close(found, expected, **CLOSE[dtype])


def test_bf16_is_computed_in_fp32():
    x, weight = torch.randn(4, 96).bfloat16() * 50, torch.randn(96).bfloat16()
    # the interpreter cuts bf16 off where a GPU rounds: a unit in the last place
    torch.testing.assert_close(kernel.rmsnorm(x, weight, 1e-6), reference.rmsnorm(x, weight, 1e-6), rtol=8e-3, atol=0)


def test_a_slice_of_wider_rows_is_read_in_its_place():
    both, weight = torch.randn(6, 40), torch.randn(24)
    torch.testing.assert_close(
        kernel.rmsnorm(both[:, 5:29], weight, 1e-6), reference.rmsnorm(both[:, 5:29], weight, 1e-6)
    )


def test_the_sum_is_rounded_before_it_is_normalised():
    x, residual, weight = torch.randn(3, 50).half(), (torch.randn(3, 50) * 100).half(), torch.randn(50).half()
    before = residual.clone()
    normed, total = kernel.rmsnorm_residual(x, residual, weight, 1e-6)
    expected, sums = reference.rmsnorm_residual(x, residual, weight, 1e-6)
    assert torch.equal(total, sums)
    assert torch.equal(residual, before)
    torch.testing.assert_close(normed, expected, **CLOSE[torch.float16])


def test_a_row_of_nan_stays_alone():
    x = torch.randn(3, 12)
    x[1] = float("nan")
    found = kernel.rmsnorm(x, torch.ones(12), 1e-6)
    assert found[1].isnan().all()
    assert not found[[0, 2]].isnan().any()


def test_no_rows_give_no_rows():
    assert kernel.rmsnorm(torch.empty(0, 8), torch.ones(8), 1e-6).shape == (0, 8)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="weight"):
        kernel.rmsnorm(torch.ones(2, 8), torch.ones(7), 1e-6)
    with pytest.raises(ValueError, match="residual"):
        kernel.rmsnorm_residual(torch.ones(2, 8), torch.ones(2, 8).half(), torch.ones(8), 1e-6)
