"""Of an answer's tokens those are found by which an edit is chosen: in what is said before it, and in itself."""

import json
import re

import pytest

from nano_training.data.bpe import count, learn, tokenizer
from nano_training.data.targets import CHOSEN, DECISION, IGNORED, LEARNT, of_answer, of_edit, of_text
from nano_training.episodes.episode import Learn

TEXT = '{"path": "shop.py", "old_str": "return values", "new_str": "return value"}'
WORDS = "if not total: return total / own * own - total + total else return own"
TOKENIZER = tokenizer(learn(count([TEXT, WORDS] * 9), 400))


def marked(old, new):
    """The edit's arguments with its decisions in angle brackets, from the quote on."""
    arguments = json.dumps({"path": "shop.py", "old_str": old, "new_str": new}, ensure_ascii=False)
    tokens = TOKENIZER.encode(arguments)
    kinds = of_edit(tokens, arguments, TOKENIZER, Learn.ALL)
    assert {*kinds} == {LEARNT, DECISION}
    form = of_edit(tokens, arguments, TOKENIZER, Learn.FORM)
    assert {*form} == {LEARNT}, "what follows from a suspicion is right, even where that is not"
    texts = (
        f"<{TOKENIZER.decode([token])}>" if kind == DECISION else TOKENIZER.decode([token])
        for token, kind in zip(tokens, kinds, strict=True)
    )
    return "".join(texts).partition('"old_str":')[2].strip()


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("return total / own", "return total * own", '"return total< *> own"'),
        ("return values", "return value", '"return< value>"}'),
        ("if not total", "if total", '"if< total>"}'),
        ("return total / own", "return total", '"return total<"}>'),
        ("if total", "if not total", '"if< not> total"}'),
    ],
)
def test_what_differs_is_the_decision_and_what_is_copied_behind_it_is_not(old, new, wanted):
    assert wanted.removesuffix('"') in marked(old, new).partition('"new_str":')[2]


def test_of_the_quote_the_first_tokens_are_the_decision():
    quoted = marked("return total / own - own", "return total / own + own").partition('"new_str"')[0]
    assert quoted.startswith('"<return>< total>< />< own> -')


def test_lines_and_letters_beyond_ascii_are_found_too():
    text = marked('x = "é"\nreturn total', 'x = "é"\nreturn own')
    assert text.endswith('return< own>"}')


def decided(text, learn=Learn.ALL):
    """The parts of a text that are decisions, one after the other."""
    tokens = TOKENIZER.encode(text)
    kinds = of_text(tokens, text, TOKENIZER, learn)
    assert {*kinds} <= ({LEARNT, DECISION} if learn == Learn.ALL else {IGNORED})
    marks = "".join("x" if kind == DECISION else "." for kind in kinds)
    return [TOKENIZER.decode(tokens[found.start() : found.end()]) for found in re.finditer("x+", marks)]


def test_of_a_suspicion_the_lines_beginning_is_a_decision_and_all_that_is_said_of_it():
    line, said = decided("`total(1)` gives 2. See `return total / own * own - total`. `/` should be `*`.")
    assert "return total / own * own".startswith(line)
    assert len(TOKENIZER.encode(line)) == CHOSEN
    assert said.endswith("`/` should be `*`.")
    assert "total" not in said


def test_a_short_line_is_a_decision_and_its_end_is_not():
    line, said = decided("See `x`. `x` should be `é`.")
    assert line.strip("`") == "x"
    assert said.endswith("`x` should be `é`.")


def test_without_a_suspicion_or_where_it_is_not_to_be_learnt_nothing_is_a_decision():
    assert decided("I quote the line exactly.") == []
    assert decided("See `return total`. `total` should be `own`.", Learn.FORM) == []


@pytest.mark.parametrize("arguments", ["[1]", "{}", '{"old_str": "a"}', '{"old_str":"a","new_str":"b"}', "no JSON"])
def test_other_arguments_are_refused(arguments):
    with pytest.raises(ValueError, match=r"."):
        of_edit(TOKENIZER.encode(arguments), arguments, TOKENIZER, Learn.ALL)


def test_answers_are_learnt_whole_or_from_the_call_on_or_not_at_all():
    kinds = {learn: [of_answer(learn, called=called) for called in (False, True)] for learn in Learn}
    assert kinds[Learn.ALL] == [LEARNT, LEARNT]
    assert kinds[Learn.FORM] == [IGNORED, LEARNT]
    assert kinds[Learn.NOTHING] == [IGNORED, IGNORED]
