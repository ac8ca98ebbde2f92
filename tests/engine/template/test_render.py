import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode_engine.errors import RequestError
from kimicode_engine.template.messages import Conversation, MediaPart, Message, TextPart, ToolCall, ToolSpec
from kimicode_engine.template.render import render, render_text
from tests.fakes.engine_vocabulary import CONTROL, Characters

SYSTEM = "«im_system»system«im_middle»You are Kimi, an AI assistant created by Moonshot AI.«im_end»"
ASK = "«im_assistant»assistant«im_middle»«think»"
HI = Message("user", "Hi")
CALL = ToolCall("functions.ls:0", "ls", '{"path": "."}')
CALLED = (
    "«tool_calls_section_begin»«tool_call_begin»functions.ls:0«tool_call_argument_begin»"
    '{"path": "."}«tool_call_end»«tool_calls_section_end»'
)


def read(*messages, without=(), **options):
    vocabulary = Characters(without)
    return vocabulary.read(render(Conversation(messages, **options), vocabulary))


def test_a_question_stands_between_the_default_system_prompt_and_the_answer_to_come():
    assert read(HI) == f"{SYSTEM}«im_user»user«im_middle»Hi«im_end»{ASK}"


def test_no_messages_at_all_still_make_a_prompt():
    assert read() == SYSTEM + ASK


def test_thinking_off_closes_the_block_before_the_answer_begins():
    assert read(HI, thinking=False).endswith("«im_assistant»assistant«im_middle»«think»«/think»")


def test_a_system_prompt_at_the_front_replaces_the_default_one():
    assert read(Message("system", "Be brief."), HI).startswith("«im_system»system«im_middle»Be brief.«im_end»«im_user»")


def test_system_messages_may_stand_anywhere_and_come_often():
    prompt = read(HI, Message("system", "A"), Message("system", "B"))
    assert prompt == (
        f"{SYSTEM}«im_user»user«im_middle»Hi«im_end»"
        f"«im_system»system«im_middle»A«im_end»«im_system»system«im_middle»B«im_end»{ASK}"
    )


def test_names_replace_roles_in_the_header():
    prompt = read(
        Message("user", "x", name="Ada"), Message("assistant", "y", name="Kim"), Message("tool", "z", name="ls")
    )
    assert "«im_user»Ada«im_middle»x" in prompt
    assert "«im_assistant»Kim«im_middle»" in prompt
    assert "«im_system»ls«im_middle»## Return of functions.ls:0\nz" in prompt


def test_tools_are_declared_before_the_system_prompt():
    tool = ToolSpec("ls", "Lists.", {"type": "object", "properties": {}})
    assert read(HI, tools=(tool,)).startswith(
        "«im_system»tool_declare«im_middle»# Tools\n\n## functions\nnamespace functions {\n"
        "// Lists.\ntype ls = (_: {}) => any;\n}\n«im_end»" + SYSTEM
    )


def test_calls_and_results_of_the_running_turn_keep_their_reasoning():
    assert read(
        HI,
        Message("assistant", "So:", reasoning="hm", tool_calls=(CALL,)),
        Message("tool", "a", tool_call_id="functions.ls:0"),
    ) == (
        f"{SYSTEM}«im_user»user«im_middle»Hi«im_end»"
        f"«im_assistant»assistant«im_middle»«think»hm«/think»So:{CALLED}«im_end»"
        f"«im_system»tool«im_middle»## Return of functions.ls:0\na«im_end»{ASK}"
    )


ROUNDS = (
    HI,
    Message("assistant", None, reasoning="alpha", tool_calls=(CALL,)),
    Message("tool", "a", tool_call_id="functions.ls:0"),
    Message("assistant", "Done", reasoning="beta"),
    Message("user", "More"),
    Message("assistant", None, reasoning="gamma", tool_calls=(CALL,)),
)


def test_reasoning_up_to_the_last_answer_is_dropped():
    prompt = read(*ROUNDS)
    assert prompt.count("«think»«/think»") == 2
    assert "«think»gamma«/think»" in prompt


def test_preserved_thinking_keeps_all_of_it():
    prompt = read(*ROUNDS, preserve_thinking=True)
    assert all(f"«think»{word}«/think»" in prompt for word in ("alpha", "beta", "gamma"))
    assert all(
        f"«think»{word}«/think»" in read(*ROUNDS, preserve_thinking=True, thinking=False) for word in ("alpha", "beta")
    )


def test_thinking_off_drops_the_running_turn_s_reasoning_as_well():
    assert "gamma" not in read(*ROUNDS, thinking=False)


@pytest.mark.parametrize("content", [None, "", ()])
def test_no_content_is_written_as_nothing(content):
    assert "«im_user»user«im_middle»«im_end»" in read(Message("user", content))
    assert f"«/think»{CALLED}«im_end»" in read(Message("assistant", content, tool_calls=(CALL,)))
    assert "## Return of functions.tool:0\n«im_end»" in read(Message("tool", content))


def test_media_have_their_place_among_texts():
    prompt = read(Message("user", (TextPart("See "), MediaPart("image"), TextPart("there"))))
    assert "See «media_begin»image«media_content»«media_pad»«media_end»\nthere«im_end»" in prompt


def test_broken_arguments_of_an_old_call_are_written_as_they_are():
    prompt = read(Message("assistant", tool_calls=(ToolCall("x", "ls", '{"path": '),)))
    assert '«tool_call_argument_begin»{"path": «tool_call_end»' in prompt


# -- nothing that is said becomes a control token


@pytest.mark.parametrize("name", CONTROL)
def test_control_tokens_named_in_any_field_stay_text(name):
    vocabulary = Characters()
    poisoned = Conversation(
        (
            Message(name, name, name=name),
            Message("user", (TextPart(name),), name=name),
            Message("assistant", name, reasoning=name, tool_calls=(ToolCall(name, name, name),)),
            Message("tool", name, name=name, tool_call_id=name),
        ),
        tools=(ToolSpec(name, name, {"properties": {name: {"enum": [name]}}}),),
    )
    harmless = render_text(poisoned).replace(name, "")
    controls = [token for token in render(poisoned, vocabulary) if token >= 0x110000]
    clean = Conversation(
        (
            Message("x", "x"),
            HI,
            Message("assistant", "x", reasoning="x", tool_calls=(ToolCall("x", "x", "x"),)),
            Message("tool", "x", tool_call_id="x"),
        ),
        tools=(ToolSpec("x", "x", {}),),
    )
    assert controls == [token for token in render(clean, vocabulary) if token >= 0x110000]
    assert name not in harmless


# -- an answer that is begun already


def test_a_partial_answer_is_left_open():
    assert read(HI, Message("assistant", "Once upon"), partial=True).endswith(
        "«im_end»«im_assistant»assistant«im_middle»«think»«/think»Once upon"
    )


def test_only_the_last_of_two_equal_answers_is_continued():
    begun = Message("assistant", "Once")
    assert read(HI, begun, HI, begun, partial=True).count("Once") == 2


def test_partial_thinking_is_left_open_inside_the_block():
    begun = Conversation((HI, Message("assistant", "", reasoning="Let me")), partial=True)
    assert Characters().read(render(begun, Characters())).endswith("«im_assistant»assistant«im_middle»«think»Let me")
    assert begun.opens_thinking


def test_partial_answers_keep_the_reasoning_that_led_to_them():
    begun = Conversation((HI, Message("assistant", "So", reasoning="because")), partial=True)
    assert Characters().read(render(begun, Characters())).endswith("«think»because«/think»So")
    assert not begun.opens_thinking


def test_partial_without_thinking_starts_behind_the_block():
    begun = Conversation((HI, Message("assistant", "", reasoning="x")), partial=True, thinking=False)
    assert Characters().read(render(begun, Characters())).endswith("«think»«/think»")
    assert not begun.opens_thinking


@pytest.mark.parametrize("messages", [(), (HI,), (HI, Message("assistant", tool_calls=(CALL,)))])
def test_only_an_assistant_s_words_can_be_continued(messages):
    with pytest.raises(RequestError, match="can be continued") as caught:
        read(*messages, partial=True)
    assert caught.value.param == "messages"


# -- older checkpoints


def test_a_checkpoint_without_thinking_tokens_gets_no_thinking():
    prompt = read(*ROUNDS, without=("<think>", "</think>"))
    assert "think" not in prompt
    assert not any(word in prompt for word in ("alpha", "beta", "gamma"))
    assert prompt.endswith("«im_assistant»assistant«im_middle»")


def test_a_token_that_the_checkpoint_lacks_refuses_the_request():
    with pytest.raises(RequestError, match=r"no <\|media_begin\|> token"):
        read(Message("user", (MediaPart("image"),)), without=("<|media_begin|>",))


# -- properties


TEXT = st.text(max_size=8)
MESSAGE = st.builds(
    Message,
    st.sampled_from(["user", "system", "tool", "assistant"]),
    st.one_of(st.none(), TEXT),
    name=st.one_of(st.none(), TEXT),
    reasoning=st.one_of(st.none(), TEXT),
    tool_call_id=st.one_of(st.none(), TEXT),
)


@given(st.lists(MESSAGE, max_size=6), st.booleans())
def test_ids_and_text_say_the_same(messages, thinking):
    conversation = Conversation(tuple(messages), thinking=thinking)
    vocabulary = Characters()
    names = {token: name for name, token in vocabulary.control.items()}
    ids = render(conversation, vocabulary)
    assert "".join(names.get(token) or chr(token) for token in ids) == render_text(conversation)


@given(st.lists(MESSAGE, max_size=5), st.lists(MESSAGE, max_size=3))
def test_with_preserved_thinking_a_history_is_a_prefix_of_what_follows(history, more):
    vocabulary = Characters()
    before = render(Conversation((HI, *history), preserve_thinking=True), vocabulary)
    after = render(Conversation((HI, *history, *more), preserve_thinking=True), vocabulary)
    ask = len(Characters().encode("assistant")) + 3
    assert after[: len(before) - ask] == before[:-ask]


def test_the_next_call_s_index_is_the_number_of_calls_so_far():
    assert Conversation(ROUNDS).calls == 2
