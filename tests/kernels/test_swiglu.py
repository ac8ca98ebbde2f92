"""SwiGLU, interpreted or on a GPU, against its reference."""

import pytest
import torch

from kimicode_kernels.reference.swiglu import swiglu as reference
from kimicode_kernels.swiglu import swiglu

pytestmark = pytest.mark.usefixtures("device")


@pytest.mark.parametrize("shape", [(1, 2), (3, 514), (2, 40)])
def test_the_gate_comes_first(shape):
    gate_up = torch.randn(shape) * 4
    torch.testing.assert_close(swiglu(gate_up), reference(gate_up))


def test_the_large_tile_computes_the_same():
    gate_up = torch.randn(65, 2 * 4100)
    torch.testing.assert_close(swiglu(gate_up), reference(gate_up))


def test_slices_and_types_are_kept():
    gate_up = torch.randn(3, 30).half()[:, 4:24]
    found = swiglu(gate_up)
    assert found.dtype == torch.float16
    torch.testing.assert_close(found, reference(gate_up.float()).half(), rtol=2e-3, atol=1e-4)


@pytest.mark.filterwarnings("ignore:overflow")
def test_great_values_neither_overflow_nor_turn_into_nan():
    gate_up = torch.tensor([[200.0, -200.0, 3.0, 3.0]])
    assert swiglu(gate_up).tolist() == [[600.0, 0.0]]


def test_no_rows_give_no_rows():
    assert swiglu(torch.empty(0, 8)).shape == (0, 4)
