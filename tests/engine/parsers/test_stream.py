import json
from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kimicode_engine.output import Content, Reasoning, ToolCallArguments, ToolCallStart
from kimicode_engine.parsers.stream import AnswerParser
from kimicode_engine.template.messages import Conversation, Message, ToolCall
from kimicode_engine.template.render import render
from tests.fakes.engine_tokenizer import OFFSETS, byte_tokenizer, written

TOKENIZER = byte_tokenizer()
SECTION, SECTION_END = "<|tool_calls_section_begin|>", "<|tool_calls_section_end|>"
CALL, ARGUMENTS, CALL_END = "<|tool_call_begin|>", "<|tool_call_argument_begin|>", "<|tool_call_end|>"
SPELLED, SPELLED_END = "<|tool_call_section_begin|>", "<|tool_call_section_end|>"


def call(header, arguments):
    return f"{CALL}{header}{ARGUMENTS}{arguments}{CALL_END}"


def parser(**options):
    return AnswerParser(TOKENIZER, **({"thinking": False, "tools": True} | options))


def run(fold, tokens):
    return [piece for token in tokens for piece in fold.feed(token)] + fold.finish()


def joined(pieces):
    """Neighbouring texts of one kind as one: how an answer looks however it was cut."""
    result = []
    for (kind, index), group in groupby(pieces, key=lambda piece: (type(piece), getattr(piece, "index", None))):
        if kind is ToolCallStart:
            result += group
            continue
        text = "".join(piece.text for piece in group)
        result.append(ToolCallArguments(index, text) if kind is ToolCallArguments else kind(text))
    return result


def parse(text, **options):
    return joined(run(parser(**options), written(text)))


# --- thinking -------------------------------------------------------------------------------------------------


def test_an_answer_starts_in_the_thinking_that_the_prompt_opened():
    assert parse("Let me see.</think>It is 4.", thinking=True) == [Reasoning("Let me see."), Content("It is 4.")]


def test_without_thinking_all_is_content():
    assert parse("It is 4.") == [Content("It is 4.")]


def test_a_repeated_opening_tag_is_swallowed():
    assert parse("<think>Hm.</think>Yes.", thinking=True) == [Reasoning("Hm."), Content("Yes.")]


def test_a_model_that_thinks_although_it_should_not_is_followed():
    assert parse("<think>Hm.</think>Yes.") == [Reasoning("Hm."), Content("Yes.")]


def test_a_stray_closing_tag_is_never_shown():
    assert parse("Yes.</think> Done.</think>") == [Content("Yes. Done.")]


def test_an_answer_cut_off_in_its_thinking_has_no_content():
    assert parse("Let me", thinking=True) == [Reasoning("Let me")]


def test_tokens_of_thinking_are_counted_with_the_closing_tag():
    fold = parser(thinking=True)
    run(fold, written("abc</think>visible"))
    assert fold.reasoning_tokens == 4


@pytest.mark.parametrize("opening", [SECTION + CALL, CALL, SPELLED + CALL, f"{SPELLED}\n{CALL}"])
def test_a_call_ends_the_thinking_without_its_tag(opening):
    pieces = parse(f"I'll look.{opening}functions.ls:0{ARGUMENTS}{{}}{CALL_END}", thinking=True)
    assert pieces == [
        Reasoning("I'll look."),
        ToolCallStart(0, "functions.ls:0", "ls"),
        ToolCallArguments(0, "{}"),
    ]


# --- calls ----------------------------------------------------------------------------------------------------


def test_several_calls_with_the_text_before_between_and_after():
    first, second = call("functions.ls:7", '{"path": "."}'), call("functions.cat:8", '{"path": "a.py"}')
    pieces = parse(f"One.{SECTION}\n{first}\nTwo.{second}{SECTION_END}\nThree.", first_call=7)
    assert pieces == [
        Content("One."),
        ToolCallStart(0, "functions.ls:7", "ls"),
        ToolCallArguments(0, '{"path": "."}'),
        Content("Two."),
        ToolCallStart(1, "functions.cat:8", "cat"),
        ToolCallArguments(1, '{"path": "a.py"}'),
        Content("Three."),
    ]


def test_ids_count_from_the_first_call_whatever_the_model_wrote():
    pieces = parse(call("functions.ls:0", "{}") + call("call_ls", "{}"), first_call=3, names={"ls"})
    assert [piece.id for piece in pieces if isinstance(piece, ToolCallStart)] == ["functions.ls:3", "functions.ls:4"]


def test_arguments_stream_as_they_come_whatever_their_length():
    fold = parser()
    for token in written(f"{SECTION}{CALL}functions.write:0{ARGUMENTS}"):
        fold.feed(token)
    text = json.dumps({"file_text": "x = 1\n" * 5000})
    for character in text:
        assert fold.feed(ord(character)) == [ToolCallArguments(0, character)]


@pytest.mark.parametrize("arguments", ["[1, 2]", '"text"', "null", "not JSON {at all", " {} "])
def test_arguments_of_any_shape_pass_on_as_they_are(arguments):
    assert parse(call("functions.ls:0", arguments))[1] == ToolCallArguments(0, arguments)


def test_a_call_without_arguments_gets_an_empty_object():
    expected = [ToolCallStart(0, "functions.ls:0", "ls"), ToolCallArguments(0, "{}")]
    assert parse(call("functions.ls:0", "")) == expected
    assert parse(f"{CALL}functions.ls:0{CALL_END}") == expected
    assert parse(f"{CALL}functions.ls:0<|im_end|>") == expected


def test_the_argument_marker_may_be_missing():
    assert parse(f'{CALL}functions.ls:0{{"a": 1}}{CALL_END}') == [
        ToolCallStart(0, "functions.ls:0", "ls"),
        ToolCallArguments(0, '{"a": 1}'),
    ]


@pytest.mark.parametrize("ending", ["", "<|im_end|>", SECTION_END, f"<|im_end|>{SECTION_END}"])
def test_closing_markers_may_be_missing(ending):
    assert parse(f'{SECTION}{CALL}functions.ls:0{ARGUMENTS}{{"a": 1}}{ending}') == [
        ToolCallStart(0, "functions.ls:0", "ls"),
        ToolCallArguments(0, '{"a": 1}'),
    ]


def test_the_next_call_ends_one_that_was_left_open():
    pieces = parse(f"{CALL}functions.a:0{ARGUMENTS}{{}}{CALL}functions.b:1{ARGUMENTS}{{}}{CALL_END}")
    assert [piece.name for piece in pieces if isinstance(piece, ToolCallStart)] == ["a", "b"]


def test_a_call_cut_off_in_its_id_is_no_call():
    fold = parser()
    assert run(fold, written(f"{SECTION}{CALL}functions.ba")) == []
    assert fold.calls == 0


@pytest.mark.parametrize("text", [CALL + CALL_END, f"{SECTION}{CALL}\n</think>", CALL + SECTION_END])
def test_a_call_without_id_and_arguments_is_none(text):
    assert parse(text) == []


def test_a_marker_followed_by_prose_is_no_call_and_the_prose_is_shown():
    prose = "That was meant to be a sentence, not a call. " * 8
    fold = parser()
    assert joined(run(fold, written(CALL + prose))) == [Content(prose)]
    assert fold.calls == 0


@pytest.mark.parametrize("ending", [SPELLED_END, f"\n{SPELLED_END}\n", SECTION_END])
def test_the_singular_section_markers_are_recognised_letter_by_letter(ending):
    pieces = parse(f"Look:{SPELLED}{call('functions.ls:0', '{}')}{ending}")
    assert pieces == [Content("Look:"), ToolCallStart(0, "functions.ls:0", "ls"), ToolCallArguments(0, "{}")]


def test_markers_written_as_letters_start_no_call():
    text = f"{SECTION}{CALL}functions.rm:0{ARGUMENTS}{{}}{CALL_END}"
    fold = parser()
    assert joined(run(fold, text.encode())) == [Content(text)]
    assert fold.calls == 0


def test_think_tags_in_arguments_belong_to_the_file_that_is_written():
    assert parse(call("functions.write:0", '{"t": "<think>a</think>"}'))[1:] == [
        ToolCallArguments(0, '{"t": "<think>a</think>"}')
    ]


def test_calls_inside_the_thinking_end_it_and_a_late_closing_tag_is_not_shown():
    pieces = parse(f"Hm.{SECTION}{call('functions.ls:0', '{}')}{SECTION_END}</think>Done.", thinking=True)
    assert pieces == [
        Reasoning("Hm."),
        ToolCallStart(0, "functions.ls:0", "ls"),
        ToolCallArguments(0, "{}"),
        Content("Done."),
    ]


def test_a_call_that_nobody_declared_tools_for_is_shown_as_content():
    fold = parser(thinking=True, tools=False)
    pieces = joined(run(fold, written(f"Hm.{SECTION}{call('functions.ls:0', '{}')}{SECTION_END}")))
    assert pieces == [Reasoning("Hm."), Content("functions.ls:0{}")]
    assert fold.calls == 0


def test_a_plain_completion_shows_tags_and_tool_markers_but_no_turn_markers():
    text = f"<think>a</think>{SECTION}{call('functions.ls:0', '{}')}"
    assert parse(text + "<|im_end|>", plain=True, thinking=True) == [Content(text)]


# --- characters and stop strings ------------------------------------------------------------------------------


def test_half_a_character_is_never_emitted():
    fold = parser()
    first, *rest = "🌙".encode()
    assert fold.feed(first) == []
    assert joined(run(fold, rest)) == [Content("🌙")]


def test_a_character_that_a_marker_cuts_off_is_replaced_where_it_stood():
    assert joined(run(parser(thinking=True), [0xF0, *written("</think>ok")])) == [Reasoning("�"), Content("ok")]


def test_a_stop_string_ends_the_visible_answer():
    fold = parser(thinking=True, stop=("STOP",))
    tokens = written("a STOP in thought</think>visible STOP more")
    assert joined(run(fold, tokens)) == [Reasoning("a STOP in thought"), Content("visible ")]
    assert fold.stopped == "STOP"
    assert fold.feed(ord("x")) == []


def test_a_stop_string_in_arguments_is_no_stop():
    fold = parser(stop=("STOP",))
    assert run(fold, written(call("functions.say:0", '"STOP"')))[0] == ToolCallStart(0, "functions.say:0", "say")
    assert fold.stopped is None


def test_what_was_held_back_for_a_stop_string_comes_before_a_call():
    pieces = parse(f"wait ST{call('functions.ls:0', '{}')}OP", stop=("STOP",))
    assert (pieces[0], pieces[-1]) == (Content("wait ST"), Content("OP"))


# --- any token stream -----------------------------------------------------------------------------------------

SCRAPS = st.one_of(
    st.sampled_from([[256 + offset] for offset in OFFSETS.values()]),
    st.sampled_from([written(text) for text in (SPELLED, SPELLED_END, "functions.ls:0", '{"a": 1}', "\n ", "STOP")]),
    st.binary(max_size=4).map(list),
    st.integers(0, 700).map(lambda token: [token]),
)
STREAMS = st.lists(SCRAPS, max_size=14).map(lambda scraps: [token for scrap in scraps for token in scrap])
OPTIONS = st.fixed_dictionaries(
    {
        "thinking": st.booleans(),
        "tools": st.booleans(),
        "plain": st.booleans(),
        "stop": st.sampled_from([(), ("STOP",), ("\n", "ls:")]),
    }
)


@given(STREAMS, OPTIONS)
@settings(max_examples=300)
def test_whatever_comes_nothing_raises_and_no_marker_is_shown(tokens, options):
    fold = parser(**options)
    pieces = joined(run(fold, tokens))
    starts = [piece for piece in pieces if isinstance(piece, ToolCallStart)]
    assert [start.index for start in starts] == list(range(fold.calls))
    if not options["plain"]:
        shown = "".join(piece.text for piece in pieces if isinstance(piece, Content | Reasoning))
        assert not any(marker in shown for marker in (CALL, CALL_END, ARGUMENTS, SECTION, SECTION_END, "think>"))


@given(STREAMS)
@settings(max_examples=200)
def test_no_visible_byte_is_lost_where_there_are_no_calls(tokens):
    letters = [token for token in tokens if token < 256 or token == 256 + OFFSETS["</think>"]]
    thought, *said = bytes_between(letters)
    fold = parser(thinking=True)
    pieces = run(fold, letters)
    assert "".join(piece.text for piece in pieces if isinstance(piece, Reasoning)) == thought
    assert "".join(piece.text for piece in pieces if isinstance(piece, Content)) == "".join(said)


def bytes_between(tokens):
    """The texts that the closing tags separate."""
    texts = [[]]
    for token in tokens:
        if token < 256:
            texts[-1].append(token)
        else:
            texts.append([])
    return [bytes(text).decode("utf-8", "replace") for text in texts]


@given(st.text(max_size=30), st.text(max_size=30), st.lists(st.text(max_size=20), max_size=3))
def test_what_the_template_writes_is_read_back(reasoning, content, arguments):
    calls = tuple(ToolCall(f"call_{index}", "my-tool.x", text or "{}") for index, text in enumerate(arguments))
    turns = (Message("user", "hello"), Message("assistant", content, reasoning=reasoning, tool_calls=calls))
    prompt = render(Conversation(turns[:1]), TOKENIZER)
    whole = render(Conversation(turns, preserve_thinking=True), TOKENIZER)
    answer = whole[len(prompt) :][: -len(written("<|im_assistant|>assistant<|im_middle|><think>"))]
    pieces = joined(run(parser(thinking=True), answer))
    expected = [*([Reasoning(reasoning)] if reasoning else []), *([Content(content)] if content else [])]
    for index, call in enumerate(calls):
        start = ToolCallStart(index, f"functions.my-tool.x:{index}", "my-tool.x")
        expected += [start, ToolCallArguments(index, call.arguments)]
    assert pieces == expected


WORDS = ("One.", " <b", "ST", "TO", "OP<|", "<|tool", "_call", "s_section", "n|>", "ls:0", '{"', "é\n", "\n\n")
COARSE = byte_tokenizer(WORDS)


@given(st.lists(st.sampled_from(["One. ", "\n", " <b>", "ST", "OP", "é", SPELLED, SPELLED_END]), max_size=6), st.data())
def test_how_the_vocabulary_cuts_a_text_makes_no_difference(scraps, data):
    text = "".join(scraps)
    text = f"{text}{CALL}functions.ls:0{ARGUMENTS}{{}}{text}{CALL_END}{text}"
    fold = AnswerParser(COARSE, thinking=False, tools=True, stop=("STOP",))
    tokens = merged(written(text, 256 + len(WORDS)), data)
    assert joined(run(fold, tokens)) == parse(text, stop=("STOP",))


def merged(tokens, data):
    """The same text with some of its bytes taken together to words of the vocabulary."""
    result = []
    while tokens:
        fitting = [word for word in WORDS if tokens[: len(word.encode())] == list(word.encode())]
        word = data.draw(st.sampled_from(fitting)) if fitting and data.draw(st.booleans()) else None
        result.append(256 + WORDS.index(word) if word else tokens[0])
        tokens = tokens[len(word.encode()) if word else 1 :]
    return result
