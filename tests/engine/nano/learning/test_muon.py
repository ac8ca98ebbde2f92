"""MuonClip: updates are orthogonal and of AdamW's size, and no head's attention logits stay above tau."""

import copy

import pytest
import torch

from nano_training.learning.muon import LIKE_ADAM, TAU, MuonClip, clip_logits, orthogonal
from nano_training.learning.parameters import ROWS, VECTORS
from tests.engine.nano.learning.test_model import aim, random_batch, small


def test_newton_schulz_brings_all_singular_values_near_one():
    generator = torch.Generator().manual_seed(0)
    for rows, columns in ((16, 48), (48, 16), (32, 32)):
        made = orthogonal(torch.randn(5, rows, columns, generator=generator)).float()
        values = torch.linalg.svdvals(made)
        assert made.shape == (5, rows, columns)
        # Its coefficients trade exactness for speed: values end between about 0.7 and 1.2.
        assert values.max() < 1.3
        assert values.median() > 0.6


def test_it_points_where_the_gradient_points():
    matrix = torch.randn(1, 8, 24, generator=torch.Generator().manual_seed(1))
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    cosine = torch.nn.functional.cosine_similarity(
        orthogonal(matrix).float().flatten(), (left @ right).flatten(), dim=0
    )
    assert cosine > 0.95


def test_no_gradient_gives_no_update():
    assert not orthogonal(torch.zeros(2, 8, 16)).any()


def stepped(rate=1e-2, decay=0.0):
    """A model before and after one step."""
    model = small()
    before = {name: values.detach().clone() for name, values in model.parameters.items()}
    optimiser = MuonClip(model.parameters, decay=decay)
    seen = model.run(*random_batch(), quantised=False)
    (aim(seen.before) + (seen.before @ seen.head.T).square().mean() + seen.balance).backward()
    optimiser.step(rate)
    return model, optimiser, before


def test_every_update_is_about_as_large_as_adams_times_the_rate():
    model, _, before = stepped()
    for name, values in model.parameters.items():
        moved = (values.detach() - before[name]).square().mean().sqrt() / 1e-2
        if name in VECTORS | ROWS:
            assert 0.05 < moved <= 1.01, name  # AdamW's first step is one rate; rows without a gradient stay
        else:
            assert 0.1 < moved / LIKE_ADAM < 1.2, name


def test_decay_shrinks_matrices_but_no_norms():
    plain, decayed = stepped()[0], stepped(decay=0.1)[0]
    before = stepped()[2]
    for name, values in decayed.parameters.items():
        difference = (plain.parameters[name] - values).detach()
        expected = torch.zeros_like(values) if name in VECTORS else 1e-2 * 0.1 * before[name]
        assert torch.allclose(difference, expected, atol=1e-6), name


def test_the_optimiser_goes_on_from_its_state():
    model, optimiser, _ = stepped()
    other = small()
    with torch.no_grad():
        for name, values in other.parameters.items():
            values.copy_(model.parameters[name])
    restored = MuonClip(other.parameters, decay=0.0)
    restored.restore(copy.deepcopy(optimiser.state()))
    for one, its in ((model, optimiser), (other, restored)):
        aim(one.run(*random_batch(seed=1), quantised=False).before).backward()
        one.parameters["head"].grad = torch.ones_like(one.parameters["head"])
        its.step(1e-2)
    for name, values in model.parameters.items():
        assert torch.equal(values, other.parameters[name]), name


def test_heads_above_tau_come_down_to_it_and_others_stay():
    model = small()
    batch = random_batch(prefix=20, rows=1, length=40)
    width = model.config.qk_head_dim
    with torch.no_grad():
        # The first head of the second layer shouts, by its position alone as well as by content.
        model.parameters["q_b"][1, :width] *= 60.0
        model.parameters["kv_b"][1, : model.config.qk_nope_head_dim] *= 10.0
    before = model.run(*batch, quantised=False).largest
    assert before[1, 0] > TAU
    assert before[0].max() < TAU
    clip_logits(model.parameters, model.config, before)
    after = model.run(*batch, quantised=False).largest
    # All its logits shrink alike, so that the sample's largest one is tau now.
    assert after[1, 0].item() == pytest.approx(TAU, rel=1e-3)
    assert torch.equal(after[0], before[0])
    assert torch.allclose(after[1, 1:], before[1, 1:])


def test_clipping_leaves_the_shared_key_and_the_values_alone():
    model = small()
    before = {name: values.detach().clone() for name, values in model.parameters.items()}
    nope, value = model.config.qk_nope_head_dim, model.config.v_head_dim
    largest = torch.full((model.config.layers, model.config.heads), 50.0)
    largest[2, 3] = 400.0
    clip_logits(model.parameters, model.config, largest)
    query, key = model.parameters["q_b"][2].view(4, -1, 32), model.parameters["kv_b"][2].view(4, nope + value, 32)
    was, key_was = before["q_b"][2].view_as(query), before["kv_b"][2].view_as(key)
    assert torch.allclose(query[3, :nope], was[3, :nope] * 0.5)
    assert torch.allclose(query[3, nope:], was[3, nope:] * 0.25)
    assert torch.allclose(key[3, :nope], key_was[3, :nope] * 0.5)
    assert torch.equal(key[3, nope:], key_was[3, nope:])
    assert torch.equal(query[:3], was[:3])
    for name in model.parameters.keys() - {"q_b", "kv_b"}:
        assert torch.equal(model.parameters[name], before[name])
