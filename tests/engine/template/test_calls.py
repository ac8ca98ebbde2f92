from hypothesis import given
from hypothesis import strategies as st

from kimicode_engine.template.calls import renumber
from kimicode_engine.template.messages import Message, ToolCall


def calls(*ids, name="bash"):
    return Message("assistant", tool_calls=tuple(ToolCall(one, name, "{}") for one in ids))


def result(identifier, name=None):
    return Message("tool", "out", name=name, tool_call_id=identifier)


def ids_of(*messages):
    """All ids of a renumbered history, calls of a message as a list, results alone."""
    return [
        [call.id for call in message.tool_calls] if message.tool_calls else message.tool_call_id
        for message in renumber(messages)
    ]


def test_indexes_count_over_the_whole_conversation():
    history = [calls("call_9f"), result("call_9f"), Message("user", "go on"), calls("toolu_1", "toolu_2")]
    assert ids_of(*history) == [
        ["functions.bash:0"],
        "functions.bash:0",
        None,
        ["functions.bash:1", "functions.bash:2"],
    ]


def test_canonical_ids_stay_as_they_are():
    history = [calls("functions.bash:0", "functions.bash:1"), result("functions.bash:0"), result("functions.bash:1")]
    assert renumber(history) == history


def test_results_go_to_their_calls_in_any_order():
    history = [calls("a", "b"), result("b"), result("a")]
    assert ids_of(*history)[1:] == ["functions.bash:1", "functions.bash:0"]


def test_calls_that_share_an_id_are_answered_in_turn():
    history = [calls("same", "same"), result("same"), result("same"), result("same")]
    assert ids_of(*history)[1:] == ["functions.bash:0", "functions.bash:1", "functions.bash:1"]


def test_an_id_that_comes_again_in_a_later_turn_means_the_later_call():
    history = [calls("call_0"), calls("call_0"), result("call_0")]
    assert ids_of(*history) == [["functions.bash:0"], ["functions.bash:1"], "functions.bash:1"]


def test_a_late_result_still_finds_its_call():
    history = [calls("slow"), calls("fast"), result("fast"), result("slow")]
    assert ids_of(*history)[2:] == ["functions.bash:1", "functions.bash:0"]


def test_a_result_without_an_id_goes_to_the_first_open_call_of_its_name():
    mixed = Message("assistant", tool_calls=(ToolCall("a", "bash", "{}"), ToolCall("b", "view", "{}")))
    assert ids_of(mixed, result(None, "view"), result(None))[1:] == ["functions.view:1", "functions.bash:0"]


def test_a_result_without_a_call_keeps_a_sane_form():
    assert ids_of(result("functions.bash:7")) == ["functions.bash:7"]
    assert ids_of(result("functions_get_weather_3")) == ["functions.get_weather:3"]
    assert ids_of(result("toolu_01", "view")) == ["functions.view:0"]
    assert ids_of(calls("a"), result("b"))[1:] == ["functions.tool:1"]
    assert ids_of(result(None)) == ["functions.tool:0"]


def test_a_call_without_a_name_gets_the_one_in_its_id():
    assert ids_of(calls("functions.my-tool.v2:4", name="")) == [["functions.my-tool.v2:0"]]
    assert ids_of(calls("functions_my_tool_4", name="")) == [["functions.my_tool:0"]]
    assert ids_of(calls("call_4", name="")) == [["functions.tool:0"]]


IDS = st.sampled_from(["a", "b", "", "functions.bash:0", "functions_bash_1", "functions:", "functions.a:b:1"])
HISTORY = st.lists(
    st.one_of(
        st.lists(IDS, min_size=1, max_size=3).map(lambda ids: calls(*ids)),
        st.tuples(st.one_of(st.none(), IDS), st.sampled_from([None, "", "bash"])).map(lambda pair: result(*pair)),
        st.just(Message("user", "hm")),
    ),
    max_size=12,
)


@given(HISTORY)
def test_any_history_gets_each_index_once_and_keeps_its_messages(history):
    renamed = renumber(history)
    made = [call.id for message in renamed for call in message.tool_calls]
    assert made == [f"functions.bash:{index}" for index in range(len(made))]
    assert [message.content for message in renamed] == [message.content for message in history]
    assert all(message.tool_call_id for message in renamed if message.role == "tool")


@given(HISTORY)
def test_renumbering_twice_changes_no_call(history):
    once = renumber(history)
    assert [message.tool_calls for message in renumber(once)] == [message.tool_calls for message in once]


@given(HISTORY, HISTORY)
def test_what_was_rendered_before_stays_when_the_conversation_goes_on(history, more):
    assert renumber([*history, *more])[: len(history)] == renumber(history)
