"""compressed-tensors' `pack-quantized` INT4: eight codes in an int32 along the input dimension, low nibble first."""

import torch


def unpack(packed: torch.Tensor, scale: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """The values (nibble - 8) · scale of the group.

    packed [..., rows, n/8] int32, scale [..., rows, n/group] → [..., rows, n] in `dtype`. The group's size follows
    from the two shapes.
    """
    shifts = torch.arange(0, 32, 4, dtype=torch.int32, device=packed.device)  # [8]
    codes = ((packed.unsqueeze(-1) >> shifts) & 15) - 8  # [..., rows, n/8, 8]
    grouped = codes.view(*scale.shape, -1)  # [..., rows, n/group, group]
    return (grouped * scale.to(dtype).unsqueeze(-1)).flatten(-2)
