"""The config.json of a tiny checkpoint: K2.6's fields, word for word, at sizes that a test can afford."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

YARN_FACTOR = 64.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiny:
    """What may be chosen about a tiny checkpoint; sizes have ModelConfig's names and meanings."""

    hidden_size: int = 128
    layers: int = 3
    heads: int = 4
    window: int = 4096
    q_lora_rank: int | None = 48
    kv_lora_rank: int = 64
    qk_nope_head_dim: int = 32
    qk_rope_head_dim: int = 16
    v_head_dim: int = 32
    dense_layers: int = 1
    moe_layer_freq: int = 1
    intermediate_size: int = 256
    moe_intermediate_size: int = 64
    experts: int = 8
    experts_per_token: int = 2
    shared_experts: int = 1
    groups: int = 1
    groups_per_token: int = 1
    routed_scaling: float = 2.827
    normalise_topk: bool = True
    attention_bias: bool = False
    mtp_layers: int = 0
    yarn: bool = True
    tied: bool = False
    wrapped: bool = True
    """Under `kimi_k25` with a text_config and a vision tower, as K2.5 and K2.6 are; else flat, as K2 and Moonlight."""
    text_type: str = "deepseek_v3"
    int4: bool = True
    group_size: int = 32
    dtype: str = "bfloat16"
    merges: int = 128
    """Tokens beyond the 256 bytes and before the 256 reserved ones."""
    seed: int = 0
    shards: int = 3
    index: bool = True
    """Write model.safetensors.index.json."""


def config_json(tiny: Tiny, control: Mapping[str, int]) -> Json:
    """The content of config.json. `control` gives the ids of the control tokens by name."""
    text = _text_config(tiny, control)
    if not tiny.wrapped:
        return text
    return {
        "architectures": ["KimiK25ForConditionalGeneration"],
        "model_type": "kimi_k25",
        "bos_token_id": control["[BOS]"],
        "eos_token_id": control["<|im_end|>"],
        "pad_token_id": control["[PAD]"],
        "media_placeholder_token_id": control["<|media_pad|>"],
        "ignore_index": -100,
        "tie_word_embeddings": tiny.tied,
        "use_unified_vision_chunk": True,
        "video_placeholder": "<|kimi_k25_video_placeholder|>",
        "dtype": tiny.dtype,
        "text_config": text,
        "vision_config": {"patch_size": 14, "vt_hidden_size": 16, "text_hidden_size": tiny.hidden_size},
    }


def _text_config(tiny: Tiny, control: Mapping[str, int]) -> Json:
    text: Json = {
        "architectures": ["DeepseekV3ForCausalLM"],
        "model_type": tiny.text_type,
        "vocab_size": control["[PAD]"] + 1,
        "bos_token_id": control["[BOS]"],
        "eos_token_id": control["<|im_end|>"],
        "pad_token_id": control["[PAD]"],
        "max_position_embeddings": tiny.window,
        "hidden_act": "silu",
        "rms_norm_eps": 1e-5,
        "tie_word_embeddings": tiny.tied,
        "num_nextn_predict_layers": tiny.mtp_layers,
        "use_cache": True,
        "dtype": tiny.dtype,
        **_attention(tiny),
        **_mlp(tiny),
    }
    if tiny.int4:
        text["quantization_config"] = _quantization(tiny.group_size)
    return text


def _attention(tiny: Tiny) -> Json:
    yarn = {
        "type": "yarn",
        "factor": YARN_FACTOR,
        "original_max_position_embeddings": max(1, int(tiny.window / YARN_FACTOR)),
        "beta_fast": 32.0,
        "beta_slow": 1.0,
        "mscale": 1.0,
        "mscale_all_dim": 1.0,
    }
    return {
        "hidden_size": tiny.hidden_size,
        "num_hidden_layers": tiny.layers,
        "num_attention_heads": tiny.heads,
        "num_key_value_heads": tiny.heads,
        "q_lora_rank": tiny.q_lora_rank,
        "kv_lora_rank": tiny.kv_lora_rank,
        "qk_nope_head_dim": tiny.qk_nope_head_dim,
        "qk_rope_head_dim": tiny.qk_rope_head_dim,
        "v_head_dim": tiny.v_head_dim,
        "attention_bias": tiny.attention_bias,
        "attention_dropout": 0.0,
        "rope_theta": 50000.0,
        "rope_scaling": yarn if tiny.yarn else None,
    }


def _mlp(tiny: Tiny) -> Json:
    return {
        "intermediate_size": tiny.intermediate_size,
        "moe_intermediate_size": tiny.moe_intermediate_size,
        "first_k_dense_replace": tiny.dense_layers,
        "moe_layer_freq": tiny.moe_layer_freq,
        "n_routed_experts": tiny.experts,
        "num_experts_per_tok": tiny.experts_per_token,
        "n_shared_experts": tiny.shared_experts,
        "n_group": tiny.groups,
        "topk_group": tiny.groups_per_token,
        "routed_scaling_factor": tiny.routed_scaling,
        "norm_topk_prob": tiny.normalise_topk,
        "scoring_func": "sigmoid",
        "topk_method": "noaux_tc",
        "ep_size": 1,
        "pretraining_tp": 1,
    }


def _quantization(group_size: int) -> Json:
    weights = {
        "type": "int",
        "num_bits": 4,
        "symmetric": True,
        "strategy": "group",
        "group_size": group_size,
        "actorder": None,
        "dynamic": False,
        "observer": "minmax",
    }
    return {
        "quant_method": "compressed-tensors",
        "format": "pack-quantized",
        "quantization_status": "compressed",
        "kv_cache_scheme": None,
        "config_groups": {
            "group_0": {
                "targets": ["Linear"],
                "weights": weights,
                "input_activations": None,
                "output_activations": None,
            }
        },
        "ignore": [
            "lm_head",
            "re:.*self_attn.*",
            "re:.*shared_experts.*",
            "re:.*mlp\\.(gate|up|gate_up|down)_proj.*",
        ],
    }
