"""What a review tells of itself: no more of the machine than it has to."""

import pytest

from kimicode.review.outcome import known_as


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("kimi-k2.6", "kimi-k2.6"),
        ("moonshotai/Kimi-K2.6", "moonshotai/Kimi-K2.6"),
        ("/home/ann/weights/tiny.gguf", "tiny.gguf"),
        ("~/weights/tiny.gguf", "tiny.gguf"),
        ("./tiny.gguf", "tiny.gguf"),
        ("/weights/", "/weights/"),
        ("", ""),
    ],
)
def test_a_model_that_is_a_file_is_told_without_its_folders(model, told):
    assert known_as(model) == told
