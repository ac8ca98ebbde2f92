"""The text of a grammar, in llguidance's dialect of Lark: `<[id]>` is a control token, which text can never match.

A call's number may be any number: the parser counts calls itself, and a grammar that fixed the first number would
have to be compiled anew for each turn of a conversation."""

from collections.abc import Mapping, Sequence

from llguidance import regex_to_lark

from kimicode_engine.grammar.checks import refuse
from kimicode_engine.grammar.schemas import Complain, any_object, response_schema
from kimicode_engine.grammar.spec import JsonObject, JsonSchema, Regex, Response

SECTION, SECTION_END = "<|tool_calls_section_begin|>", "<|tool_calls_section_end|>"
CALL, ARGUMENTS, CALL_END = "<|tool_call_begin|>", "<|tool_call_argument_begin|>", "<|tool_call_end|>"
TOOL_MARKERS = (SECTION, SECTION_END, CALL, ARGUMENTS, CALL_END)


def call_rules(tools: Sequence[tuple[str, Sequence[str]]], ids: Mapping[str, int], *, parallel: bool) -> list[str]:
    """Rules `section`, `calls` and below, for tools given as (name, schemas of the arguments, of which one fits)."""
    alternatives = "\n  | ".join(
        f'"functions.{name}:" NUMBER <[{ids[ARGUMENTS]}]> arguments_{place}' for place, (name, _) in enumerate(tools)
    )
    return [
        f"section: <[{ids[SECTION]}]> calls <[{ids[SECTION_END]}]>",
        f"calls: {'call+' if parallel else 'call'}",
        f"call: <[{ids[CALL]}]> function <[{ids[CALL_END]}]>",
        f"function: {alternatives}",
        "NUMBER: /[0-9]{1,5}/",
        *(_arguments(place, schemas) for place, (_, schemas) in enumerate(tools)),
    ]


def _arguments(place: int, schemas: Sequence[str]) -> str:
    return f"arguments_{place}: " + "\n  | ".join(f"%json {schema}" for schema in schemas)


def response_rule(response: Response, complain: Complain) -> str:
    """The rule `response`. Raises RequestError for what cannot be enforced."""
    match response:
        case JsonObject():
            return f"response: %json {any_object()}"
        case JsonSchema():
            return f"response: %json {response_schema(response, 'response_format', complain)}"
        case Regex(pattern):
            # `//` would begin a comment
            regex = f"/{regex_to_lark(pattern, use_ascii='')}/" if pattern else '""'
            complaint = complain(f"start: {regex}")
            if complaint:
                raise refuse(f"the regular expression cannot be enforced: {complaint}", "regex")
            return f"response: {regex}"
