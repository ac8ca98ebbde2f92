"""What is trained is what the engine will serve: the same logits from what is exported, INT4 experts included."""

import pytest
import torch
from torch._dynamo.testing import CompileCounterWithBackend

from kimicode_engine.checkpoint.load import load_weights
from kimicode_engine.checkpoint.tiny_config import Tiny
from kimicode_engine.checkpoint.tiny_tokenizer import learn, write_tokenizer
from kimicode_engine.config import read_config
from nano_training.learning.export import write_checkpoint
from nano_training.learning.layers import before_attention, dense_after, sparse_after
from nano_training.learning.model import Nano, Way
from nano_training.learning.parameters import EXPERTS, initial
from nano_training.learning.sizes import model_config
from tests.fakes.engine_drive import Drive, apart

SMALL = Tiny(
    wrapped=False, yarn=False, hidden_size=64, layers=3, heads=4, window=256, q_lora_rank=32, kv_lora_rank=32,
    qk_nope_head_dim=16, qk_rope_head_dim=16, v_head_dim=16, dense_layers=1, intermediate_size=96,
    moe_intermediate_size=32, experts=6, experts_per_token=2, shared_experts=1, routed_scaling=2.0, merges=64,
)  # fmt: skip
CPU = torch.device("cpu")


def small(way=None, seed=0, loud=3.0):
    """A model whose weights bf16 holds exactly, large enough for experts and attention to matter, biases not zero."""
    config = model_config(SMALL)
    parameters = initial(config, seed, CPU)
    with torch.no_grad():
        for name, values in parameters.items():
            if name not in EXPERTS:
                values.copy_((values * (loud if values.dim() > 2 else 1.0)).bfloat16())
            else:
                values.mul_(loud)
    model = Nano(config, parameters, way or Way(torch.float32))
    model.bias.copy_(torch.linspace(-0.1, 0.1, model.bias.numel()).view_as(model.bias))
    return model


def random_batch(rows=3, length=10, prefix=7, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return (
        torch.randint(1, 500, (prefix,), generator=generator),
        torch.randint(1, 500, (rows, length), generator=generator),
    )


def logits(model, prefix, tokens, quantised=False):
    """What each row's tokens are predicted by, [B, T, vocab]."""
    seen = model.run(prefix, tokens, quantised=quantised)
    return (seen.before @ seen.head.T).view(*tokens.shape, -1).detach()


def aim(before):
    """Something to learn: rows' values along one direction. (Lengths would be no aim, the norm fixes them.)"""
    direction = torch.randn(before.shape[-1], generator=torch.Generator().manual_seed(9))
    return (before @ direction).sum()


@pytest.mark.parametrize("quantised", [True, False])
def test_the_engine_computes_the_same_from_what_was_exported(tmp_path, quantised):
    model = small()
    prefix, tokens = random_batch()
    write_tokenizer(tmp_path, learn(SMALL.merges))
    if not quantised:
        with torch.no_grad():
            for name in EXPERTS:
                model.parameters[name].copy_(model.parameters[name].bfloat16())
    write_checkpoint(tmp_path, SMALL, model.parameters, model.bias, tmp_path, quantised=quantised)
    config = read_config(tmp_path)
    drive = Drive(config, load_weights(tmp_path, config, device=CPU, dtype=torch.float32))
    ours = logits(model, prefix, tokens, quantised)
    for row in range(len(tokens)):
        whole = [*prefix.tolist(), *tokens[row].tolist()]
        for place in (0, 1, 9):
            theirs = drive.logits(whole[: len(prefix) + place])
            assert apart(ours[row, place], theirs) <= 1e-3


def test_experts_sorted_or_all_at_once_are_the_same_function_with_the_same_gradients():
    prefix, tokens = random_batch()
    found = []
    for sort in (True, False):
        model = small(Way(torch.float32, sort=sort))
        seen = model.run(prefix, tokens, quantised=True)
        (aim(seen.before) + seen.balance).backward()
        found.append((seen.before.detach(), {name: values.grad for name, values in model.parameters.items()}))
    (first, gradients), (second, others) = found
    assert apart(first, second) <= 1e-5
    for name in gradients.keys() - {"head"}:
        assert apart(gradients[name], others[name]) <= 1e-4, name
        assert gradients[name].abs().sum() > 0, name


def test_a_row_knows_the_prefix_and_itself_alone():
    model = small()
    prefix, tokens = random_batch()
    together = logits(model, prefix, tokens)
    alone = logits(model, prefix, tokens[1:2])
    assert apart(together[1], alone[0]) <= 1e-5
    changed = tokens.clone()
    changed[:, 5] += 1
    after = logits(model, prefix, changed)
    assert apart(after[:, :6], together[:, :6]) <= 1e-5
    assert apart(after[:, 6:], together[:, 6:]) > 1e-2


def test_where_the_prefix_ends_does_not_matter():
    model = small()
    prefix, tokens = random_batch(rows=1)
    longer = torch.cat((prefix, tokens[0, :4]))
    assert apart(logits(model, longer, tokens[:, 4:]), logits(model, prefix, tokens)[:, 4:]) <= 1e-5


def test_the_prefix_learns_from_every_row():
    model = small()
    prefix, tokens = random_batch(rows=2)
    other = 501 + torch.arange(len(prefix))  # tokens that the rows do not have
    aim(model.run(other, tokens, quantised=False).before).backward()
    together = model.parameters["embed"].grad[other]
    parts = []
    for row in range(2):
        model.parameters["embed"].grad = None
        aim(model.run(other, tokens[row : row + 1], quantised=False).before).backward()
        parts.append(model.parameters["embed"].grad[other])
    assert apart(together, parts[0] + parts[1]) <= 1e-4


def test_padding_counts_for_no_expert():
    model = small()
    prefix, tokens = random_batch(rows=2)
    padded = torch.cat((tokens, torch.zeros(2, 6, dtype=torch.int64)), dim=1)
    first, second = model.run(prefix, tokens, quantised=False), model.run(prefix, padded, quantised=False)
    assert torch.equal(first.load, second.load)
    assert first.load.sum(-1).tolist() == [20 * 2, 20 * 2]
    assert first.balance.item() == pytest.approx(second.balance.item(), rel=1e-4)


def test_a_prefix_is_needed_and_the_window_has_an_end():
    model = small()
    prefix, tokens = random_batch()
    with pytest.raises(ValueError, match="a prefix of 0"):
        model.run(prefix[:0], tokens, quantised=False)
    with pytest.raises(ValueError, match="the window is 256"):
        model.run(prefix, torch.ones(1, 250, dtype=torch.int64), quantised=False)


def test_what_is_compiled_is_traced_whole_and_computes_the_same():
    prefix, tokens = random_batch()
    plain = small(Way(torch.bfloat16))
    compiled = small(Way(torch.bfloat16, compiled=True))
    counted = CompileCounterWithBackend("aot_eager")
    for part, whole in (("_before", before_attention), ("_dense", dense_after), ("_sparse", sparse_after)):
        # Tracing is what may fail; generating code takes a CPU minutes.
        setattr(compiled, part, torch.compile(whole, backend=counted, fullgraph=True))
    for length in (10, 8, 6):
        ours = plain.run(prefix, tokens[:, :length], quantised=True)
        theirs = compiled.run(prefix, tokens[:, :length], quantised=True)
        assert apart(theirs.before.detach().float(), ours.before.detach().float()) <= 2e-2
        aim(theirs.before.float()).backward()
    assert counted.frame_count == 3, "each part is compiled once, for any number of tokens"
