"""What goes wrong in the engine, or is cancelled, ends its own request; the neighbours notice none of it."""

import pytest
import torch

from kimicode_engine.errors import RequestError
from kimicode_engine.output import FinishReason
from kimicode_engine.scripted import NAN, in_turn
from tests.fakes.engine_floor import answer_alone
from tests.fakes.engine_jobs import BYTES, Desk, tokens

VOCAB = BYTES.vocab_size
PROMPT = tokens("What is it?")


def alone(prompt, count):
    return answer_alone(prompt, count, VOCAB)


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
    desk = Desk(in_turn(tokens("<|im_end|>")))
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
