"""FlashMLA is called as its operation's schema says, and nothing is measured where it is not installed."""

from importlib.util import find_spec

import pytest
import torch

from benchmarks.peers import Call, attend, flash_mla, flash_rows
from kimicode_kernels.reference.mla_decode import mla_decode

RANK, ROPE, SCALE = 32, 16, 0.2


class DenseDecode:
    """What `dense_decode_fwd` takes and gives, by the reference: there are dimensions of 1 for tokens and heads."""

    plans = 0

    def dense_decode_fwd(self, q, kcache, head_size_v, seqlens_k, block_table, softmax_scale, is_causal, plan, splits):
        assert (q.shape[1], kcache.shape[2], is_causal) == (1, 1, False)
        if plan is None:
            self.plans += 1
            plan, splits = torch.zeros(4, 8, dtype=torch.int32), torch.zeros(len(q) + 1, dtype=torch.int32)
        sizes = {"scale": softmax_scale, "rank": head_size_v}
        out, lse = mla_decode(q.squeeze(1), kcache.squeeze(2), block_table, seqlens_k, **sizes)
        return out.unsqueeze(1), lse.unsqueeze(2), plan, splits


def call():
    query, cache = torch.randn(2, 3, RANK + ROPE), torch.randn(4, 16, RANK + ROPE)
    table, lengths = torch.tensor([[3, 1], [0, 2]], dtype=torch.int32), torch.tensor([20, 5], dtype=torch.int32)
    ours, _ = mla_decode(query, cache, table, lengths, scale=SCALE, rank=RANK)
    return Call(query, cache, table, lengths, SCALE, ours)


def test_its_result_has_the_shape_of_ours_and_its_plan_serves_again():
    operations, given = DenseDecode(), call()
    out, _, *plan = attend(operations, given)
    again, _, *same = attend(operations, given, plan)
    assert torch.equal(out.view_as(given.ours), given.ours)
    assert torch.equal(again, out)
    assert same[0] is plan[0]
    assert operations.plans == 1


@pytest.mark.skipif(find_spec("flash_mla") is not None, reason="it is installed here")
def test_where_it_is_missing_a_shape_has_no_peer():
    assert flash_mla() is None
    assert not list(flash_rows("mla_decode", "any", [call()], 1.0, 1.0))
