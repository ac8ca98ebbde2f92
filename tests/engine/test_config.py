"""config.json: K2.6's own is read to the last field, and a wrong one is refused with the field's name."""

import json

import pytest

from kimicode_engine.config import Int4, parse_config, read_config
from kimicode_engine.errors import CheckpointError
from tests.fakes.engine_k26 import WEIGHTS, k26


def quantised(**weights):
    block = {"quant_method": "compressed-tensors", "format": "pack-quantized"}
    return block | {"config_groups": {"group_0": {"weights": WEIGHTS | weights, "input_activations": None}}}


def test_k26_is_read_as_published():
    config = parse_config(k26())
    assert (config.layers, config.hidden_size, config.experts, config.experts_per_token) == (61, 7168, 384, 8)
    assert (config.qk_head_dim, config.latent_dim) == (192, 576)
    assert config.int4 == Int4(32)
    assert config.prefix == "language_model."
    assert config.media_placeholder_id == 163605


def test_k26_scales_attention_by_yarn_twice_and_its_tables_not_at_all():
    config = parse_config(k26())
    assert config.softmax_scale == pytest.approx(0.1446796, abs=1e-7)
    assert config.yarn.rotary_multiplier == 1.0


def test_both_of_its_configs_end_tokens_count():
    assert parse_config(k26()).eos_ids == (163585, 163586)


def test_its_first_layer_alone_is_dense():
    config = parse_config(k26())
    assert [config.is_moe(layer) for layer in (0, 1, 60)] == [False, True, True]


@pytest.mark.parametrize("kind", ["deepseek_v3", "kimi_k2"])
def test_a_flat_config_has_no_prefix(kind):
    flat = k26(model_type=kind)["text_config"]
    config = parse_config(flat)
    assert config.prefix == ""
    assert config.media_placeholder_id is None


def test_the_new_name_of_the_rope_block_means_the_same():
    text = k26()["text_config"]
    new = {**text, "rope_scaling": None, "rope_parameters": {**text["rope_scaling"], "rope_theta": 50000}}
    assert parse_config(new) == parse_config(text)


def test_without_yarn_the_scale_is_the_head_size_alone():
    assert parse_config(k26(rope_scaling=None)).softmax_scale == pytest.approx(192**-0.5)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"hidden_size": None}, "text_config.hidden_size is missing"),
        ({"num_hidden_layers": "61"}, "text_config.num_hidden_layers is '61'"),
        ({"num_attention_heads": 0}, "num_attention_heads is 0"),
        ({"kv_lora_rank": True}, "kv_lora_rank is True"),
        ({"rms_norm_eps": float("nan")}, "rms_norm_eps is nan"),
        ({"scoring_func": "softmax"}, "scoring_func is 'softmax'"),
        ({"topk_method": "greedy"}, "topk_method is 'greedy'"),
        ({"hidden_act": "gelu"}, "hidden_act is 'gelu'"),
        ({"model_type": "llama"}, "model_type 'llama' is not served"),
        ({"rope_scaling": {"type": "linear"}}, "rope_scaling.type is 'linear'"),
        ({"rope_scaling": {"type": "yarn", "factor": 0.5}}, "factor is 0.5"),
        ({"rope_scaling": 3}, "rope_scaling is no JSON object"),
        ({"qk_rope_head_dim": 63}, "qk_rope_head_dim is 63"),
        ({"n_group": 7}, "n_group = 7"),
        ({"num_experts_per_tok": 385}, "num_experts_per_tok is 385"),
        ({"moe_intermediate_size": 2056}, "moe_intermediate_size 2056"),
        ({"quantization_config": {"quant_method": "fp8"}}, "quant_method is 'fp8'"),
        ({"quantization_config": quantised(num_bits=8)}, "num_bits is 8"),
        ({"quantization_config": quantised(symmetric=False)}, "symmetric is False"),
        ({"quantization_config": quantised(actorder="group")}, "actorder is set"),
        ({"quantization_config": quantised(group_size="32")}, "group_size is '32'"),
    ],
)
def test_a_wrong_field_is_named(fields, named):
    with pytest.raises(CheckpointError) as caught:
        parse_config(k26(**fields))
    assert named in str(caught.value)


def test_a_wrapper_without_a_text_model_is_refused():
    with pytest.raises(CheckpointError, match="text_config is missing"):
        parse_config({"model_type": "kimi_k25"})


def test_a_folder_without_config_is_no_checkpoint(tmp_path):
    with pytest.raises(CheckpointError, match=r"config\.json is missing: is .* a checkpoint's folder"):
        read_config(tmp_path)


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[1]"])
def test_a_config_that_is_no_json_object_is_named(tmp_path, content):
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"config\.json"):
        read_config(tmp_path)


def test_a_complaint_about_a_file_names_file_and_field(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(k26(vocab_size=-1)))
    with pytest.raises(CheckpointError, match=r"config\.json: text_config\.vocab_size is -1"):
        read_config(tmp_path)
