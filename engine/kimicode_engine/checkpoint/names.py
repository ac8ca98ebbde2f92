"""The one table of a checkpoint's tensors: name on disk, shape, types, and the slot of the model that it fills.

Loader, validation, the writer of tiny checkpoints and the model all go by it. A slot may be filled by many tensors
(all experts of a layer lie in one), each at its own index."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from kimicode_engine.config import ModelConfig

Index = tuple[int | slice, ...]


class Kind(Enum):
    """What a slot's values are stored as, once loaded."""

    WEIGHT = "weight"
    """Floating point, in the model's computing type."""
    FLOAT32 = "float32"
    """Kept in fp32 whatever the model computes in: the router's bias."""
    SCALE = "scale"
    """Scales of INT4 groups, kept as stored (bf16)."""
    PACKED = "packed"
    """Eight INT4 codes in an int32, kept as stored."""


class Owner(Enum):
    """Who pays for a tensor in the memory table."""

    EMBEDDING = "embedding"
    ATTENTION = "attention"
    DENSE = "dense MLP"
    SHARED = "shared experts"
    ROUTER = "router"
    EXPERTS = "routed experts"
    HEAD = "output head"
    NORM = "norms"


@dataclass(frozen=True, slots=True)
class Slot:
    """A tensor of the model in memory."""

    name: str
    shape: tuple[int, ...]
    kind: Kind
    owner: Owner


@dataclass(frozen=True, slots=True)
class Stored:
    """A tensor on disk, and where in which slot it goes. An empty `slot`: it is checked and not kept."""

    name: str
    shape: tuple[int, ...]
    kind: Kind
    slot: str
    index: Index = ()


def slots(config: ModelConfig) -> Iterator[Slot]:
    """Every tensor that the model holds, embedding first, layer by layer, head last."""
    hidden, vocab = config.hidden_size, config.vocab_size
    yield Slot("embed", (vocab, hidden), Kind.WEIGHT, Owner.EMBEDDING)
    for layer in range(config.layers):
        yield from _layer_slots(config, layer)
    yield Slot("norm", (hidden,), Kind.WEIGHT, Owner.NORM)
    if not config.tied_embeddings:
        yield Slot("head", (vocab, hidden), Kind.WEIGHT, Owner.HEAD)


def stored(config: ModelConfig) -> Iterator[Stored]:
    """Every tensor that the checkpoint must have, in the same order."""
    model = f"{config.prefix}model."
    hidden, vocab = config.hidden_size, config.vocab_size
    yield Stored(f"{model}embed_tokens.weight", (vocab, hidden), Kind.WEIGHT, "embed")
    for layer in range(config.layers):
        yield from _layer_stored(config, layer, f"{model}layers.{layer}.")
    yield Stored(f"{model}norm.weight", (hidden,), Kind.WEIGHT, "norm")
    if not config.tied_embeddings:
        yield Stored(f"{config.prefix}lm_head.weight", (vocab, hidden), Kind.WEIGHT, "head")


def ignored(config: ModelConfig, name: str) -> bool:
    """Whether a tensor is known and not used: the vision tower's, those for multi-token prediction, old RoPE tables."""
    prediction = tuple(f"{config.prefix}model.layers.{config.layers + extra}." for extra in range(config.mtp_layers))
    vision = ("vision_tower.", "mm_projector.", "multi_modal_projector.")
    return name.startswith((*vision, *prediction)) or name.endswith(".rotary_emb.inv_freq")


def _attention(config: ModelConfig) -> Iterator[tuple[str, str, tuple[int, ...], Owner]]:
    """(slot, tensor name, shape, owner) of one layer's attention and norms."""
    hidden, heads, rank = config.hidden_size, config.heads, config.kv_lora_rank
    yield "input_norm", "input_layernorm.weight", (hidden,), Owner.NORM
    if config.q_lora_rank is None:
        yield "q", "self_attn.q_proj.weight", (heads * config.qk_head_dim, hidden), Owner.ATTENTION
    else:
        yield "q_a", "self_attn.q_a_proj.weight", (config.q_lora_rank, hidden), Owner.ATTENTION
        yield "q_a_norm", "self_attn.q_a_layernorm.weight", (config.q_lora_rank,), Owner.NORM
        yield "q_b", "self_attn.q_b_proj.weight", (heads * config.qk_head_dim, config.q_lora_rank), Owner.ATTENTION
    yield "kv_a", "self_attn.kv_a_proj_with_mqa.weight", (config.latent_dim, hidden), Owner.ATTENTION
    yield "kv_a_norm", "self_attn.kv_a_layernorm.weight", (rank,), Owner.NORM
    expanded = heads * (config.qk_nope_head_dim + config.v_head_dim)
    yield "kv_b", "self_attn.kv_b_proj.weight", (expanded, rank), Owner.ATTENTION
    yield "o", "self_attn.o_proj.weight", (hidden, heads * config.v_head_dim), Owner.ATTENTION
    if config.attention_bias:
        if config.q_lora_rank is not None:
            yield "q_a_bias", "self_attn.q_a_proj.bias", (config.q_lora_rank,), Owner.ATTENTION
        yield "kv_a_bias", "self_attn.kv_a_proj_with_mqa.bias", (config.latent_dim,), Owner.ATTENTION
        yield "o_bias", "self_attn.o_proj.bias", (hidden,), Owner.ATTENTION
    yield "post_norm", "post_attention_layernorm.weight", (hidden,), Owner.NORM


def _layer_slots(config: ModelConfig, layer: int) -> Iterator[Slot]:
    at, hidden = f"layers.{layer}.", config.hidden_size
    for slot, _, shape, owner in _attention(config):
        yield Slot(at + slot, shape, Kind.WEIGHT, owner)
    if not config.is_moe(layer):
        yield Slot(f"{at}gate_up", (2 * config.intermediate_size, hidden), Kind.WEIGHT, Owner.DENSE)
        yield Slot(f"{at}down", (hidden, config.intermediate_size), Kind.WEIGHT, Owner.DENSE)
        return
    yield Slot(f"{at}router", (config.experts, hidden), Kind.WEIGHT, Owner.ROUTER)
    yield Slot(f"{at}router_bias", (config.experts,), Kind.FLOAT32, Owner.ROUTER)
    if config.shared_experts:
        shared = config.shared_experts * config.moe_intermediate_size
        yield Slot(f"{at}shared_gate_up", (2 * shared, hidden), Kind.WEIGHT, Owner.SHARED)
        yield Slot(f"{at}shared_down", (hidden, shared), Kind.WEIGHT, Owner.SHARED)
    for slot, rows, columns in (
        ("experts_gate_up", 2 * config.moe_intermediate_size, hidden),
        ("experts_down", hidden, config.moe_intermediate_size),
    ):
        yield from _expert_slots(config, at + slot, rows, columns)


def _expert_slots(config: ModelConfig, name: str, rows: int, columns: int) -> Iterator[Slot]:
    """One projection of all experts of a layer, [experts, rows, columns]; as INT4, packed codes and scales."""
    if config.int4 is None:
        yield Slot(name, (config.experts, rows, columns), Kind.WEIGHT, Owner.EXPERTS)
        return
    yield Slot(f"{name}_packed", (config.experts, rows, columns // 8), Kind.PACKED, Owner.EXPERTS)
    groups = columns // config.int4.group_size
    yield Slot(f"{name}_scale", (config.experts, rows, groups), Kind.SCALE, Owner.EXPERTS)


def _layer_stored(config: ModelConfig, layer: int, on_disk: str) -> Iterator[Stored]:
    at = f"layers.{layer}."
    for slot, name, shape, _ in _attention(config):
        yield Stored(on_disk + name, shape, Kind.WEIGHT, at + slot)
    if not config.is_moe(layer):
        yield from _mlp_stored(config, f"{on_disk}mlp.", at, config.intermediate_size)
        return
    router = f"{on_disk}mlp.gate."
    yield Stored(f"{router}weight", (config.experts, config.hidden_size), Kind.WEIGHT, f"{at}router")
    yield Stored(f"{router}e_score_correction_bias", (config.experts,), Kind.FLOAT32, f"{at}router_bias")
    if config.shared_experts:
        shared = config.shared_experts * config.moe_intermediate_size
        yield from _mlp_stored(config, f"{on_disk}mlp.shared_experts.", f"{at}shared_", shared)
    for expert in range(config.experts):
        yield from _expert_stored(config, f"{on_disk}mlp.experts.{expert}.", f"{at}experts_", expert)


def _projections(config: ModelConfig, size: int) -> Iterator[tuple[str, str, tuple[int, int], slice]]:
    """(name, slot, shape, rows of the slot) of gate, up and down; gate and up lie in one slot, gate first."""
    hidden = config.hidden_size
    yield "gate_proj", "gate_up", (size, hidden), slice(0, size)
    yield "up_proj", "gate_up", (size, hidden), slice(size, 2 * size)
    yield "down_proj", "down", (hidden, size), slice(0, hidden)


def _mlp_stored(config: ModelConfig, on_disk: str, at: str, size: int) -> Iterator[Stored]:
    for name, slot, shape, rows in _projections(config, size):
        yield Stored(f"{on_disk}{name}.weight", shape, Kind.WEIGHT, at + slot, (rows,))


def _expert_stored(config: ModelConfig, on_disk: str, at: str, expert: int) -> Iterator[Stored]:
    for name, slot, (rows_count, columns), rows in _projections(config, config.moe_intermediate_size):
        index = (expert, rows)
        if config.int4 is None:
            yield Stored(f"{on_disk}{name}.weight", (rows_count, columns), Kind.WEIGHT, at + slot, index)
            continue
        packed, groups = (rows_count, columns // 8), (rows_count, columns // config.int4.group_size)
        yield Stored(f"{on_disk}{name}.weight_packed", packed, Kind.PACKED, f"{at}{slot}_packed", index)
        yield Stored(f"{on_disk}{name}.weight_scale", groups, Kind.SCALE, f"{at}{slot}_scale", index)
        yield Stored(f"{on_disk}{name}.weight_shape", (2,), Kind.PACKED, "")
