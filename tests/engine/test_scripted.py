"""The model of no weights: it answers from what lies in the pages, says what it is told, and fails on request."""

import time

import pytest
import torch

from kimicode_engine.request import Request, SamplingParams
from kimicode_engine.scripted import NAN, ScriptedRunner, hashed, in_turn
from kimicode_engine.sequence import Part, Sequence

VOCAB = 100


def a_sequence(prompt, pages, name="r"):
    return Sequence(Request(name, tuple(prompt), SamplingParams(8)), list(prompt), pages=list(pages))


def whole(sequence):
    return [Part(sequence, 0, len(sequence.tokens))]


def said(logits):
    return logits.argmax(-1).tolist()


def test_it_says_a_pure_function_of_the_context():
    prompt = [3, 1, 4] * 40
    expected = hashed(VOCAB)(None, prompt)
    assert said(ScriptedRunner(4, VOCAB).run(whole(a_sequence(prompt, [2, 0])))) == [expected]
    assert said(ScriptedRunner(4, VOCAB).run(whole(a_sequence(prompt, [1, 3])))) == [expected]
    assert hashed(VOCAB)(None, prompt[:-1]) != expected


def test_chunks_and_neighbours_change_nothing():
    runner = ScriptedRunner(8, VOCAB)
    one, other = a_sequence(range(90), [5, 1]), a_sequence(range(50), [0])
    assert runner.run([Part(one, 0, 64)]).shape == (0, VOCAB)
    logits = runner.run([Part(one, 64, 26), *whole(other)])
    assert said(logits) == [hashed(VOCAB)(None, range(90)), hashed(VOCAB)(None, range(50))]
    assert logits.dtype == torch.float32
    assert (runner.steps, runner.computed) == (2, 140)


def test_a_page_that_somebody_else_wrote_over_changes_the_answer():
    runner = ScriptedRunner(4, VOCAB)
    sequence = a_sequence(range(90), [0, 1])
    runner.run([Part(sequence, 0, 89)])
    runner.run(whole(a_sequence(range(10, 20), [0])))
    assert said(runner.run([Part(sequence, 89, 1)])) != [hashed(VOCAB)(None, range(90))]


def test_without_reading_back_it_takes_the_tokens_as_they_are():
    runner = ScriptedRunner(0, VOCAB, verify=False)
    assert said(runner.run(whole(a_sequence(range(90), [])))) == [hashed(VOCAB)(None, range(90))]


def test_a_token_beyond_the_pages_is_an_error():
    with pytest.raises(IndexError):
        ScriptedRunner(4, VOCAB).run(whole(a_sequence(range(90), [0])))


def test_answers_are_given_in_turn_and_their_last_token_repeated():
    runner = ScriptedRunner(4, VOCAB, in_turn([7, 8], [9]))
    one, other, third = (a_sequence([1, 2], [page], str(page)) for page in range(3))
    heard = []
    for _ in range(3):
        tokens = said(runner.run([Part(each, 0, len(each.tokens)) for each in (one, other, third)]))
        for sequence, token in zip((one, other, third), tokens, strict=True):
            sequence.tokens.append(token)
        heard.append(tokens)
    assert heard == [[7, 9, 9], [8, 9, 9], [8, 9, 9]]


def test_a_script_can_have_one_row_be_no_numbers():
    runner = ScriptedRunner(4, VOCAB, lambda request, context: NAN if request.id == "bad" else 5)
    good, bad = a_sequence([1], [0]), a_sequence([1], [1], "bad")
    logits = runner.run([*whole(bad), *whole(good)])
    assert logits[0].isnan().all()
    assert logits[1].isfinite().all()
    assert said(logits[1:]) == [5]


def test_a_script_can_fail_as_a_model_does():
    def script(request, context):
        raise torch.OutOfMemoryError("nothing left")

    with pytest.raises(torch.OutOfMemoryError):
        ScriptedRunner(4, VOCAB, script).run(whole(a_sequence([1], [0])))


def test_a_step_can_take_its_time():
    runner = ScriptedRunner(4, VOCAB, delay=0.02)
    began = time.perf_counter()
    runner.run(whole(a_sequence([1], [0])))
    assert time.perf_counter() - began >= 0.02
