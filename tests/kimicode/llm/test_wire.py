"""What goes out is well-formed whatever the history looks like."""

from hypothesis import given
from hypothesis import strategies as st

from kimicode.config.catalog import ModelInfo, model_info
from kimicode.llm.wire import NO_IMAGE, NO_RESULT, Json, Outgoing, clean, tools_to_wire, unique_id
from kimicode.messages import Image, Message, Text, Thinking, ToolCall, ToolResult, user
from tests.fakes.talk import PLAIN, TOOLS

KIMI = model_info("kimi-k2.6", "https://api.moonshot.ai/v1")
SEEING = ModelInfo(32_768, 4_096, images=True)
PICTURE = Image("image/png", "aGk=")


def calls(*ids: str, name: str = "bash") -> Message:
    return Message("assistant", tuple(ToolCall(i, name, "{}") for i in ids))


def result(call_id: str, *content: Text | Image) -> Message:
    return Message("tool", (ToolResult(call_id, "bash", content),))


def messages_to_wire(messages: list[Message], info: ModelInfo) -> list[Json]:
    return Outgoing(info).wire_of(messages)


def test_plain_messages_have_string_content_even_when_empty():
    wire = messages_to_wire([Message("system", (Text("be good"),)), user("hi"), Message("assistant", ())], PLAIN)
    assert wire == [
        {"role": "system", "content": "be good"},
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": ""},
    ]


def test_thinking_goes_back_only_to_models_that_keep_it():
    message = Message("assistant", (Thinking("hm"), Text("yes")))
    assert messages_to_wire([message], KIMI) == [{"role": "assistant", "content": "yes", "reasoning_content": "hm"}]
    assert messages_to_wire([message], PLAIN) == [{"role": "assistant", "content": "yes"}]


def test_moonshot_gets_the_reasoning_field_beside_every_call():
    assert messages_to_wire([calls("a")], KIMI)[0]["reasoning_content"] == ""


def test_equal_ids_are_told_apart_and_results_follow_their_calls_in_order():
    wire = messages_to_wire(
        [calls("x", "x", ""), result("x", Text("1")), result("x", Text("2")), result("", Text("3"))], PLAIN
    )
    ids = [call["id"] for call in wire[0]["tool_calls"]]
    assert len(set(ids)) == 3
    assert all(ids)
    assert [(m["tool_call_id"], m["content"]) for m in wire[1:]] == list(zip(ids, "123", strict=True))


def test_kimi_gets_the_ids_it_was_trained_on_counted_over_the_conversation():
    wire = messages_to_wire([calls("a", "b"), result("a"), result("b"), calls("toolu_9", name="view")], KIMI)
    assert [c["id"] for c in wire[0]["tool_calls"]] == ["functions.bash:0", "functions.bash:1"]
    assert wire[1] == {"role": "tool", "tool_call_id": "functions.bash:0", "name": "bash", "content": ""}
    assert wire[3]["tool_calls"][0]["id"] == "functions.view:2"


def test_a_call_that_never_got_a_result_gets_one():
    wire = messages_to_wire([calls("a", "b"), result("b", Text("ok")), user("go on")], PLAIN)
    assert [(m["role"], m["content"]) for m in wire[1:]] == [("tool", "ok"), ("tool", NO_RESULT), ("user", "go on")]
    assert messages_to_wire([calls("a")], PLAIN)[-1] == {"role": "tool", "tool_call_id": "a", "content": NO_RESULT}


def test_a_result_without_its_call_is_told_by_the_user():
    wire = messages_to_wire([result("gone", Text("a.py")), calls("a"), result("b", Text("?"))], PLAIN)
    assert [m["role"] for m in wire] == ["user", "assistant", "tool", "user"]
    assert "a.py" in wire[0]["content"]


def test_images_of_results_follow_in_a_message_of_the_user():
    wire = messages_to_wire([calls("a", "b"), result("a", PICTURE), result("b", Text("ok"))], SEEING)
    assert [m["role"] for m in wire] == ["assistant", "tool", "tool", "user"]
    assert wire[3]["content"] == [{"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}]


def test_a_model_that_cannot_see_is_told_of_the_image():
    wire = messages_to_wire([calls("a"), result("a", PICTURE), Message("user", (Text("look"), PICTURE))], PLAIN)
    assert wire[1]["content"] == NO_IMAGE
    assert wire[2]["content"] == f"look\n{NO_IMAGE}"


def test_text_and_image_of_the_user_stay_together():
    (wire,) = messages_to_wire([Message("user", (Text("look"), PICTURE))], SEEING)
    assert [part["type"] for part in wire["content"]] == ["text", "image_url"]


def test_lone_surrogates_never_go_out_and_halves_become_whole():
    assert clean("a\ud800b") == "ab"
    assert clean("\ud83d\ude00") == "😀"
    assert messages_to_wire([user("x\udfff")], PLAIN)[0]["content"] == "x"


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_clean_text_can_always_be_encoded(text):
    assert clean(clean(text)) == clean(text)
    clean(text).encode()


KINDS = {
    "a": lambda i: Message("assistant", (Text("x"),)),
    "c": lambda i: calls(i, i),
    "p": lambda i: result(i, PICTURE),
    "r": result,
    "u": user,
}
SCRIPTS = st.lists(st.tuples(st.sampled_from(sorted(KINDS)), st.sampled_from(["", "a", "b", "a_1"])))


@given(SCRIPTS)
def test_any_history_goes_out_with_one_result_right_after_each_call(script):
    for info in (PLAIN, KIMI):
        wire = messages_to_wire([KINDS[kind](i) for kind, i in script], info)
        waiting: list[str] = []
        seen: set[str] = set()
        for message in wire:
            if message["role"] == "tool":
                waiting.remove(message["tool_call_id"])
                continue
            assert not waiting
            waiting = [call["id"] for call in message.get("tool_calls", ())]
            assert not seen.intersection(waiting)
            seen.update(waiting)
        assert not waiting


@given(SCRIPTS)
def test_a_conversation_that_grew_goes_out_as_if_it_were_new(script):
    messages = [KINDS[kind](i) for kind, i in script]
    for info in (PLAIN, KIMI, SEEING):
        outgoing = Outgoing(info)
        for length in range(len(messages) + 1):
            assert outgoing.wire_of(messages[:length]) == messages_to_wire(messages[:length], info)


@given(SCRIPTS, st.integers(0, 20))
def test_a_conversation_that_was_compacted_is_converted_anew(script, kept):
    messages = [KINDS[kind](i) for kind, i in script]
    outgoing = Outgoing(KIMI)
    outgoing.wire_of(messages)
    for other in (messages[:kept], [user("the note"), *messages[-kept:]], messages):
        assert outgoing.wire_of(other) == messages_to_wire(other, KIMI)


def test_tools_are_functions_with_a_schema():
    (bash, _) = tools_to_wire(TOOLS)
    assert bash["type"] == "function"
    assert bash["function"]["name"] == "bash"
    assert bash["function"]["parameters"]["required"] == ["command"]


def test_a_unique_id_is_never_empty_and_never_taken():
    assert unique_id("a", set()) == "a"
    assert unique_id("a", {"a", "a_1"}) == "a_2"
    assert unique_id(" ", set()) == "call_1"
