"""Of an edit's tokens those by which it is chosen are found: the quote's first, and where the new text parts."""

import json

import pytest

from nano_training.data.bpe import count, learn, tokenizer
from nano_training.data.targets import DECISION, IGNORED, LEARNT, of_answer, of_edit
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
    assert form == kinds.replace(bytes((DECISION,)), bytes((IGNORED,))), (
        "a wrong try is ignored where a right one counts"
    )
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


@pytest.mark.parametrize("arguments", ["[1]", "{}", '{"old_str": "a"}', '{"old_str":"a","new_str":"b"}', "no JSON"])
def test_other_arguments_are_refused(arguments):
    with pytest.raises(ValueError, match=r"."):
        of_edit(TOKENIZER.encode(arguments), arguments, TOKENIZER, Learn.ALL)


def test_answers_are_learnt_whole_or_from_the_call_on_or_not_at_all():
    kinds = {learn: [of_answer(learn, called=called) for called in (False, True)] for learn in Learn}
    assert kinds[Learn.ALL] == [LEARNT, LEARNT]
    assert kinds[Learn.FORM] == [IGNORED, LEARNT]
    assert kinds[Learn.NOTHING] == [IGNORED, IGNORED]
