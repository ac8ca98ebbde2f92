"""Arguments as models write them become the JSON text of an object, or a reason why not."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.llm.repair import repair_arguments, shape_of
from kimicode.messages import ToolSpec

BROKEN_JSON = st.lists(
    st.sampled_from(
        ['{"a":', "{'a':", "{", "}", "[", "]", '"', "'", "\\", ",", ":", "1e999", "NaN", "True", "\n", "\ud800"]
    )
    | st.text(max_size=5)
).map("".join)


@pytest.mark.parametrize("text", ['{"a": 1}', '{"b":"ä","a":[1.5,null,true]}', '{\n  "a": "\\u00e4\\n"\n}'])
def test_well_formed_arguments_stay_to_the_letter(text):
    repaired = repair_arguments(text)
    assert (repaired.arguments, repaired.problem, repaired.changed) == (text, "", False)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", {}),
        ("  \n", {}),
        ('"{\\"a\\": 1}"', {"a": 1}),
        (json.dumps(json.dumps(json.dumps({"a": 1}))), {"a": 1}),
        ('{"a": [1, 2,], }', {"a": [1, 2]}),
        ("{'a': 'it\\'s \"x\"', 'b': True, 'c': None}", {"a": 'it\'s "x"', "b": True, "c": None}),
        ("{'a': \"it's\"}", {"a": "it's"}),
        ('{"a": "line\nline\ttab"}', {"a": "line\nline\ttab"}),
        ("{'a': 'line\nline'}", {"a": "line\nline"}),
        ('{"a": "\\d+ \\x41"}', {"a": "\\d+ A"}),
        ('```json\n{"a": 1}\n```', {"a": 1}),
        ('```\n{"a": "```"}\n```', {"a": "```"}),
        ('{"a": NaN, "b": -Infinity, "c": 1e999}', {"a": None, "b": None, "c": None}),
        ('{"a": 1}}', {"a": 1}),
        ('{"a": 1}<|tool_call_end|>', {"a": 1}),
        ('{"a": 1}{"a": 1}', {"a": 1}),
        ('{"a": "\\ud83d\\ude00 \\ud83d"}', {"a": "😀 "}),
        ('{"a": "True, None, {b: 1,}"}', {"a": "True, None, {b: 1,}"}),
        ("{'code': 'if None == NaN: pass,}'}", {"code": "if None == NaN: pass,}"}),
    ],
)
def test_what_was_meant_is_restored(text, meant):
    repaired = repair_arguments(text)
    assert json.loads(repaired.arguments) == meant
    assert not repaired.problem


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[1, 2]", "a list"),
        ("null", "null"),
        ("17", "a number"),
        ('"ls -l"', "expecting value"),
        ('{"a": "cut', "unterminated string"),
        ("{'a': 'cut", "expecting property name"),
        ('{"a": 1', "expecting ',' delimiter"),
        ('{"a": 1}{"a": 2}', "extra data"),
        ("ls -l", "expecting value"),
        ("1" * 5000, "not JSON"),
        ("[" * 10_000, "nested"),
        ('{"a":' * 200 + "1" + "}" * 200, "nested"),
        ("{'a':" * 10_000, "nested"),
    ],
)
def test_what_cannot_be_known_is_named(text, problem):
    repaired = repair_arguments(text)
    assert repaired.arguments == "{}"
    assert problem in repaired.problem
    assert len(repaired.problem) < 300


@given(st.text() | BROKEN_JSON)
def test_whatever_comes_the_result_is_an_object(text):
    repaired = repair_arguments(text)
    assert isinstance(json.loads(repaired.arguments, parse_constant=pytest.fail), dict)
    repaired.arguments.encode()


@given(st.dictionaries(st.text(max_size=9), st.none() | st.booleans() | st.integers() | st.lists(st.text(max_size=9))))
def test_python_literals_mean_what_python_says(value):
    text = repr(value)
    if "\\u" not in text.lower().replace("\\\\", "") and "\\x" not in text:
        assert json.loads(repair_arguments(text).arguments) == json.loads(json.dumps(value))


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "' + "x\\n" * 1_700_000 + '"}',
        "{'a': '" + "line\n" * 1_000_000 + "'}",
        '"\\' * 2_500_000,
        '{"a": 1}' * 600_000,
        "{" * 5_000_000,
        '{"a": "' + "\\" * 5_000_000,
    ],
)
def test_five_megabytes_take_less_than_a_second(text):
    started = time.process_time()
    repair_arguments(text)
    assert time.process_time() - started < 1.5  # one second on an idle core


def test_a_tools_shape_is_short():
    schema = {"properties": {"path": {"type": "string"}, "line": {"type": "integer"}, "x": {}}, "required": ["path"]}
    assert (
        shape_of(ToolSpec("view", "", schema)) == '{"path": string, "line": integer (optional), "x": value (optional)}'
    )
    assert shape_of(ToolSpec("submit", "", {})) == "{}"
