import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode_engine.errors import RequestError
from kimicode_engine.template.messages import ToolSpec
from kimicode_engine.template.typescript import DEEPEST, declare


def body(parameters, description=""):
    """The declaration of one function `f`, without what stands around all of them."""
    text = declare([ToolSpec("f", description, parameters)])
    start, end = "# Tools\n\n## functions\nnamespace functions {\n", "\n}\n"
    assert text.startswith(start)
    assert text.endswith(end)
    return text[len(start) : -len(end)]


def field(schema, **more):
    """How one optional property `x` is declared."""
    text = body({"type": "object", "properties": {"x": schema}, **more})
    assert text.startswith("type f = (_: {\n")
    assert text.endswith("\n}) => any;")
    return text.removeprefix("type f = (_: {\n").removesuffix("\n}) => any;")


def test_a_whole_declaration():
    weather = ToolSpec(
        "get_weather",
        "Weather of a place.\n\nNot of yesterday.",
        {
            "type": "object",
            "properties": {
                "unit": {"type": "string", "enum": ["C", "F"], "default": "C"},
                "place": {"type": "string", "description": "City", "minLength": 1, "maxLength": 80},
                "days": {"type": "integer", "minimum": 1, "maximum": 14, "default": 3},
            },
            "required": ["unit", "place"],
            "additionalProperties": False,
        },
    )
    assert declare([weather, ToolSpec("now", "", {})]) == (
        "# Tools\n"
        "\n"
        "## functions\n"
        "namespace functions {\n"
        "// Weather of a place.\n"
        "\n"
        "// Not of yesterday.\n"
        "type get_weather = (_: {\n"
        "  // City\n"
        "  // maxLength: 80, minLength: 1\n"
        "  place: string,\n"
        '  // Default: "C"\n'
        '  unit: "C" | "F",\n'
        "  // maximum: 14, minimum: 1\n"
        "  // Default: 3\n"
        "  days?: number,\n"
        "  [k: string]: never\n"
        "}) => any;\n"
        "type now = (_: {}) => any;\n"
        "}\n"
    )


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "string"}, "string"),
        ({"type": "integer"}, "number"),
        ({"type": "null"}, "null"),
        ({"type": ["string", "null"]}, "string | null"),
        ({"type": ["integer", "object", "array"]}, "number | {} | Array<any>"),
        ({"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "string"}}]}, "number | Array<string>"),
        ({"enum": ["a", 1, 1.5, None, True]}, '"a" | 1 | 1.5 | None | True'),
        ({"type": ["null", "string"], "enum": ["a", None]}, '"a" | None'),
        ({"type": "string", "const": "a"}, "string"),
        ({"type": "array"}, "Array<any>"),
        ({"type": "array", "items": {"type": "array", "items": {}}}, "Array<Array<any>>"),
        ({"type": "object"}, "{}"),
        ({}, "any"),
        (True, "any"),
        (False, "null"),
    ],
)
def test_kinds_of_values(schema, kind):
    assert field(schema) == f"  x?: {kind}"


def test_objects_within_objects_are_indented():
    inner = {"type": "object", "properties": {"b": {"type": "string"}, "a": {"type": "boolean"}}, "required": ["b"]}
    assert field(inner) == "  x?: {\n    b: string,\n    a?: boolean\n  }"


def test_comments_of_an_array_s_items_stand_inside_of_it():
    items = {"type": "string", "description": "A path", "pattern": "^/"}
    assert field({"type": "array", "items": items, "maxItems": 9, "minItems": 1, "description": "Paths"}) == (
        "  // Paths\n  // maxItems: 9, minItems: 1\n  x?: Array<\n    // A path\n    // pattern: ^/\n    string\n  >"
    )


@pytest.mark.parametrize(
    ("default", "text"),
    [("é", '"é"'), (True, "True"), (0.5, "0.5"), ([1, "a"], '[1, "a"]'), ({"b": 1, "a": None}, '{"a": null, "b": 1}')],
)
def test_defaults(default, text):
    assert field({"type": "string", "default": default}) == f"  // Default: {text}\n  x?: string"


@pytest.mark.parametrize(
    ("others", "kind"), [(True, "any"), (False, "never"), ({}, "any"), ({"type": "integer"}, "number")]
)
def test_other_properties(others, kind):
    assert field({"type": "null"}, additionalProperties=others) == f"  x?: null,\n  [k: string]: {kind}"


def test_definitions_become_interfaces_and_references_their_names():
    schema = {
        "properties": {"tree": {"$ref": "#/$defs/Node", "description": "The root"}},
        "$defs": {
            "Node": {
                "type": "object",
                "description": "A node",
                "properties": {"left": {"$ref": "#/$defs/Node"}, "kind": {"$ref": "#/$defs/Kind"}},
                "required": ["kind"],
            },
            "Kind": {"enum": ["leaf", "inner"]},
        },
    }
    assert body(schema, "Walks.") == (
        'interface Kind "leaf" | "inner"\n'
        "// A node\n"
        "interface Node {\n"
        "  kind: Kind,\n"
        "  left?: Node\n"
        "}\n"
        "// Walks.\n"
        "type f = (_: {\n"
        "  // The root\n"
        "  tree?: Node\n"
        "}) => any;"
    )


def test_a_schema_that_refers_to_itself_is_named_parameters():
    schema = {"properties": {"next": {"$ref": "#"}, "at": {"type": "integer"}}, "required": ["next"]}
    assert body(schema) == (
        "interface parameters {\n  at?: number,\n  next: parameters\n}\ntype f = (_: parameters) => any;"
    )


@pytest.mark.parametrize(
    "schema",
    [
        {"oneOf": [{"type": "string"}]},
        {"const": 1},
        {"allOf": [{"type": "string"}]},
        {"description": "no type"},
        {"type": None},
        {"type": ["string", "weird"]},
        {"type": "string", "description": 5},
        {"type": "string", "enum": [1]},
        {"type": ["string", "number"], "enum": ["a"]},
        {"$ref": "#/$defs/Missing"},
        {"$ref": "other.json"},
        {"$ref": 5},
        {"type": "object", "properties": []},
        {"type": "object", "properties": {}, "required": None},
        {"type": "object", "$defs": {"A": True}},
        {"type": "object", "additionalProperties": 3},
        {"type": "array", "items": [{"type": "string"}]},
        {"anyOf": "x"},
        None,
        "string",
    ],
)
def test_what_the_dialect_cannot_say_turns_all_tools_into_compact_json(schema):
    plain = ToolSpec("a", "Does “it”.", {"required": [], "properties": {}})
    assert declare([plain, ToolSpec("b", "", {"properties": {"x": schema}})]) == (
        '[{"function":{"description":"Does “it”.","name":"a","parameters":{"properties":{},"required":[]}},'
        '"type":"function"},{"function":{"name":"b","parameters":{"properties":{"x":'
        f'{json.dumps(schema, sort_keys=True, separators=(",", ":"))}}}}}}},"type":"function"}}]'
    )


def test_a_schema_as_deep_as_a_well_is_refused():
    schema = {"type": "string"}
    for _ in range(5000):
        schema = {"type": "array", "items": schema}
    with pytest.raises(RequestError, match=f"more than {DEEPEST} levels") as caught:
        body({"properties": {"x": schema}})
    assert caught.value.param == "tools"


def shuffled(draw, value):
    if isinstance(value, dict):
        keys = draw(st.permutations(list(value)))
        return {key: shuffled(draw, value[key]) for key in keys}
    return value


SCHEMA = st.recursive(
    st.sampled_from([{"type": "string"}, {"type": "integer", "minimum": 1, "description": "n"}, {"enum": ["a", "b"]}]),
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, min_size=1).map(
            lambda properties: {"type": "object", "properties": properties}
        ),
        inner.map(lambda items: {"type": "array", "items": items}),
    ),
    max_leaves=6,
)


@given(st.data(), SCHEMA)
def test_the_order_of_keys_in_a_schema_does_not_matter(data, schema):
    parameters = {"properties": {"x": schema, "y": schema}, "required": ["y"]}
    assert body(shuffled(data.draw, parameters)) == body(parameters)


KEYWORDS = ["type", "properties", "items", "enum", "anyOf", "$ref", "$defs", "required", "description", "default", "x"]
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(KEYWORDS),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["properties", "$defs", "required", "additionalProperties"]), JSON, max_size=3))
def test_no_schema_at_all_raises(parameters):
    assert declare([ToolSpec("f", "", parameters)])
