"""Messages that the model is to write are found in a row, named by what they do, and right only as a whole."""

import torch

from kimicode_engine.checkpoint.tiny import write_tiny
from kimicode_engine.tokenizer import Tokenizer
from nano_training.learning.accuracy import Written, messages, tally

SAID = (
    ("Please fix it.", 0.0),
    ("functions.bash python3 -m unittest", 1.0),
    ("FAIL: test_one", 0.1),
    ("functions.strreplace a < b", 1.0),
    ("ok?", 0.0),
    ("functions.bash python3 -m unittest", 1.0),
    ("FAIL again", 0.1),
    ("functions.strreplace tried in vain", 0.0),
    ("still failing", 0.1),
    ("functions.strreplace a <= b", 1.0),
    ("done", 0.0),
    ("functions.submit", 1.0),
)


def episode(tokenizer, said=SAID):
    """A row of tokens and weights, [1, T] each."""
    parts = [(tokenizer.encode(text), weight) for text, weight in said]
    tokens = [token for ids, _ in parts for token in ids]
    weights = [weight for ids, weight in parts for _ in ids]
    return torch.tensor([tokens]), torch.tensor([weights])


def test_messages_are_named_by_what_they_do(tmp_path):
    config = write_tiny(tmp_path)
    tokenizer = Tokenizer.load(tmp_path, config)
    tokens, weights = episode(tokenizer)
    found = messages(tokens, weights, tokenizer)
    assert [one.kind for one in found] == ["first", "fix", "test", "after a wrong fix", "submit"]
    second = found[1]
    assert tokenizer.decode(tokens[0, second.start : second.stop].tolist()) == "functions.strreplace a < b"
    assert found[-1].stop == tokens.shape[1]


def test_without_a_tokenizer_they_are_just_found():
    weights = torch.tensor([[1.0, 1.0, 0.1, 0.0, 1.0], [0.0, 0.0, 1.0, 0.1, 0.1], [0.0] * 5])
    found = messages(torch.ones(3, 5, dtype=torch.int64), weights, None)
    assert found == [Written(0, 0, 2, "any"), Written(0, 4, 5, "any"), Written(1, 2, 3, "any")]


def test_one_wrong_token_makes_a_message_wrong():
    written = [Written(0, 0, 2, "first"), Written(0, 3, 5, "fix"), Written(1, 1, 4, "fix")]
    right = torch.tensor([[True, True, False, True, True], [False, True, False, True, True]])
    asked, whole = tally(written, right)
    assert asked == {"first": 1, "fix": 2}
    assert whole == {"first": 1, "fix": 1}
