"""The oracle is what it seems: transformers' plain code, although this checkout has a folder named `kernels`."""

import inspect

import torch

from tests.fakes.engine_drive import prompt
from tests.fakes.oracle import oracle, wrapped


def test_our_folder_is_not_taken_for_the_package_of_that_name():
    from transformers.utils.import_utils import is_kernels_available

    assert not is_kernels_available()


def test_the_oracle_attends_in_plain_pytorch_in_fp32():
    for model in (oracle().model, wrapped().model):
        text = model.config.get_text_config()
        assert text._attn_implementation == "eager"
        assert {weight.dtype for weight in model.state_dict().values()} == {torch.float32}
        assert not model.training


def test_no_part_of_it_was_replaced():
    from transformers.models.deepseek_v3 import modeling_deepseek_v3 as theirs

    model = oracle().model
    ours = {theirs.DeepseekV3RMSNorm, theirs.DeepseekV3Attention, theirs.DeepseekV3MLP, theirs.DeepseekV3MoE}
    parts = [part for part in model.modules() if type(part).__module__ == theirs.__name__]
    assert ours <= {type(part) for part in parts}
    for part in parts:
        assert inspect.getsourcefile(type(part).forward) is not None
        assert "forward" not in vars(part)


def test_stepping_with_its_cache_and_reading_all_at_once_agree():
    expected, start = oracle(), prompt(20)
    answer = expected.greedy(start, 24)
    assert answer == expected.logits(start + answer).argmax(dim=-1).tolist()[len(start) - 1 : -1]
