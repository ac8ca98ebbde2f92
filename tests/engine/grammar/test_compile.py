import json
import re
import threading

import jsonschema
import pytest

from kimicode_engine.errors import RequestError
from kimicode_engine.grammar import GrammarCompiler, GrammarSpec, JsonObject, JsonSchema, Regex
from kimicode_engine.template.messages import ToolSpec
from kimicode_engine.tokenizer import Tokenizer
from tests.fakes.engine_wander import allowed_by, calls_in, feed, refused, wander

BASH = {
    "type": "object",
    "properties": {"command": {"type": "string"}, "timeout": {"type": "integer", "minimum": 0}},
    "required": ["command"],
    "additionalProperties": False,
}
PLAN = {
    "type": "object",
    "properties": {
        "steps": {
            "type": "array",
            "minItems": 1,
            "maxItems": 3,
            "items": {
                "type": "object",
                "properties": {"state": {"enum": ["open", "done"]}, "note": {"type": ["string", "null"]}},
                "required": ["state"],
                "additionalProperties": False,
            },
        },
        "urgent": {"type": "boolean"},
    },
    "required": ["steps"],
    "additionalProperties": False,
}
TOOLS = (ToolSpec("bash", "", BASH, strict=True), ToolSpec("make-plan.v2", "", PLAN, strict=True))


@pytest.mark.parametrize("parallel", [True, False])
def test_whatever_a_model_draws_its_required_calls_satisfy_their_schemas(compiler, tokenizer, parallel):
    schemas = {tool.name: tool.parameters for tool in TOOLS}
    seen = set()
    for seed in range(25):
        matcher = compiler.compile(GrammarSpec(TOOLS, "required", parallel))
        calls = calls_in(tokenizer.decode(wander(matcher, tokenizer, seed)))
        assert parallel or len(calls) == 1
        for name, arguments in calls:
            jsonschema.validate(arguments, schemas[name])
            seen.add(name)
    assert seen == set(schemas)


def test_a_named_tool_is_the_only_one_that_can_be_called(compiler, tokenizer):
    for seed in range(8):
        matcher = compiler.compile(GrammarSpec(TOOLS, "make-plan.v2"))
        assert {name for name, _ in calls_in(tokenizer.decode(wander(matcher, tokenizer, seed)))} == {"make-plan.v2"}


def test_while_a_required_call_is_thought_about_only_ending_and_loose_markers_are_barred(compiler, tokenizer):
    matcher = compiler.compile(GrammarSpec(TOOLS, "required", thinking=True))
    control = tokenizer.control
    banned = set(range(tokenizer.vocab_size)) - set(allowed_by(matcher.mask(), tokenizer.vocab_size))
    markers = {control[name] for name in control if name.startswith("<|tool_call")}
    assert banned == tokenizer.end_ids | markers - {control["<|tool_calls_section_begin|>"]}
    feed(matcher, tokenizer, "I could look first. {[ </think>")
    assert list(allowed_by(matcher.mask(), tokenizer.vocab_size)) == [control["<|tool_calls_section_begin|>"]]
    calls_in(tokenizer.decode(wander(matcher, tokenizer, 1)))


def test_a_section_may_interrupt_the_thinking(compiler, tokenizer):
    matcher = compiler.compile(GrammarSpec(TOOLS, "required", thinking=True))
    feed(matcher, tokenizer, "Now.<|tool_calls_section_begin|><|tool_call_begin|>functions.")
    begun = {tokenizer.decode([token])[:1] for token in allowed_by(matcher.mask(), tokenizer.vocab_size)}
    assert begun == {"b", "m"}


def test_offered_tools_cost_text_nothing_and_are_strict_once_called(compiler, tokenizer):
    matcher = compiler.compile(GrammarSpec(TOOLS, "auto", thinking=True))
    for token in (*tokenizer.encode("Thinking {"), tokenizer.control["</think>"], *tokenizer.encode("Some text.")):
        assert matcher.mask() is None
        matcher.accept(token)
    for seed in range(10):
        again = compiler.compile(GrammarSpec(TOOLS, "auto"))
        again.accept(tokenizer.control["<|tool_calls_section_begin|>"])
        calls_in("<|tool_calls_section_begin|>" + tokenizer.decode(wander(again, tokenizer, seed)))


def test_an_offered_answer_without_calls_just_ends(compiler, tokenizer):
    matcher = compiler.compile(GrammarSpec(TOOLS))
    feed(matcher, tokenizer, "Done.<|im_end|>")
    assert matcher.mask() is None


def test_a_call_that_forgot_its_section_is_held_to_its_schema_too(compiler, tokenizer):
    matcher = compiler.compile(GrammarSpec(TOOLS))
    matcher.accept(tokenizer.control["<|tool_call_begin|>"])
    text = "<|tool_call_begin|>" + tokenizer.decode(wander(matcher, tokenizer, 3))
    assert calls_in(f"<|tool_calls_section_begin|>{text}<|tool_calls_section_end|>")


def test_after_the_section_only_ending_is_allowed(compiler, tokenizer):
    matcher = compiler.compile(GrammarSpec(TOOLS, parallel=False))
    feed(
        matcher,
        tokenizer,
        "Look:<|tool_calls_section_begin|><|tool_call_begin|>functions.bash:7<|tool_call_argument_begin|>"
        '{"command": "ls # <|im_end|>'.replace("<|im_end|>", "")
        + '"}<|tool_call_end|><|tool_calls_section_end|>',
    )
    assert set(allowed_by(matcher.mask(), tokenizer.vocab_size)) == tokenizer.end_ids


def test_no_control_token_can_stand_inside_arguments(compiler, tokenizer):
    matcher = compiler.compile(GrammarSpec(TOOLS))
    opened = "<|tool_calls_section_begin|><|tool_call_begin|>functions.bash:0<|tool_call_argument_begin|>"
    feed(matcher, tokenizer, opened + '{"command": "echo')
    assert not set(allowed_by(matcher.mask(), tokenizer.vocab_size)) & set(tokenizer.control.values())


def test_with_tool_choice_none_no_marker_can_be_drawn(compiler, tokenizer):
    matcher = compiler.compile(GrammarSpec(TOOLS, "none", thinking=True))
    feed(matcher, tokenizer, "Hm.</think>No tools.")
    markers = {token for name, token in tokenizer.control.items() if name.startswith("<|tool_call")}
    assert not markers & set(allowed_by(matcher.mask(), tokenizer.vocab_size))
    feed(matcher, tokenizer, "<|im_end|>")


def test_without_tools_or_format_everything_is_allowed(compiler, tokenizer):
    assert compiler.compile(GrammarSpec()).mask() is None


def test_a_schema_shapes_the_whole_answer_after_the_thinking(compiler, tokenizer):
    for seed in range(10):
        matcher = compiler.compile(GrammarSpec(response=JsonSchema(PLAN, strict=True), thinking=True))
        feed(matcher, tokenizer, "Let me see…</think>")
        jsonschema.validate(json.loads(tokenizer.decode(wander(matcher, tokenizer, seed))), PLAN)


def test_json_mode_gives_an_object(compiler, tokenizer):
    for seed in range(5):
        answer = tokenizer.decode(wander(compiler.compile(GrammarSpec(response=JsonObject())), tokenizer, seed))
        assert isinstance(json.loads(answer), dict)


@pytest.mark.parametrize("pattern", [r"[a-c]{2,5}/\d+", "yes|no", "a\nb|ü+!", r"(?i)ok\.?"])
def test_a_regex_is_matched_as_a_whole(compiler, tokenizer, pattern):
    for seed in range(5):
        answer = tokenizer.decode(wander(compiler.compile(GrammarSpec(response=Regex(pattern))), tokenizer, seed))
        assert re.fullmatch(pattern, answer)


ORDERED = GrammarSpec(
    (
        ToolSpec(
            "t", "", {"type": "object", "properties": {"z": {}, "b": {}, "a": {}}, "required": ["z", "b"]}, strict=True
        ),
    ),
    "required",
)


def test_with_a_format_and_offered_tools_the_answer_is_one_or_the_other(compiler, tokenizer):
    kinds = set()
    for seed in range(12):
        matcher = compiler.compile(GrammarSpec(TOOLS, response=JsonSchema(BASH, strict=True)))
        answer = tokenizer.decode(wander(matcher, tokenizer, seed))
        kinds.add(answer[0])
        if answer[0] == "<":
            assert calls_in(answer)
        else:
            jsonschema.validate(json.loads(answer), BASH)
    assert kinds == {"<", "{"}


@pytest.mark.parametrize("arguments", ['{"b": 1, "z": 2, "a": 3}', '{"z": 2, "b": 1, "a": 3}', '{"z": 2, "b": 1}'])
def test_properties_come_in_the_order_of_the_declaration_or_in_the_schemas_own(compiler, tokenizer, arguments):
    opened = "<|tool_calls_section_begin|><|tool_call_begin|>functions.t:0<|tool_call_argument_begin|>"
    feed(compiler.compile(ORDERED), tokenizer, f"{opened}{arguments}<|tool_call_end|>")


def test_what_must_be_there_must_be_there_in_either_order(compiler, tokenizer):
    opened = "<|tool_calls_section_begin|><|tool_call_begin|>functions.t:0<|tool_call_argument_begin|>"
    for arguments in ('{"z": 2, "a": 3', '{"b": 1, "a": 3'):
        with pytest.raises(AssertionError):
            feed(compiler.compile(ORDERED), tokenizer, f"{opened}{arguments}}}<|tool_call_end|>")


def test_characters_may_be_written_as_escapes_but_not_as_half_a_pair(compiler, tokenizer):
    matcher = compiler.compile(GrammarSpec(response=JsonObject()))
    feed(matcher, tokenizer, r'{"caf\u00e9": "\n\u0001\\ \u20ac"')
    with pytest.raises(AssertionError):
        feed(matcher, tokenizer, r', "x": "\ud800"}')


def test_a_strict_tool_that_cannot_be_enforced_is_refused_by_name(compiler):
    odd = ToolSpec("odd", "", {"type": "object", "not": {"required": ["x"]}}, strict=True)
    error = refused(compiler, GrammarSpec((TOOLS[0], odd)))
    assert error.param == "tools[1].parameters"
    assert "'odd'" in error.message


@pytest.mark.parametrize(
    "schema",
    [
        {"not": {"required": ["x"]}},
        {"type": "string"},
        {"properties": {"a": {"type": "zork"}}},
        {"properties": {"a": {"type": "string", "pattern": "(?=a)b"}}},
        {"properties": {"a": False}, "required": ["a"]},
        {"$ref": "http://example.com/schema"},
        {"properties": {"a": {"oneOf": [{"type": "string"}, {"minLength": 2}]}}},
        {},
    ],
)
def test_a_loose_tool_that_cannot_be_enforced_takes_any_object(compiler, tokenizer, schema):
    matcher = compiler.compile(GrammarSpec((ToolSpec("odd", "", schema),), "required"))
    ((name, arguments), *_) = calls_in(tokenizer.decode(wander(matcher, tokenizer, 5)))
    assert name == "odd"
    assert isinstance(arguments, dict)


def test_a_demanded_call_of_an_undeclared_tool_is_refused(compiler):
    assert refused(compiler, GrammarSpec(TOOLS, "rm")).param == "tool_choice"
    assert refused(compiler, GrammarSpec((), "required")).param == "tool_choice"


def test_a_plan_is_compiled_once_and_each_answer_has_its_own_state(compiler, tokenizer):
    first, second = (compiler.compile(GrammarSpec(TOOLS, "required", first_call=call)) for call in (0, 9))
    feed(first, tokenizer, "<|tool_calls_section_begin|><|tool_call_begin|>functions.")
    assert list(allowed_by(second.mask(), tokenizer.vocab_size)) == [tokenizer.control["<|tool_calls_section_begin|>"]]


def test_a_token_that_is_not_allowed_fails_this_answer_with_a_named_error(compiler, tokenizer):
    matcher = compiler.compile(GrammarSpec(response=JsonObject()))
    with pytest.raises(RequestError) as caught:
        matcher.accept(tokenizer.encode("x")[0])
    assert caught.value.code == "grammar_error"
    with pytest.raises(RequestError):
        matcher.mask()
    assert compiler.compile(GrammarSpec(response=JsonObject())).mask() is not None


def test_many_threads_may_compile_at_once(tokenizer):
    compiler, errors = GrammarCompiler(tokenizer), []

    def work(seed):
        try:
            matcher = compiler.compile(GrammarSpec(TOOLS, ("required", "bash")[seed % 2]))
            calls_in(tokenizer.decode(wander(matcher, tokenizer, seed)))
        except (AssertionError, RequestError) as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors


def test_a_checkpoint_without_tool_markers_cannot_be_asked_to_call(tokenizer):
    ranks = {bytes((byte,)): byte for byte in range(256)}
    plain = GrammarCompiler(Tokenizer(ranks, {258: "<|im_end|>"}))
    assert plain.compile(GrammarSpec(TOOLS)).mask() is None
    assert refused(plain, GrammarSpec(TOOLS, "required")).param == "tool_choice"
    matcher = plain.compile(GrammarSpec(response=JsonObject(), thinking=True))
    assert list(allowed_by(matcher.mask(), 512)) == [ord("{")]
