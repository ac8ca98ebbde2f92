import time
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kimicode_engine.errors import RequestError
from kimicode_engine.grammar import GrammarSpec, JsonObject, JsonSchema, Regex
from kimicode_engine.template.messages import ToolSpec
from tests.fakes.engine_wander import allowed_by, feed, refused


@contextmanager
def bounded():
    """Whatever happens is fine, if it is one of our two named errors and comes soon."""
    start = time.process_time()
    try:
        yield
    except RequestError as error:
        if error.code not in ("invalid_grammar", "grammar_error"):
            raise
    assert time.process_time() - start < 5


def nested(levels):
    schema = {}
    for _ in range(levels):
        schema = {"type": "array", "items": schema}
    return schema


@pytest.mark.parametrize(
    "pattern",
    [
        "(" * 60_000 + "a" + ")" * 60_000,
        "((a{1000}){1000}){1000}",
        "a{1000000000}",
        r"([a-z\]]{2}\p{L}|){90}{90}",
        "(?x)#[\n((a{1000}){1000}){1000}",
        "[" * 3_000,
        "a" * 5_000,
        "(?=a)b",
        r"(a)\1",
        "(",
        "a**{",
        "\ud800",
        "(?Z)x",
        r"\x{110000}",
    ],
)
def test_a_bad_regex_is_refused(compiler, pattern):
    assert refused(compiler, GrammarSpec(response=Regex(pattern))).param == "regex"


@pytest.mark.parametrize(
    "schema",
    [
        nested(40),
        nested(5_000),
        {"enum": ["x" * 70_000]},
        {"type": "zork"},
        {"const": "\ud800"},
        {"type": "string", "pattern": "(" * 60_000},
        {"patternProperties": {"(" * 60_000: {}}},
        {"items": {"pattern": "((a{500}){500}){500}"}},
        {"minimum": float("nan")},
        {"allOf": [{"anyOf": [{"required": [f"p{i}_{j}"]} for j in range(8)]} for i in range(20)]},
        {"$ref": "#/$defs/missing"},
        {"$ref": "#"},
    ],
)
def test_a_bad_schema_is_refused(compiler, schema):
    assert refused(compiler, GrammarSpec(response=JsonSchema(schema))).param == "response_format"


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, 'a"', "a\nstart: /x/", "ä"])
def test_a_name_that_could_break_the_grammar_is_refused(compiler, name):
    assert refused(compiler, GrammarSpec((ToolSpec(name, "", {}),))).param == "tools[0].name"


def test_too_many_tools_and_two_of_a_name_are_refused(compiler):
    many = tuple(ToolSpec(f"t{place}", "", {}) for place in range(129))
    assert refused(compiler, GrammarSpec(many)).param == "tools"
    assert refused(compiler, GrammarSpec((many[0], many[0]))).param == "tools[1].name"
    compiler.compile(GrammarSpec(many[:128], "required"))


@pytest.mark.parametrize(
    "response",
    [
        Regex("(?:(a{90}b?){10}){10}"),
        Regex("(a+)+(b|a*)*c"),
        Regex(".*x.{500}"),
        Regex("|".join(f"abc{number}" for number in range(500))),
        Regex(r"(\p{L}|\d){1,4000}"),
        JsonSchema({"enum": [f"value {number}" for number in range(3000)]}),
        JsonSchema({"type": "string", "minLength": 10**9}),
        JsonSchema({"type": "array", "minItems": 10**9}),
        JsonSchema({"type": "object", "properties": {f"k{n}": {"pattern": ".*x.{300}"} for n in range(50)}}),
        JsonSchema({"anyOf": [{"properties": {f"a{n}": {"type": "string"} for n in range(k)}} for k in range(1, 60)]}),
        JsonSchema({"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]}),
    ],
    ids=range(11),
)
def test_what_is_costly_is_bounded_and_harms_nobody_else(compiler, tokenizer, response):
    with bounded():
        matcher = compiler.compile(GrammarSpec(response=response))
        for _ in range(40):
            matcher.accept(int(allowed_by(matcher.mask(), tokenizer.vocab_size)[0]))
    assert compiler.compile(GrammarSpec(response=JsonObject())).mask() is not None


NUMBERS = st.integers(-5, 1 << 70) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


KEYWORDS = st.sampled_from(
    [
        "type",
        "properties",
        "required",
        "items",
        "prefixItems",
        "enum",
        "const",
        "anyOf",
        "allOf",
        "oneOf",
        "not",
        "$ref",
        "$defs",
        "pattern",
        "format",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "minimum",
        "multipleOf",
        "additionalProperties",
        "patternProperties",
        "minProperties",
        "x-guidance",
    ]
)
VALUES = JSON | st.sampled_from(["object", "string", "array", "#", "#/$defs/a", "date-time", "^a+$", "("])
SCHEMAS = st.recursive(
    st.dictionaries(KEYWORDS, VALUES, max_size=4),
    lambda inner: st.dictionaries(
        KEYWORDS,
        inner | st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_size=4,
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(SCHEMAS)
def test_no_schema_breaks_the_compiler(compiler, tokenizer, schema):
    loose = ToolSpec("loose", "", schema)
    feed(compiler.compile(GrammarSpec((loose,), "required")), tokenizer, "<|tool_calls_section_begin|>")
    for spec in (
        GrammarSpec((ToolSpec("strict", "", schema, strict=True),), "required"),
        GrammarSpec(response=JsonSchema(schema)),
    ):
        with bounded():
            compiler.compile(spec).mask()


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab01()[]{}|*+?.^$\\/-,:=!<>&~#\"' \n\tpPdwsbxuü", max_size=30))
def test_no_regex_breaks_the_compiler(compiler, pattern):
    with bounded():
        compiler.compile(GrammarSpec(response=Regex(pattern))).mask()
