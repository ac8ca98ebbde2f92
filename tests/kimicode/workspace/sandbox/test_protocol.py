"""What agent and supervisor say: every byte of a command arrives, and no bytes from inside do more than be refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.workspace.sandbox.protocol import (
    ANSWER,
    HEADER,
    MOST_REQUEST,
    Answer,
    Kind,
    Request,
    answers,
    frame,
    pack,
    unpack,
)

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


@given(st.lists(texts, min_size=1), texts, st.dictionaries(texts, texts))
def test_a_request_arrives_as_it_was_sent(argv, cwd, variables):
    request = Request(7, argv, cwd, variables)
    data = pack(request)
    assert HEADER.unpack(data[: HEADER.size]) == (len(data) - HEADER.size,)
    assert unpack(json.loads(data[HEADER.size :])) == request


def test_bytes_that_are_no_text_arrive_too():
    request = Request(1, ["/bin/cat", "caf\udce9"], "/tmp/\udcff", {"N\udc80": "\udcfe"})
    assert unpack(json.loads(pack(request)[HEADER.size :])) == request


@pytest.mark.parametrize("word", ["a\0b", "\ud800"])
def test_text_that_no_program_can_be_given_is_refused(word):
    with pytest.raises(ValueError, match=r"null byte|surrogates"):
        pack(Request(1, ["echo", word], "/", {}))


def test_a_command_without_measure_is_refused_before_it_is_sent():
    with pytest.raises(OSError, match="too long for a command"):
        frame({"text": "x" * MOST_REQUEST})


@given(st.binary(max_size=100))
def test_any_bytes_are_answers_or_are_refused_and_never_pile_up(data):
    buffer = bytearray(data)
    try:
        taken = list(answers(buffer))
    except ValueError:
        return
    assert all(isinstance(answer, Answer) and answer.kind in Kind for answer in taken)
    assert len(taken) == len(data) // ANSWER.size
    assert len(buffer) == len(data) % ANSWER.size


def test_an_answer_in_two_pieces_waits_for_its_second():
    buffer = bytearray(ANSWER.pack(Kind.EXITED, 3, -9) + ANSWER.pack(Kind.STARTED, 4, 12)[:5])
    assert list(answers(buffer)) == [Answer(Kind.EXITED, 3, -9)]
    assert len(buffer) == 5
