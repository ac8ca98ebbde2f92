from kimicode_engine.parsers.thinking import Thinking


def test_tokens_are_counted_only_while_the_model_thinks():
    thinking = Thinking(True)
    thinking.count()
    thinking.count()
    thinking.end()
    thinking.count()
    assert (thinking.tokens, thinking.active) == (2, False)


def test_a_model_may_think_again():
    thinking = Thinking(False)
    thinking.begin()
    thinking.count()
    assert (thinking.tokens, thinking.active) == (1, True)
