"""Softmax over keys that come block by block (Milakov & Gimelshein, arXiv 1805.02867)."""

import torch


class BlockSoftmax:
    """Σ softmax(scores) · values over blocks of keys, as exact as over all at once; fp32."""

    __slots__ = ("_peak", "_total", "_weighted")

    def __init__(self) -> None:
        self._peak: torch.Tensor | None = None

    def add(self, scores: torch.Tensor, values: torch.Tensor) -> None:
        """Take a block; scores [b, n, keys] are overwritten, -inf marks a key that a row must not see.

        values [b, keys, v]. Each row must see a key of the first block.
        """
        peak = scores.amax(dim=-1, keepdim=True)  # [b, n, 1]
        if self._peak is None:
            shares = scores.sub_(peak).exp_()  # [b, n, keys]
            self._total = shares.sum(dim=-1, keepdim=True)  # [b, n, 1]
            self._weighted = torch.bmm(shares, values)  # [b, n, v]
        else:
            peak = torch.maximum(self._peak, peak)
            shares = scores.sub_(peak).exp_()
            fade = (self._peak - peak).exp_()  # [b, n, 1]
            self._total.mul_(fade).add_(shares.sum(dim=-1, keepdim=True))
            self._weighted.mul_(fade).baddbmm_(shares, values)
        self._peak = peak

    def result(self) -> tuple[torch.Tensor, torch.Tensor]:
        """(sums [b, n, v], log of the softmax's denominator [b, n])."""
        assert self._peak is not None
        return self._weighted / self._total, (self._peak + self._total.log()).squeeze(-1)
