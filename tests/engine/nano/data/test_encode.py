"""An episode becomes the tokens that the engine's server would have in its context, and says which are learnt."""

from dataclasses import replace
from itertools import groupby

import pytest

from kimicode_engine.server.openai import chat
from kimicode_engine.server.schema import ChatRequest
from kimicode_engine.template.render import render
from nano_training.data.bpe import read_tokenizer
from nano_training.data.encode import conversation, open_encoder
from nano_training.data.targets import CONTEXT, DECISION, IGNORED, LEARNT
from nano_training.episodes.episode import Learn
from tests.fakes.nano_talk import EPISODE, MESSAGES, SYSTEM, TOOLS, write_vocabulary


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vocabulary")
    write_vocabulary(folder)
    return folder


@pytest.fixture(scope="module")
def encoder(folder):
    return open_encoder(folder, folder / "prefixes.json")


@pytest.fixture(scope="module")
def tokenizer(folder):
    return read_tokenizer(folder)


def runs(encoded, tokenizer, *kinds):
    """The texts of consecutive tokens of these kinds."""
    found, at = [], 0
    for wanted, group in groupby(encoded.weights, lambda weight: weight in kinds):
        size = len(list(group))
        if wanted:
            found.append(tokenizer.decode(encoded.tokens[at : at + size]))
        at += size
    return found


def test_before_each_answer_stands_what_the_server_would_render(encoder, tokenizer):
    whole = [*encoder.prefix_ids["default"], *encoder.encode(EPISODE).tokens]
    answers = [at for at, message in enumerate(MESSAGES) if message["role"] == "assistant"]
    for at in answers:
        prompt = render(conversation(MESSAGES[:at], TOOLS), tokenizer)
        assert whole[: len(prompt)] == prompt
        assert tokenizer.decode(prompt).endswith("<|im_assistant|>assistant<|im_middle|><think></think>")


def test_the_conversation_is_the_one_that_the_server_reads(tokenizer):
    body = {"model": "kimi-nano", "messages": MESSAGES, "tools": TOOLS, "chat_template_kwargs": {"thinking": False}}
    asked = chat(ChatRequest.model_validate(body), tokenizer.vocab_size)
    assert render(asked.conversation, tokenizer) == render(conversation(MESSAGES, TOOLS), tokenizer)


def test_learnt_is_what_the_model_writes_and_nothing_around_it(encoder, tokenizer):
    learnt = runs(encoder.encode(EPISODE), tokenizer, LEARNT, DECISION)
    assert learnt[0] == (
        "I run the tests.<|tool_calls_section_begin|><|tool_call_begin|>functions.bash:0"
        '<|tool_call_argument_begin|>{"command": "python3 -m unittest"}<|tool_call_end|>'
        "<|tool_calls_section_end|><|im_end|>"
    )
    assert [text.split("<")[0] for text in learnt] == ["I run the tests.", "It subtracts.", ""]
    assert all(text.endswith("<|im_end|>") for text in learnt)


def test_of_a_right_edit_the_choice_is_marked(encoder, tokenizer):
    quoted, put = runs(encoder.encode(EPISODE), tokenizer, DECISION)
    assert quoted.startswith("a *= b"[: len(quoted)])
    assert put.strip() in ("+", "+=")


def test_of_a_wrong_try_what_is_written_is_learnt_and_not_why(encoder, tokenizer):
    first = next(at for at, message in enumerate(MESSAGES) if message["content"] == "A wrong try.")
    learn = [Learn.NOTHING] * len(MESSAGES)
    learn[first] = Learn.FORM
    encoded = encoder.encode(replace(EPISODE, learn=tuple(learn)))
    (written,) = runs(encoded, tokenizer, LEARNT)
    assert written.startswith("<|tool_calls_section_begin|><|tool_call_begin|>functions.strreplace:1")
    assert '"path": "shop.py", "old_str": "a -= b", "new_str": "a *= b"}' in written
    assert written.endswith("<|tool_calls_section_end|><|im_end|>")
    assert not runs(encoded, tokenizer, DECISION)
    assert "A wrong try." in "".join(runs(encoded, tokenizer, IGNORED))


def test_a_suspicion_is_marked(encoder, tokenizer):
    last = next(at for at, message in enumerate(MESSAGES) if message["content"] == "It subtracts.")
    suspicion = {**MESSAGES[last], "content": "It subtracts. See `a *= b`. `*=` should be `+=`."}
    talk = (*MESSAGES[:last], suspicion, *MESSAGES[last + 1 :])
    line, said, *_ = runs(encoder.encode(replace(EPISODE, messages=talk)), tokenizer, DECISION)
    assert "a *= b".startswith(line.strip("` "))
    assert said.endswith("`*=` should be `+=`.")


def test_what_tools_say_is_context(encoder, tokenizer):
    context = runs(encoder.encode(EPISODE), tokenizer, CONTEXT)
    assert len(context) == 3
    assert "AssertionError: -30 != 30" in context[0]


def test_the_constant_beginning_is_cut_off(encoder, tokenizer):
    tokens = encoder.encode(EPISODE).tokens
    assert tokenizer.decode(tokens).startswith("Working directory: /home/ann/shop")
    assert tokenizer.decode(encoder.prefix_ids["default"]).endswith(SYSTEM)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"prefix": "swe"}, "no prefix is called 'swe'; there are default"),
        ({"tools": TOOLS[:2]}, "does not begin with the prefix 'default': its tools are others"),
        (
            {"messages": ({"role": "system", "content": "You are another one."}, *MESSAGES[1:])},
            "its system prompt is 'You are another one.'",
        ),
    ],
)
def test_an_episode_that_begins_otherwise_is_refused(encoder, change, said):
    with pytest.raises(ValueError, match=said):
        encoder.encode(replace(EPISODE, **change))
