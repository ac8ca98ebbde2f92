"""Tool calls that were written as text: found in every known shape, and nothing else taken for one."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.llm.recover import recover_calls, recover_from_thinking, tool_named
from kimicode.llm.repair import repair_arguments
from tests.fakes.talk import TOOLS

LS = '{"name": "bash", "arguments": {"command": "ls"}}'
PWD = '{"name": "bash", "arguments": {"command": "pwd"}}'
KIMI = (
    "<|tool_calls_section_begin|>"
    '<|tool_call_begin|>functions.bash:0<|tool_call_argument_begin|>{"command": "ls"}<|tool_call_end|>'
    "<|tool_calls_section_end|>"
)
MARKUP = st.lists(
    st.sampled_from(
        [
            *("<tool_call>", "</tool_call>", "<function=bash>", "<parameter=command>", "</function>", LS, "\n"),
            *(
                "<|tool_calls_section_begin|>",
                "<|tool_call_begin|>",
                "<|tool_call_argument_begin|>",
                "functions.bash:0",
            ),
            *("<|tool_call_end|>", "```json\n", "\n```\n", '{"name":', "'bash'", "[", "]", "{", "}", '"', "\ud800"),
        ]
    )
    | st.text(max_size=4)
).map("".join)


def commands(text: str) -> list[Any]:
    return [
        json.loads(repair_arguments(call.arguments).arguments).get("command")
        for call in recover_calls(text, TOOLS).calls
    ]


@pytest.mark.parametrize(
    "text",
    [
        LS,
        f"```json\n{LS}\n```",
        f"```\n{LS}\n```",
        f"```tool_call\n{LS}\n```",
        f"```json\n{LS}",
        f"<tool_call>\n{LS}\n</tool_call>",
        f"<tool_call>{LS}",
        '{"name": "bash", "parameters": {"command": "ls"}}',
        '{"name": "bash", "input": {"command": "ls"}}',
        '{"name": "functions.bash", "arguments": "{\\"command\\": \\"ls\\"}"}',
        '{"name": "Bash", "arguments": {"command": "ls"}}',
        '{"type": "function", "function": {"name": "bash", "arguments": {"command": "ls"}}}',
        '{"id": "1", "type": "function", "function": {"name": "bash", "arguments": "{\\"command\\": \\"ls\\"}"}}',
        f'{{"tool_calls": [{LS}]}}',
        f"[{LS}]",
        "{'name': 'bash', 'arguments': {'command': 'ls',}}",
        '```json\n{\n  "name": "bash",\n  "arguments": {\n    "command": "ls",\n  }\n}\n```',
        "<function=bash><parameter=command>ls</parameter></function>",
        "<tool_call>\n<function=bash>\n<parameter=command>\nls\n</parameter>\n</function>\n</tool_call>",
        "<tool_call>\n<function=bash>\n<parameter=command>\nls\n",
        f"```xml\n<tool_call>{LS}</tool_call>\n```",
        KIMI,
        KIMI.replace("calls_section", "call_section"),
        KIMI.replace("<|tool_calls_section_begin|>", ""),
        KIMI.replace("<|tool_calls_section_end|>", "").replace("<|tool_call_end|>", ""),
        KIMI.replace("functions.bash:0", "bash:12"),
        KIMI.replace("functions.bash:0", "functions_bash_3"),
    ],
)
def test_every_known_shape_is_a_call_and_leaves_no_text(text):
    found = recover_calls(text, TOOLS)
    assert [call.name for call in found.calls] == ["bash"]
    assert commands(text) == ["ls"]
    assert found.text == ""


@pytest.mark.parametrize(
    "text",
    [
        "Just prose with {braces} and [brackets] and <tags>.",
        '```json\n{"name": "launch", "arguments": {"to": "moon"}}\n```',
        '{"name": "kimicode", "version": "1.0"}',
        '```json\n{"name": "bash", "version": "5.2"}\n```',
        f"```python\n{LS}\n```",
        f"The call would be `{LS}` inline.",
        "The `<tool_call>` tag opens a call.",
        "def f():\n    return {\n        'name': 'x',\n    }\n",
        KIMI.replace("bash", "launch"),
        "[1, 2, 3]",
        "```\n```",
        "<function=launch><parameter=to>moon</parameter></function>",
    ],
)
def test_what_is_no_call_of_a_known_tool_stays_text(text):
    found = recover_calls(text, TOOLS)
    assert found.text == text
    assert found.calls == ()


def test_text_around_a_call_is_kept_without_an_empty_fence():
    found = recover_calls(f"First I look.\n\n```json\n{LS}\n```\n\nThen I see.", TOOLS)
    assert found.text == "First I look.\n\nThen I see."
    assert len(found.calls) == 1


def test_calls_with_invented_results_between_them_are_all_found_in_order():
    text = f"{LS}\nOutput: a.py\n```json\n{PWD}\n```\nIt is /tmp.\n<tool_call>{LS}</tool_call>{KIMI}"
    assert commands(text) == ["ls", "pwd", "ls", "ls"]


def test_several_calls_in_one_block_are_all_found():
    assert commands(f"```json\n{LS}\n{PWD}\n```") == ["ls", "pwd"]
    assert commands(f"[{LS},\n {PWD}]") == ["ls", "pwd"]
    assert commands(f"<tool_call>\n{LS}\n</tool_call>\n<tool_call>\n{PWD}\n</tool_call>") == ["ls", "pwd"]
    assert commands(KIMI.replace("<|tool_calls_section_end|>", "") + KIMI.replace('"ls"', '"pwd"')) == ["ls", "pwd"]


def test_markers_inside_arguments_do_not_end_them():
    told = json.dumps({"command": "echo '<|tool_call_end|></tool_call>```'"})
    assert commands(KIMI.replace('{"command": "ls"}', told)) == ["echo '<|tool_call_end|></tool_call>```'"]
    assert commands(f'<tool_call>{{"name": "bash", "arguments": {told}}}</tool_call>') == [
        "echo '<|tool_call_end|></tool_call>```'"
    ]


def test_parameters_in_tags_get_the_types_of_the_schema():
    text = "<function=bash><parameter=command>\n12\n</parameter><parameter=timeout>30</parameter></function>"
    (call,) = recover_calls(text, TOOLS).calls
    assert json.loads(call.arguments) == {"command": "12", "timeout": 30}


def test_a_call_without_arguments_counts_only_where_it_is_marked():
    assert [c.name for c in recover_calls('<tool_call>{"name": "submit"}</tool_call>', TOOLS).calls] == ["submit"]
    assert recover_calls('{"name": "submit"}', TOOLS).calls == ()


def test_thoughts_give_up_marked_calls_but_no_drafts():
    assert len(recover_from_thinking(f"So: {KIMI}", TOOLS, tags=False).calls) == 1
    assert recover_from_thinking(f"Maybe\n{LS}", TOOLS, tags=True).calls == ()
    assert recover_from_thinking(f"<tool_call>{LS}</tool_call>", TOOLS, tags=False).calls == ()
    assert len(recover_from_thinking(f"<tool_call>{LS}</tool_call>", TOOLS, tags=True).calls) == 1


def test_an_empty_section_is_noise():
    assert recover_from_thinking("I am done.<|tool_calls_section_begin|>", TOOLS, tags=True).text == "I am done."


@pytest.mark.parametrize(
    "written", ["bash", " Bash ", "functions.bash", "functions.bash:17", "FUNCTIONS.BASH:0", "bash_2"]
)
def test_a_tools_name_is_known_in_its_usual_disguises(written):
    tool = tool_named(written, TOOLS)
    assert tool is not None
    assert tool.name == "bash"


def test_another_name_is_no_tool():
    assert tool_named("bashful", TOOLS) is None
    assert tool_named("", TOOLS) is None


@given(st.text() | MARKUP)
def test_whatever_comes_the_calls_are_usable(text):
    for found in (recover_calls(text, TOOLS), recover_from_thinking(text, TOOLS, tags=True)):
        for call in found.calls:
            assert isinstance(json.loads(repair_arguments(call.arguments).arguments), dict)
            assert call.name in ("bash", "submit")
        assert found.calls or not found.text.startswith("x") or found.text == text


@pytest.mark.parametrize(
    "unit",
    [
        '{"name": [', "<tool_call>", "<tool_call>{", "```\n", '\n{"name": "x"}', "<function=", "<function=bash>", "[",
        "<|tool_call_begin|>", "<|tool_call_begin|>x<|tool_call_argument_begin|>", "\n{", "```json\n", "x", "\n \t",
        '\n{"name": "bash", "arguments": {"command": "', "<parameter=", "<tool_call>{'a': '",
    ],
)  # fmt: skip
def test_five_megabytes_take_less_than_a_second(unit):
    text = unit * (5_000_000 // len(unit))
    started = time.process_time()
    recover_calls(text, TOOLS)
    assert time.process_time() - started < 1.5  # one second on an idle core


def test_a_call_of_five_megabytes_is_found():
    text = json.dumps({"name": "bash", "arguments": {"command": "x" * 5_000_000}})
    (call,) = recover_calls(f"<tool_call>{text}</tool_call>", TOOLS).calls
    assert len(call.arguments) > 5_000_000
