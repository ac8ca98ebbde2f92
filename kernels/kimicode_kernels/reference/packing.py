"""compressed-tensors' `pack-quantized` INT4: eight codes in an int32 along the input dimension, low nibble first."""

import torch


def unpack(packed: torch.Tensor, scale: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """The values (nibble - 8) · scale of the group.

    packed [..., rows, n/8] int32, scale [..., rows, n/group] → [..., rows, n] in `dtype`. The group's size follows
    from the two shapes.
    """
    values = torch.empty(*packed.shape, 8, dtype=dtype, device=packed.device)  # [..., rows, n/8, 8]
    for place in range(8):
        # one place at a time: nothing eight times as large as `packed` is made in int32
        values[..., place] = (packed >> (4 * place)) & 15
    grouped = values.view(*scale.shape, -1)  # [..., rows, n/group, group]
    return grouped.sub_(8).mul_(scale.to(dtype).unsqueeze(-1)).flatten(-2)
