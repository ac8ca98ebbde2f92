"""Calls that the model is to write are found in a row, named by what they do, and right only as a whole."""

import json

import pytest
import torch

from nano_training.data.batch import Shape, batches
from nano_training.data.bpe import read_tokenizer
from nano_training.data.encode import open_encoder
from nano_training.episodes.episode import Episode, Learn
from nano_training.learning.accuracy import Written, tally, written
from tests.fakes.nano_talk import MESSAGES, TOOLS, answer, result, write_vocabulary

TAKE_BACK = {"path": "shop.py", "old_str": "a += b", "new_str": "a -= b"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vocabulary")
    write_vocabulary(folder)
    return folder


def judged(folder, messages, learnt, weight=3.0):
    """The kinds of what is judged in an episode, each with its text."""
    episode = Episode(tuple(messages), TOOLS, tuple(learnt), "default")
    encoder, tokenizer = open_encoder(folder, folder / "prefixes.json"), read_tokenizer(folder)
    (batch,) = batches([encoder.encode(episode)], encoder.prefix_ids, Shape(4096, (2048,), decision=weight))
    found = written(batch.tokens, batch.weights, tokenizer)
    return [(one.kind, tokenizer.decode(batch.tokens[0, one.start : one.stop].tolist())) for one in found]


def flags(*learnt):
    """For system, user, and then answers with their results."""
    return [Learn.NOTHING] * 2 + [flag for one in learnt for flag in (one, Learn.NOTHING)][:-1]


SUSPICION = "Now 5 instead of 1. See `a *= b`. `*=` should be `+=`."
SUSPECTING = [
    {**message, "content": SUSPICION} if message["content"] == "It subtracts." else message for message in MESSAGES
]


@pytest.mark.parametrize("weight", [1.0, 3.0])
def test_what_is_judged_is_what_calls_say_and_what_is_suspected(folder, weight):
    learnt = flags(Learn.ALL, Learn.NOTHING, Learn.ALL, Learn.ALL)
    found = judged(folder, SUSPECTING, learnt, weight)
    later = "after a wrong fix"
    assert [kind for kind, _ in found] == ["first", later, f"{later}: line", f"{later}: suspicion", "submit"]
    texts = dict(found)
    assert texts["first"] == '{"command": "python3 -m unittest"}<|tool_call_end|>'
    assert json.loads(texts[later].removesuffix("<|tool_call_end|>"))["new_str"] == "a += b"
    assert "a *= b`".startswith(texts[f"{later}: line"].strip("` "))
    assert SUSPICION.endswith(texts[f"{later}: suspicion"].lstrip("`"))
    assert texts["submit"].startswith("<|tool_calls_section_begin|><|tool_call_begin|>functions.submit:3")
    assert "summary" not in texts["submit"]


def test_of_a_wrong_try_it_is_judged_whether_the_edit_follows_from_the_words(folder):
    found = judged(folder, SUSPECTING, flags(Learn.NOTHING, Learn.NOTHING, Learn.FORM, Learn.NOTHING))
    assert [kind for kind, _ in found] == ["after a wrong fix"]


def test_a_first_fix_is_told_from_a_later_one(folder):
    kinds = [kind for kind, _ in judged(folder, MESSAGES, flags(Learn.ALL, Learn.ALL, Learn.NOTHING, Learn.ALL))]
    assert kinds == ["first", "fix", "submit"]


def test_of_two_edits_in_one_answer_the_last_is_the_fix(folder):
    both = answer("", "strreplace", 1, **TAKE_BACK)
    both["tool_calls"] += answer("", "strreplace", 2, path="shop.py", old_str="c", new_str="d")["tool_calls"]
    talk = [*MESSAGES[:4], both, result(1, "strreplace", "Edited."), result(2, "strreplace", "Edited.")]
    learnt = [*[Learn.NOTHING] * 4, Learn.ALL, Learn.NOTHING, Learn.NOTHING]
    found = judged(folder, talk, learnt)
    assert [kind for kind, _ in found] == ["fix"]
    assert '"old_str": "c", "new_str": "d"' in found[0][1]


def test_to_take_back_before_giving_up_is_no_fix(folder):
    undo = answer("", "strreplace", 1, **TAKE_BACK)
    undo["tool_calls"] += answer("", "bash", 2, command="python3 -m unittest -f")["tool_calls"]
    talk = [*MESSAGES[:4], undo, result(1, "strreplace", "Edited."), result(2, "bash", "FAILED")]
    learnt = [*[Learn.NOTHING] * 4, Learn.ALL, Learn.NOTHING, Learn.NOTHING]
    assert [kind for kind, _ in judged(folder, talk, learnt)] == ["test"]


def test_without_a_tokenizer_runs_of_full_weight_are_found():
    weights = torch.tensor([[1.0, 3.0, 0.1, 0.0, 1.0], [0.0, 0.0, 1.0, 0.1, 0.1], [0.0] * 5])
    found = written(torch.ones(3, 5, dtype=torch.int64), weights, None)
    assert found == [Written(0, 0, 2, "any"), Written(0, 4, 5, "any"), Written(1, 2, 3, "any")]


def test_one_wrong_token_makes_a_call_wrong():
    asked = [Written(0, 0, 2, "first"), Written(0, 3, 5, "fix"), Written(1, 1, 4, "fix")]
    right = torch.tensor([[True, True, False, True, True], [False, True, False, True, True]])
    known, whole = tally(asked, right)
    assert known == {"first": 1, "fix": 2}
    assert whole == {"first": 1, "fix": 1}
