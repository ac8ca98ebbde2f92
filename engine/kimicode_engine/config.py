"""What a checkpoint's config.json says, checked and named once. Plain data; nothing here touches a tensor."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kimicode_engine.errors import CheckpointError

WRAPPERS = {"kimi_k25"}
TEXT_TYPES = {"deepseek_v3", "kimi_k2"}
MTP_LAYERS = "num_nextn_predict_layers"


@dataclass(frozen=True, slots=True)
class Yarn:
    """YaRN's stretching of RoPE (Peng et al., arXiv 2309.00071), with DeepSeek's two mscale exponents."""

    factor: float
    original_max_position: int
    beta_fast: float = 32.0
    beta_slow: float = 1.0
    mscale: float = 1.0
    mscale_all_dim: float = 0.0
    truncate: bool = True

    @property
    def rotary_multiplier(self) -> float:
        """What cosines and sines are multiplied with: mscale over mscale_all_dim, 1.0 for Kimi."""
        if self.mscale and self.mscale_all_dim:
            return _mscale(self.factor, self.mscale) / _mscale(self.factor, self.mscale_all_dim)
        return _mscale(self.factor, 1.0)

    @property
    def softmax_multiplier(self) -> float:
        """What 1/sqrt(head size) is multiplied with: the square of mscale_all_dim's scale."""
        return _mscale(self.factor, self.mscale_all_dim) ** 2 if self.mscale_all_dim else 1.0


@dataclass(frozen=True, slots=True)
class Int4:
    """compressed-tensors' `pack-quantized`, symmetric, of the routed experts; `group_size` inputs share a scale."""

    group_size: int = 32


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """The text model. Sizes are counts of values; `window` counts tokens."""

    hidden_size: int
    layers: int
    heads: int
    vocab_size: int
    window: int
    q_lora_rank: int | None
    kv_lora_rank: int
    qk_nope_head_dim: int
    qk_rope_head_dim: int
    v_head_dim: int
    dense_layers: int
    """The first so many layers have a dense MLP; also each later one that `moe_layer_freq` does not divide."""
    moe_layer_freq: int
    intermediate_size: int
    moe_intermediate_size: int
    experts: int
    experts_per_token: int
    shared_experts: int
    groups: int
    groups_per_token: int
    routed_scaling: float
    normalise_topk: bool
    rms_eps: float
    rope_theta: float
    rope_interleave: bool
    yarn: Yarn | None
    tied_embeddings: bool
    attention_bias: bool
    int4: Int4 | None
    """How the routed experts are stored; None: in the checkpoint's own floating-point type."""
    dtype: str
    prefix: str
    """What comes before `model.` and `lm_head.` in tensor names: "language_model." under the kimi_k25 wrapper."""
    bos_id: int | None
    eos_ids: tuple[int, ...]
    media_placeholder_id: int | None
    mtp_layers: int
    """Layers for multi-token prediction behind the last one (DeepSeek-V3 ships one); stored, never loaded."""

    @property
    def qk_head_dim(self) -> int:
        return self.qk_nope_head_dim + self.qk_rope_head_dim

    @property
    def latent_dim(self) -> int:
        """Values that the cache keeps of one token in one layer: 512 + 64 in Kimi K2."""
        return self.kv_lora_rank + self.qk_rope_head_dim

    @property
    def softmax_scale(self) -> float:
        """1/sqrt(head size), times YaRN's correction."""
        return math.pow(self.qk_head_dim, -0.5) * (self.yarn.softmax_multiplier if self.yarn else 1.0)

    def is_moe(self, layer: int) -> bool:
        """Whether a layer's MLP is a mixture of experts."""
        return self.experts > 0 and layer >= self.dense_layers and layer % self.moe_layer_freq == 0


def read_config(folder: Path) -> ModelConfig:
    """Read `config.json` of a checkpoint folder. Raises CheckpointError."""
    path = folder / "config.json"
    try:
        raw = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise CheckpointError(f"{path} is missing: is {folder} a checkpoint's folder?") from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}") from None
    if not isinstance(raw, dict):
        raise CheckpointError(f"{path} holds no JSON object")
    try:
        return parse_config(raw)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from None


def parse_config(raw: Mapping[str, Any]) -> ModelConfig:
    """Turn the JSON of a config.json into a ModelConfig. Raises CheckpointError that names the field."""
    outer = _Fields(raw, "")
    wrapped = outer.text("model_type") in WRAPPERS
    text = _Fields(_section(raw, "text_config"), "text_config.") if wrapped else outer
    kind = text.text("model_type")
    if kind not in TEXT_TYPES:
        served = ", ".join(sorted(WRAPPERS | TEXT_TYPES))
        raise CheckpointError(f"model_type {kind!r} is not served; known are {served}")
    _require(text, "scoring_func", "sigmoid")
    _require(text, "topk_method", "noaux_tc")
    _require(text, "hidden_act", "silu")
    quantised = text.raw.get("quantization_config") or raw.get("quantization_config")
    rope = _rope(text)
    config = ModelConfig(
        hidden_size=text.count("hidden_size"),
        layers=text.count("num_hidden_layers"),
        heads=text.count("num_attention_heads"),
        vocab_size=text.count("vocab_size"),
        window=text.count("max_position_embeddings"),
        q_lora_rank=text.count("q_lora_rank") if text.raw.get("q_lora_rank") is not None else None,
        kv_lora_rank=text.count("kv_lora_rank"),
        qk_nope_head_dim=text.count("qk_nope_head_dim"),
        qk_rope_head_dim=text.count("qk_rope_head_dim"),
        v_head_dim=text.count("v_head_dim"),
        dense_layers=text.count("first_k_dense_replace", 0, least=0),
        moe_layer_freq=text.count("moe_layer_freq", 1),
        intermediate_size=text.count("intermediate_size"),
        moe_intermediate_size=text.count("moe_intermediate_size", 1),
        experts=text.count("n_routed_experts", 0, least=0) or text.count("num_local_experts", 0, least=0),
        experts_per_token=text.count("num_experts_per_tok", 1),
        shared_experts=text.count("n_shared_experts", 0, least=0),
        groups=text.count("n_group", 1),
        groups_per_token=text.count("topk_group", 1),
        routed_scaling=text.number("routed_scaling_factor", 1.0),
        normalise_topk=bool(text.raw.get("norm_topk_prob", True)),
        rms_eps=text.number("rms_norm_eps", 1e-6),
        rope_theta=rope.number("rope_theta", text.number("rope_theta", 10000.0)),
        rope_interleave=bool(text.raw.get("rope_interleave", True)),
        yarn=_yarn(rope, text.count("max_position_embeddings")),
        tied_embeddings=bool(text.raw.get("tie_word_embeddings", raw.get("tie_word_embeddings", False))),
        attention_bias=bool(text.raw.get("attention_bias", False)),
        int4=_int4(quantised) if quantised else None,
        dtype=str(text.raw.get("dtype") or text.raw.get("torch_dtype") or raw.get("dtype") or "bfloat16"),
        prefix="language_model." if wrapped else "",
        bos_id=_first(_ids(text, outer, "bos_token_id")),
        eos_ids=_ids(text, outer, "eos_token_id"),
        media_placeholder_id=_first(_ids(outer, outer, "media_placeholder_token_id")),
        mtp_layers=text.count(MTP_LAYERS, 0, least=0),
    )
    _check(config)
    return config


@dataclass(frozen=True, slots=True)
class _Fields:
    """A JSON object whose fields are read with their kind; `where` precedes a field's name in complaints."""

    raw: Mapping[str, Any]
    where: str

    def count(self, name: str, default: int | None = None, least: int = 1) -> int:
        value = self.raw.get(name)
        value = default if value is None else value
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            said = "is missing" if value is None else f"is {value!r}"
            raise CheckpointError(f"{self.where}{name} {said}; a whole number of at least {least} is needed")
        return value

    def number(self, name: str, default: float) -> float:
        value = self.raw.get(name)
        value = default if value is None else value
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise CheckpointError(f"{self.where}{name} is {value!r}; a number is needed")
        return float(value)

    def text(self, name: str) -> str:
        value = self.raw.get(name)
        if not isinstance(value, str):
            raise CheckpointError(f"{self.where}{name} is {'missing' if value is None else repr(value)}")
        return value


def _section(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = raw.get(name)
    if not isinstance(value, Mapping):
        raise CheckpointError(f"{name} is missing: a kimi_k25 config wraps a text model")
    return value


def _require(fields: _Fields, name: str, only: str) -> None:
    """Other values would need other code, and give garbage without it."""
    value = fields.raw.get(name, only)
    if value != only:
        raise CheckpointError(f"{fields.where}{name} is {value!r}; only {only!r} is served")


def _rope(text: _Fields) -> _Fields:
    """The RoPE block, under its old name `rope_scaling` or its new one `rope_parameters`; empty where none is given."""
    for name in ("rope_parameters", "rope_scaling"):
        value = text.raw.get(name)
        if value is not None:
            if not isinstance(value, Mapping):
                raise CheckpointError(f"{text.where}{name} is no JSON object")
            return _Fields(value, f"{text.where}{name}.")
    return _Fields({}, text.where)


def _yarn(rope: _Fields, window: int) -> Yarn | None:
    kind = rope.raw.get("rope_type") or rope.raw.get("type") or "default"
    if kind == "default":
        return None
    if kind != "yarn":
        raise CheckpointError(f"{rope.where}type is {kind!r}; only 'yarn' and 'default' are served")
    original = rope.count("original_max_position_embeddings", window)
    factor = rope.number("factor", window / original)
    if factor < 1.0:
        raise CheckpointError(f"{rope.where}factor is {factor}; at least 1 is needed")
    return Yarn(
        factor=factor,
        original_max_position=original,
        beta_fast=rope.number("beta_fast", 32.0) or 32.0,
        beta_slow=rope.number("beta_slow", 1.0) or 1.0,
        mscale=rope.number("mscale", 0.0),
        mscale_all_dim=rope.number("mscale_all_dim", 0.0),
        truncate=bool(rope.raw.get("truncate", True)),
    )


def _int4(raw: object) -> Int4:
    """compressed-tensors' block, checked word for word: any other kind of quantisation would be read wrongly."""
    fields = _Fields(raw if isinstance(raw, Mapping) else {}, "quantization_config.")
    _require(fields, "quant_method", "compressed-tensors")
    _require(fields, "format", "pack-quantized")
    groups = fields.raw.get("config_groups") or {}
    if not isinstance(groups, Mapping) or len(groups) != 1:
        raise CheckpointError(f"quantization_config.config_groups has {len(groups)} groups; exactly one is served")
    group = next(iter(groups.values()))
    weights = group.get("weights") if isinstance(group, Mapping) else None
    if not isinstance(weights, Mapping) or group.get("input_activations") is not None:
        raise CheckpointError("quantization_config: only quantised weights with plain activations are served")
    expected = {"type": "int", "num_bits": 4, "symmetric": True, "strategy": "group"}
    for name, value in expected.items():
        if weights.get(name) != value:
            raise CheckpointError(f"quantization_config: weights.{name} is {weights.get(name)!r}, not {value!r}")
    if weights.get("actorder"):
        raise CheckpointError("quantization_config: weights.actorder is set; only null is served")
    size = _Fields(weights, "quantization_config.weights.").count("group_size", least=8)
    return Int4(group_size=size)


def _ids(inner: _Fields, outer: _Fields, name: str) -> tuple[int, ...]:
    """Token ids, which a config writes as one number or a list; those of both configs."""
    found: list[int] = []
    for fields in (inner, outer):
        value = fields.raw.get(name)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, int) and not isinstance(one, bool) and one >= 0 and one not in found:
                found.append(one)
    return tuple(found)


def _first(ids: tuple[int, ...]) -> int | None:
    return ids[0] if ids else None


def _mscale(factor: float, exponent: float) -> float:
    """YaRN's attention temperature, 0.1 · exponent · ln(factor) + 1 (arXiv 2309.00071, §3.4)."""
    return 1.0 if factor <= 1.0 else 0.1 * exponent * math.log(factor) + 1.0


def _check(config: ModelConfig) -> None:
    """What the fields must satisfy together."""
    if config.qk_rope_head_dim % 2:
        raise CheckpointError(f"qk_rope_head_dim is {config.qk_rope_head_dim}; RoPE turns pairs")
    if not config.experts:
        return
    if config.experts % config.groups or config.groups_per_token > config.groups:
        raise CheckpointError(f"{config.experts} experts do not divide into n_group = {config.groups} groups")
    reachable = config.experts // config.groups * config.groups_per_token
    if config.experts_per_token > reachable:
        raise CheckpointError(f"num_experts_per_tok is {config.experts_per_token}, of only {reachable} in reach")
    if config.groups > 1 and config.experts // config.groups < 2:
        raise CheckpointError("a group of experts needs at least two of them")
    if config.int4:
        for name, size in (
            ("hidden_size", config.hidden_size),
            ("moe_intermediate_size", config.moe_intermediate_size),
        ):
            if size % config.int4.group_size or size % 8:
                raise CheckpointError(
                    f"{name} {size} is no multiple of the quantisation's group {config.int4.group_size}"
                )
