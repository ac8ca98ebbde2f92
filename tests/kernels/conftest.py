"""Kernels run under Triton's interpreter here, on the CPU, whether or not there is a GPU (TRITON_INTERPRET=0 undoes
it). It counts while Triton is imported, which may have happened before: tests/conftest.py sets it too."""

import os
import sys

if "triton" in sys.modules:
    assert os.environ.get("TRITON_INTERPRET"), "Triton was imported before it was told to interpret"
os.environ.setdefault("TRITON_INTERPRET", "1")
