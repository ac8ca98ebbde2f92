"""How large kimi-nano is, as the config.json of its checkpoint says it."""

from dataclasses import replace

from kimicode_engine.checkpoint.tiny_config import Json, Tiny, config_json
from kimicode_engine.checkpoint.tiny_tokenizer import control_ids
from kimicode_engine.config import ModelConfig, parse_config

NANO = Tiny(
    wrapped=False,
    yarn=False,
    hidden_size=512,
    layers=9,
    heads=8,
    window=8192,
    q_lora_rank=192,
    kv_lora_rank=128,
    qk_nope_head_dim=32,
    qk_rope_head_dim=32,
    v_head_dim=64,
    dense_layers=1,
    intermediate_size=1024,
    moe_intermediate_size=128,
    experts=18,
    experts_per_token=4,
    shared_experts=1,
    # Four outputs with weights of about 2/4 each are together as large as the shared expert's.
    routed_scaling=2.0,
    merges=3840,
)
"""42 million parameters, 15 million of which compute a token without the embedding; 43 MB with INT4 experts."""


def described(sizes: Tiny, *, quantised: bool = True) -> Json:
    """The content of config.json; with `quantised` the routed experts are INT4."""
    return config_json(replace(sizes, int4=quantised), control_ids(sizes.merges))


def model_config(sizes: Tiny) -> ModelConfig:
    """The same, parsed. Raises CheckpointError where sizes do not fit together."""
    return parse_config(described(sizes))
