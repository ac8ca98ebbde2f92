"""A request's life in the engine: its tokens and its end, alone, in a crowd, and with a real model."""

import random

import pytest
import torch

from kimicode_engine.cache.latent import LatentCache
from kimicode_engine.checkpoint.load import load_weights
from kimicode_engine.checkpoint.tiny import write_tiny
from kimicode_engine.errors import RequestError
from kimicode_engine.model.kimi import Kimi
from kimicode_engine.output import Content, FinishReason, ToolCallArguments, ToolCallStart
from kimicode_engine.request import Priority
from kimicode_engine.runner import ModelRunner
from kimicode_engine.scripted import NAN, in_turn
from kimicode_kernels.reference.sampling import greedy
from kimicode_kernels.reference.sampling import sample as draw_by_reference
from tests.fakes.engine_floor import answer_alone
from tests.fakes.engine_jobs import BYTES, END, Desk, tokens

VOCAB = BYTES.vocab_size
PROMPT = tokens("What is it?")


def saying(text, **fields):
    return Desk(in_turn(tokens(text)), **fields)


def alone(prompt, count):
    return answer_alone(prompt, count, VOCAB)


# --- how an answer ends -------------------------------------------------------------------------------------


def test_an_answer_comes_token_by_token_and_ends_where_the_model_ends_it():
    desk = saying("Yes.<|im_end|>")
    heard = desk.ask(PROMPT)
    desk.run()
    assert heard.content == "Yes."
    assert [delta.pieces for delta in heard.deltas[:2]] == [(Content("Y"),), (Content("e"),)]
    assert heard.last.finish is FinishReason.STOP
    assert heard.last.tokens == (END,)
    assert all(delta.finish is None and delta.usage is None for delta in heard.deltas[:-1])


def test_the_usage_counts_every_token_the_last_one_too():
    desk = saying("hm</think>Yes.<|im_end|>")
    heard = desk.ask(PROMPT, parser={"thinking": True, "tools": False})
    desk.run()
    assert heard.reasoning == "hm"
    assert heard.content == "Yes."
    usage = heard.last.usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens) == (len(PROMPT), 8, 0)
    assert 2 <= usage.reasoning_tokens <= 3


def test_a_runner_that_draws_tokens_itself_is_asked_to_and_its_answers_are_the_same():
    asked = []

    def draw(logits, uniforms=None, **limits):
        asked.append(len(logits))
        return greedy(logits) if uniforms is None else draw_by_reference(logits, uniforms, **limits)

    heard = []
    for own in (None, draw):
        desk = Desk(lambda request, context: NAN if "bad" in request.id and len(context) > len(PROMPT) + 2 else 65)
        desk.runner.draw = own
        answers = [desk.ask(PROMPT, name=name, max_tokens=5, seed=1, temperature=1.0) for name in ("good", "bad")]
        desk.run()
        heard.append([(one.tokens, one.last.finish, one.last.error) for one in answers])
    assert heard[0] == heard[1]
    assert [finish for _, finish, _ in heard[1]] == [FinishReason.LENGTH, FinishReason.ERROR]
    assert max(asked) == 2


def test_cached_tokens_are_what_was_not_computed_again():
    desk = saying("<|im_end|>")
    desk.ask(PROMPT * 20)
    desk.run()
    again = desk.ask(PROMPT * 20)
    desk.run()
    assert again.last.usage.cached_tokens == len(PROMPT) * 20 // 64 * 64 == 192
    assert desk.runner.computed == 2 * len(PROMPT) * 20 - 192


def test_an_answer_that_calls_a_tool_says_so():
    desk = saying(
        "Look.<|tool_calls_section_begin|><|tool_call_begin|>functions.view:0<|tool_call_argument_begin|>{}"
        "<|tool_call_end|><|tool_calls_section_end|><|im_end|>"
    )
    heard = desk.ask(PROMPT, 100, parser={"thinking": False, "tools": True})
    desk.run()
    assert heard.content == "Look."
    assert ToolCallStart(0, "functions.view:0", "view") in heard.pieces
    assert "".join(piece.text for piece in heard.pieces if isinstance(piece, ToolCallArguments)) == "{}"
    assert heard.last.finish is FinishReason.TOOL_CALLS


def test_the_answer_is_cut_at_max_tokens():
    desk = saying("endless")
    heard = desk.ask(PROMPT, 3)
    desk.run()
    assert heard.content == "end"
    assert heard.last.finish is FinishReason.LENGTH
    assert heard.last.usage.completion_tokens == 3


def test_half_a_character_at_the_cut_is_shown_as_such():
    desk = saying("é")
    heard = desk.ask(PROMPT, 1)
    desk.run()
    assert heard.content == "\ufffd"


def test_a_stop_string_ends_the_answer_and_is_not_part_of_it():
    desk = saying("one STOP two")
    heard = desk.ask(PROMPT, stop=("STOP",))
    desk.run()
    assert heard.content == "one "
    assert heard.last.finish is FinishReason.STOP
    assert heard.last.stop == "STOP"
    assert heard.last.usage.completion_tokens == 8
    assert desk.pages_used == 0


def test_an_answer_that_ignores_its_end_goes_on_to_max_tokens():
    desk = saying("a<|im_end|>b")
    heard = desk.ask(PROMPT, 5, ignore_eos=True)
    desk.run()
    assert heard.tokens == tokens("a<|im_end|>bbb")
    assert heard.last.finish is FinishReason.LENGTH


def test_logprobs_come_with_their_tokens():
    desk = saying("ab<|im_end|>")
    heard = desk.ask(PROMPT, logprobs=1)
    desk.run()
    assert [one.token for delta in heard.deltas for one in delta.logprobs] == tokens("ab<|im_end|>")


# --- what is refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prompt", "answer", "limits", "numbers"),
    [
        (PROMPT * 10, 100, {"window": 200}, "200 tokens; the prompt has 110, and 100 .* 10 too many"),
        (PROMPT * 10, 100, {"pages": 2}, "128 tokens; the prompt has 110, and 100 .* 82 too many"),
        (PROMPT * 30, 1, {"window": 200}, "the prompt has 330"),
    ],
)
def test_what_can_never_fit_is_refused_with_the_numbers(prompt, answer, limits, numbers):
    desk = Desk(**limits)
    with pytest.raises(RequestError, match=numbers) as refused:
        desk.ask(prompt, answer)
    assert (refused.value.code, refused.value.status) == ("context_length_exceeded", 400)
    assert desk.engine.step() is False


def test_what_just_fits_is_answered():
    desk = Desk(pages=2, window=128, end_ids=frozenset())
    heard = desk.ask(PROMPT * 10, 18)
    desk.run()
    assert heard.tokens == alone(PROMPT * 10, 18)


@pytest.mark.parametrize("prompt", [[], [VOCAB], [-1]])
def test_a_prompt_that_no_model_can_read_is_refused(prompt):
    with pytest.raises(RequestError) as refused:
        Desk().ask(prompt)
    assert refused.value.param == "prompt"


# --- everything at once -------------------------------------------------------------------------------------


def test_a_thousand_requests_over_few_pages_are_answered_right_or_cancelled_and_leave_nothing():
    dice = random.Random(7)
    shared = [dice.choices(range(256), k=dice.randrange(40, 200)) for _ in range(6)]
    desk = Desk(end_ids=frozenset(), pages=16, running=12, step_tokens=160)
    asked = {}
    steps = 0
    while len(asked) < 1000 or desk.engine.stats().running or desk.engine.stats().waiting:
        for _ in range(min(dice.randrange(4), 1000 - len(asked))):
            prompt = dice.choice(shared)[: dice.randrange(1, 200)] + dice.choices(range(256), k=dice.randrange(40))
            prompt = prompt or [0]
            answer = dice.randrange(1, 40)
            name = str(len(asked))
            asked[name] = (prompt, answer, desk.ask(prompt, answer, name=name, priority=dice.choice(list(Priority))))
        if dice.random() < 0.1:
            desk.engine.cancel(dice.choice(list(asked)))
        desk.engine.step()
        steps += 1
        assert steps < 20_000, "it does not end"
    assert desk.engine.stats().preemptions > 50, "the soak was meant to be tight"
    cancelled = 0
    for prompt, answer, heard in asked.values():
        assert heard.ended
        expected = alone(prompt, answer)
        if heard.last.finish is FinishReason.CANCELLED:
            cancelled += 1
            assert heard.tokens == expected[: len(heard.tokens)]
        else:
            assert heard.last.finish is FinishReason.LENGTH
            assert heard.tokens == expected
            assert heard.last.usage.completion_tokens == answer
    assert 20 < cancelled < 500
    stats = desk.engine.stats()
    assert (stats.pages_used, stats.pages_free + stats.pages_cached) == (0, 16)
    last = desk.ask([300] * 1012, 12)
    desk.run()
    assert last.tokens == alone([300] * 1012, 12), "who needs every page gets every page"


# --- a real model -------------------------------------------------------------------------------------------


def a_model(folder, pages):
    config = write_tiny(folder)
    weights = load_weights(folder, config, device=torch.device("cpu"), dtype=torch.float32)
    latents = LatentCache(config.layers, pages, config.latent_dim, torch.float32, torch.device("cpu"))
    return ModelRunner(Kimi(config, weights), latents, torch.device("cpu"))


def test_a_real_model_says_the_same_whoever_is_beside_and_however_often_it_is_sent_away(tmp_path):
    runner = a_model(tmp_path, pages=7)
    dice = random.Random(1)
    common = dice.choices(range(200), k=130)
    prompts = [common[: dice.randrange(60, 130)] + dice.choices(range(200), k=20) for _ in range(4)]
    lonely, crowd = (Desk(runner=runner, end_ids=frozenset(), pages=7, step_tokens=100) for _ in range(2))
    expected = []
    for prompt in prompts:
        heard = lonely.ask(prompt, 70)
        lonely.run()
        expected.append(heard.tokens)
    together = [crowd.ask(prompt, 70) for prompt in prompts]
    crowd.run()
    assert crowd.engine.stats().preemptions > 0
    assert crowd.engine.stats().prefix_tokens > 0
    assert [heard.tokens for heard in together] == expected
    assert len({tuple(tokens) for tokens in expected}) == len(prompts)
