"""What the model must compute, by transformers' own DeepSeek-V3 with random weights, and the same weights as slots."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from safetensors.torch import load_file

from kimicode_engine.checkpoint import names
from kimicode_engine.config import ModelConfig, parse_config
from tests.fakes.engine_int4 import pack, quantise, unpack, values

if TYPE_CHECKING:
    from transformers import DeepseekV3ForCausalLM

SMALL = {
    "vocab_size": 160,
    "hidden_size": 64,
    "intermediate_size": 96,
    "moe_intermediate_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "q_lora_rank": 24,
    "kv_lora_rank": 32,
    "qk_nope_head_dim": 16,
    "qk_rope_head_dim": 8,
    "v_head_dim": 16,
    "first_k_dense_replace": 1,
    "n_routed_experts": 8,
    "num_experts_per_tok": 2,
    "n_shared_experts": 1,
    "n_group": 1,
    "topk_group": 1,
    "routed_scaling_factor": 2.827,
    "norm_topk_prob": True,
    "max_position_embeddings": 512,
    "rms_norm_eps": 1e-5,
    "num_nextn_predict_layers": 0,
    "rope_parameters": {"rope_type": "default", "rope_theta": 50000.0},
}


def yarn(**fields):
    """K2.6's stretching of RoPE, for a window of 512; a field that is None is left out."""
    plain = {"rope_type": "yarn", "rope_theta": 50000.0, "factor": 8.0, "original_max_position_embeddings": 64}
    full = plain | {"beta_fast": 32.0, "beta_slow": 1.0, "mscale": 1.0, "mscale_all_dim": 1.0} | fields
    return {name: value for name, value in full.items() if value is not None}


@dataclass
class Oracle:
    """The same weights three times: transformers' model, our configuration, our slots."""

    model: "DeepseekV3ForCausalLM"
    config: ModelConfig
    slots: dict[str, torch.Tensor]

    @torch.inference_mode()
    def logits(self, tokens):
        """[T, vocab] fp32, after each token."""
        return self.model(torch.tensor([tokens])).logits[0].float()

    @torch.inference_mode()
    def greedy(self, prompt, count):
        """The `count` likeliest next tokens, one after the other."""
        out = self.model.generate(
            torch.tensor([prompt]),
            attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
            max_new_tokens=count,
            do_sample=False,
            eos_token_id=None,
            pad_token_id=0,
        )
        return out[0, len(prompt) :].tolist()


def oracle(seed=0, int4=False, dtype=torch.float32, **fields):
    """Random weights for SMALL with other `fields`; `int4`: routed experts in INT4 here, their values there."""
    raw = SMALL | fields
    torch.manual_seed(seed)
    model = modelled(raw)
    config = parse_config({**raw, "model_type": "deepseek_v3", "quantization_config": QUANTISED if int4 else None})
    randomise(model)
    packed = quantise_experts(model, config.int4.group_size) if config.int4 else {}
    model.to(dtype)
    return Oracle(model, config, fill(config, on_disk(model) | packed, dtype))


def wrapped(seed=0, **fields):
    """The same under Kimi K2.5's wrapper, with a vision tower that nobody asks."""
    from transformers import Kimi_K25Config, Kimi_K25ForConditionalGeneration  # not in every version that runs the rest

    text = SMALL | fields | {"model_type": "deepseek_v3"}
    vision = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    hf = Kimi_K25Config(text_config=theirs(text), vision_config=vision, tie_word_embeddings=False)
    hf._attn_implementation = "eager"
    torch.manual_seed(seed)
    model = Kimi_K25ForConditionalGeneration(hf).eval()
    config = parse_config({"model_type": "kimi_k25", "text_config": text, "tie_word_embeddings": False})
    randomise(model)
    renamed = {}
    for name, tensor in on_disk(model).items():
        inner = name.replace("model.language_model.", "model.") if "language_model" in name else name
        renamed[f"language_model.{inner}"] = tensor
    return Oracle(model, config, fill(config, renamed, torch.float32))


def modelled(raw):
    """transformers' model, not yet with weights; imported here since it takes seconds, and few tests ask for it."""
    from transformers import DeepseekV3ForCausalLM

    return DeepseekV3ForCausalLM(theirs(raw)).eval()


def theirs(raw):
    """transformers' configuration: no end token that could stop a generation, and plain attention."""
    from transformers import DeepseekV3Config

    return DeepseekV3Config(**{**raw, "attn_implementation": "eager", "bos_token_id": None, "eos_token_id": None})


def from_files(folder):
    """transformers' model with the weights of a checkpoint's files, INT4 experts as the values they stand for, fp32."""
    described = json.loads((folder / "config.json").read_text())
    text = described.get("text_config", described)
    prefix = "language_model." if "text_config" in described else ""
    model = modelled({**text, "dtype": "float32", "quantization_config": None})
    stored = {}
    for file in folder.glob("*.safetensors"):
        stored |= {name.removeprefix(prefix): tensor for name, tensor in load_file(file).items()}

    def weight(name):
        if f"{name}.weight" in stored:
            return stored[f"{name}.weight"].float()
        return values(unpack(stored[f"{name}.weight_packed"]), stored[f"{name}.weight_scale"])

    for name, tensor in model.state_dict().items():
        at, _, fused = name.partition(".mlp.experts.")
        for expert in range(len(tensor) if fused else 0):
            parts = ("gate_proj", "up_proj") if fused == "gate_up_proj" else ("down_proj",)
            tensor[expert] = torch.cat([weight(f"{at}.mlp.experts.{expert}.{part}") for part in parts])
        if not fused:
            tied = text.get("tie_word_embeddings") and name == "lm_head.weight"
            tensor.copy_(stored["model.embed_tokens.weight" if tied else name])
    return model


def randomise(model):
    """Weights whose outputs are of about unit size, so that logits differ and every part matters."""
    for name, tensor in model.state_dict().items():
        if name.endswith("norm.weight"):
            tensor.normal_(1.0, 0.2)
        elif name.endswith("bias"):
            tensor.normal_(0.0, 0.2)
        elif "embed_tokens" in name:
            tensor.normal_()
        else:
            tensor.normal_(0.0, 1.5 * tensor.shape[-1] ** -0.5)


def on_disk(model):
    """The tensors under the names that a checkpoint gives them: one gate, up and down for each expert."""
    tensors = {}
    for name, tensor in model.state_dict().items():
        at, _, fused = name.partition(".mlp.experts.")
        if fused == "gate_up_proj":
            for expert, both in enumerate(tensor):
                gate, up = both.chunk(2)
                tensors[f"{at}.mlp.experts.{expert}.gate_proj.weight"] = gate
                tensors[f"{at}.mlp.experts.{expert}.up_proj.weight"] = up
        elif fused == "down_proj":
            for expert, down in enumerate(tensor):
                tensors[f"{at}.mlp.experts.{expert}.down_proj.weight"] = down
        else:
            tensors[name] = tensor
    return tensors


def fill(config, tensors, dtype):
    """Our slots from tensors by their names on disk, as the loader does it from files."""
    types = {names.Kind.WEIGHT: dtype, names.Kind.FLOAT32: torch.float32, names.Kind.PACKED: torch.int32}
    slots = {
        slot.name: torch.empty(slot.shape, dtype=types.get(slot.kind, torch.bfloat16)) for slot in names.slots(config)
    }
    for stored in names.stored(config):
        if stored.slot:
            tensor = tensors[stored.name]
            assert tensor.shape == stored.shape, stored.name
            slots[stored.slot][stored.index or ...] = tensor
    return slots


QUANTISED = {
    "quant_method": "compressed-tensors",
    "format": "pack-quantized",
    "config_groups": {
        "group_0": {
            "targets": ["Linear"],
            "input_activations": None,
            "weights": {"type": "int", "num_bits": 4, "symmetric": True, "strategy": "group", "group_size": 32},
        }
    },
}


def quantise_experts(model, group):
    """Round the experts to INT4 in place; the packed tensors by their names on disk."""
    packed = {}
    for name, tensor in model.state_dict().items():
        at, _, fused = name.partition(".mlp.experts.")
        if not fused:
            continue
        codes, scale = quantise(tensor, group)
        tensor.copy_(values(codes, scale))
        parts = {"gate_proj": 0, "up_proj": 1} if fused == "gate_up_proj" else {"down_proj": 0}
        for expert in range(len(tensor)):
            for part, which in parts.items():
                on = f"{at}.mlp.experts.{expert}.{part}."
                packed[f"{on}weight_packed"] = pack(codes[expert]).chunk(len(parts))[which]
                packed[f"{on}weight_scale"] = scale[expert].chunk(len(parts))[which]
    return packed
