"""Kernels run under Triton's interpreter here, on the CPU, whether or not there is a GPU (TRITON_INTERPRET=0 undoes
it). It counts while Triton is imported, which may have happened before: tests/conftest.py sets it too."""

import os
import sys

import pytest
import torch

if "triton" in sys.modules:
    assert os.environ.get("TRITON_INTERPRET"), "Triton was imported before it was told to interpret"
os.environ.setdefault("TRITON_INTERPRET", "1")


@pytest.fixture(scope="module", params=["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def device(request):
    """Where tensors are made that do not say where: a test that uses this runs interpreted and, if asked, on a GPU."""
    if request.param == "cuda" and (os.environ["TRITON_INTERPRET"] != "0" or not torch.cuda.is_available()):
        pytest.skip("needs a GPU, and TRITON_INTERPRET=0")
    with torch.device(request.param):
        yield request.param
