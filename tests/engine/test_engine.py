"""A request's life in the engine: its tokens, its end, its faults, and neighbours that notice none of it."""

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


# --- faults -------------------------------------------------------------------------------------------------


def failing_after(prompt_length, count, request_id, what):
    """A script that does `what` at one answer's token, and is a pure function of the context else."""

    def script(request, context):
        if request.id == request_id and len(context) == prompt_length + count:
            return what()
        return answer_alone(context, 1, VOCAB)[0]

    return script


def test_logits_that_are_no_numbers_end_their_own_request_alone():
    desk = Desk(failing_after(len(PROMPT), 2, "bad", lambda: NAN), end_ids=frozenset())
    good, bad, other = (desk.ask(PROMPT, 6, name=name) for name in ("good", "bad", "other"))
    desk.run()
    assert bad.last.finish is FinishReason.ERROR
    assert "NaN" in bad.last.error
    assert bad.tokens == alone(PROMPT, 2)
    assert bad.last.usage.completion_tokens == 2
    assert good.tokens == other.tokens == alone(PROMPT, 6)
    assert desk.pages_used == 0


def test_what_led_to_no_numbers_is_computed_anew_for_the_next_one():
    long = PROMPT * 20
    desk = Desk(failing_after(len(long), 0, "bad", lambda: NAN), end_ids=frozenset())
    desk.ask(long, name="bad")
    desk.run()
    after = desk.ask(long, 4)
    desk.run()
    assert after.last.usage.cached_tokens == 0
    assert after.tokens == alone(long, 4)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (torch.OutOfMemoryError("8 GB wanted\nadvice"), "had not enough memory for this step: 8 GB wanted"),
        (RuntimeError("shapes differ"), "failed: shapes differ"),
    ],
)
def test_a_step_that_fails_ends_who_was_in_it_and_the_engine_goes_on(error, words):
    def explode():
        raise error

    desk = Desk(failing_after(len(PROMPT), 2, "bad", explode), end_ids=frozenset(), running=2)
    bad, beside, later = (desk.ask(PROMPT, 6, name=name) for name in ("bad", "beside", "later"))
    desk.run()
    assert bad.last.error == beside.last.error == f"the model {words}"
    assert later.tokens == alone(PROMPT, 6)
    assert desk.pages_used == 0


def test_a_lost_device_is_no_fault_of_a_request():
    def explode():
        raise torch.AcceleratorError("illegal address")

    desk = Desk(failing_after(len(PROMPT), 0, "bad", explode))
    desk.ask(PROMPT, name="bad")
    with pytest.raises(torch.AcceleratorError):
        desk.run()


class Fence:
    """A grammar that allows the same few tokens always, and fails when it is told to."""

    def __init__(self, allowed, fails_at=None, refuses=None):
        self.allowed, self.fails_at, self.refuses, self.accepted = allowed, fails_at, refuses, []

    def mask(self):
        if len(self.accepted) == self.fails_at:
            raise RequestError("the grammar is too complex", code="grammar_error")
        if self.allowed is None:
            return None
        words = [0] * (VOCAB // 32)
        for token in self.allowed:
            words[token // 32] |= 1 << token % 32
        return torch.tensor([word - (word >> 31 << 32) for word in words], dtype=torch.int32)

    def accept(self, token):
        if token == self.refuses:
            raise RequestError("the grammar lost its way", code="grammar_error")
        self.accepted.append(token)


def test_a_grammar_decides_what_can_be_said_and_hears_what_was():
    desk = Desk(end_ids=frozenset())
    fence = Fence({65})
    heard = desk.ask(PROMPT, 3, matcher=fence)
    free = desk.ask(PROMPT, 3, matcher=Fence(None))
    desk.run()
    assert heard.content == "AAA"
    assert fence.accepted == [65, 65, 65]
    assert free.tokens == alone(PROMPT, 3)


@pytest.mark.parametrize(
    ("fence", "words", "count"),
    [
        (Fence(None, fails_at=2), "the grammar is too complex", 2),
        (Fence(None, refuses=alone(PROMPT, 3)[2]), "the grammar lost its way", 2),
        (Fence(set()), "no token is allowed", 0),
    ],
    ids=["mask", "accept", "dead end"],
)
def test_a_grammar_that_fails_ends_its_own_request_alone(fence, words, count):
    desk = Desk(end_ids=frozenset())
    before, bad, after = desk.ask(PROMPT, 5), desk.ask(PROMPT, 5, matcher=fence), desk.ask(PROMPT, 5)
    desk.run()
    assert bad.last.finish is FinishReason.ERROR
    assert words in bad.last.error
    assert len(bad.tokens) == count
    assert before.tokens == after.tokens == alone(PROMPT, 5)
    assert desk.pages_used == 0


# --- cancelling ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [0, 1, 3, 6], ids=["queued", "first chunk", "later chunk", "answering"])
def test_a_cancelled_request_leaves_no_page_behind_wherever_it_was(steps):
    desk = Desk(end_ids=frozenset(), step_tokens=64)
    heard = desk.ask(PROMPT * 20, 50, name="gone")
    for _ in range(steps):
        desk.engine.step()
    desk.engine.cancel("gone")
    assert heard.last.finish is FinishReason.CANCELLED
    assert desk.pages_used == 0
    assert desk.engine.step() is False
    assert desk.engine.stats().waiting == desk.engine.stats().running == 0


def test_cancelling_what_has_ended_does_nothing():
    desk = saying("<|im_end|>")
    heard = desk.ask(PROMPT, name="done")
    desk.run()
    desk.engine.cancel("done")
    assert len(heard.deltas) == 1


def test_waiting_behind_others_does_not_protect_from_cancelling():
    desk = Desk(end_ids=frozenset(), running=1)
    first = desk.ask(PROMPT, 4)
    second = desk.ask(PROMPT, 4, name="second")
    desk.engine.step()
    desk.engine.cancel("second")
    desk.run()
    assert second.tokens == []
    assert first.tokens == alone(PROMPT, 4)


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


@pytest.fixture
def one_thread():
    """Matrices this small gain nothing from more threads, which wait for each other where the machine is busy."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("one_thread")
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
