"""The angles: K2.6's own numbers, transformers' for others, and the plain ones."""

import pytest
import torch

from kimicode_engine.config import Yarn, parse_config
from kimicode_engine.model.rope import frequencies, ramp, rope_table
from tests.fakes.oracle import SMALL, theirs, yarn

K26 = Yarn(factor=64.0, original_max_position=4096, mscale=1.0, mscale_all_dim=1.0)


def test_k26_slows_no_pair_up_to_the_eighth_and_all_from_the_twentieth():
    slowed = ramp(K26, 64, 50000.0)
    assert slowed[:9].tolist() == [0.0] * 9
    assert slowed[20:].tolist() == [1.0] * 12
    assert slowed[14] == pytest.approx(0.5)
    assert (slowed[8:21].diff() > 0).all()


def test_k26_keeps_fast_pairs_and_slows_slow_ones_64_times():
    fields = {"qk_rope_head_dim": 64, "rope_parameters": yarn(factor=64.0, original_max_position_embeddings=4096)}
    config = parse_config(SMALL | fields | {"model_type": "deepseek_v3"})
    plain = 50000.0 ** -(torch.arange(0, 64, 2) / 64)
    torch.testing.assert_close(frequencies(config)[:9], plain[:9])
    torch.testing.assert_close(frequencies(config)[20:], plain[20:] / 64)
    assert config.yarn.rotary_multiplier == 1.0
    assert config.yarn.softmax_multiplier == pytest.approx(2.0047397)


@pytest.mark.parametrize(
    "fields",
    [
        {"rope_type": "default", "rope_theta": 10000.0},
        yarn(),
        yarn(mscale=0.5, mscale_all_dim=1.5, factor=40.0),
        yarn(mscale=None, mscale_all_dim=None, truncate=False),
        yarn(beta_fast=1.0, beta_slow=1.0),
    ],
)
def test_the_table_is_that_of_transformers_over_the_whole_window(fields):
    from transformers.models.deepseek_v3.modeling_deepseek_v3 import DeepseekV3RotaryEmbedding

    raw = SMALL | {"rope_parameters": fields}
    places = torch.arange(SMALL["max_position_embeddings"])[None]
    cos, sin = DeepseekV3RotaryEmbedding(theirs(raw))(torch.zeros(1), places)
    table = rope_table(parse_config(raw | {"model_type": "deepseek_v3"}), torch.device("cpu"))
    torch.testing.assert_close(table[..., 0], cos[0, :, :4], rtol=0, atol=2e-5)
    torch.testing.assert_close(table[..., 1], sin[0, :, :4], rtol=0, atol=2e-5)
