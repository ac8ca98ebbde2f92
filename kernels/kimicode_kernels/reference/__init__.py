"""Every kernel's meaning in plain PyTorch: what the tests compare with, and what runs where Triton does not."""
