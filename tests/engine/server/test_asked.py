import pytest

from kimicode_engine.errors import RequestError
from kimicode_engine.output import Content, Reasoning
from kimicode_engine.request import SamplingParams
from kimicode_engine.server.asked import Asked, draw, next_call
from kimicode_engine.template.messages import Conversation, Message, ToolCall
from kimicode_engine.tokenizer import Tokenizer
from tests.fakes.engine_tokenizer import byte_tokenizer

HELLO = Conversation((Message("user", "hello"),))
TOKENIZER = byte_tokenizer()


def first_piece(asked, tokenizer=TOKENIZER):
    """What an answer's first letter is taken for."""
    return asked.parser(tokenizer).feed(ord("a"))


def calls(*ids):
    return Message("assistant", tool_calls=tuple(ToolCall(identifier, "ls", "{}") for identifier in ids))


def test_an_answer_starts_where_the_prompt_ends():
    thinking, instant = Asked(SamplingParams(0), HELLO), Asked(SamplingParams(0), Conversation((), thinking=False))
    assert first_piece(thinking) == [Reasoning("a")]
    assert first_piece(instant) == [Content("a")]
    assert first_piece(Asked(SamplingParams(0), prompt="once")) == [Content("a")]


def test_a_checkpoint_without_tags_for_thinking_never_thinks():
    plain = Tokenizer({bytes((byte,)): byte for byte in range(256)}, {258: "<|im_end|>"})
    assert first_piece(Asked(SamplingParams(0), HELLO), plain) == [Content("a")]


def test_every_choice_gets_a_parser_of_its_own():
    asked = Asked(SamplingParams(0), HELLO)
    assert asked.parser(TOKENIZER) is not asked.parser(TOKENIZER)


def test_max_tokens_is_what_was_asked_or_what_is_left():
    assert Asked(SamplingParams(0), HELLO).sampling(10, 100).max_tokens == 90
    assert Asked(SamplingParams(90), HELLO).sampling(10, 100).max_tokens == 90


@pytest.mark.parametrize(
    ("wanted", "prompt", "param"), [(91, 10, "messages"), (0, 100, "messages"), (1, 500, "messages")]
)
def test_nothing_is_cut_to_fit(wanted, prompt, param):
    with pytest.raises(RequestError) as caught:
        Asked(SamplingParams(wanted), HELLO).sampling(prompt, 100)
    assert (caught.value.code, caught.value.param) == ("context_length_exceeded", param)


def test_the_overflow_of_a_completion_names_its_prompt():
    with pytest.raises(RequestError) as caught:
        Asked(SamplingParams(0), prompt="once").sampling(100, 100)
    assert caught.value.param == "prompt"


def test_a_request_without_a_seed_stays_without():
    assert Asked(SamplingParams(0), HELLO).sampling(1, 100, choice=2).seed is None


def test_moonshots_defaults_give_way_to_the_clients_values():
    assert draw(True, None, None) == (1.0, 0.95)
    assert draw(False, None, 0.5) == (0.6, 0.5)
    assert draw(True, 0.0, None) == (0.0, 0.95)


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ((), 0),
        (("call_1f", "call_2e"), 2),
        (("functions.ls:0", "functions.ls:5"), 6),
        (("toolu_12_ls",), 13),
        (("toolu_01A09q90qw90lq917835lq9",), 1),
        (("functions.ls:99999999999999999999",), 1),
    ],
)
def test_the_next_index_is_above_all_that_were_used(ids, expected):
    assert next_call([Message("user", "hello"), calls(*ids)]) == expected
