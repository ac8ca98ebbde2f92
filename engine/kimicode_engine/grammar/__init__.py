"""Structured output: which tokens an answer may go on with, so that its tool calls and formats are always valid."""

from kimicode_engine.grammar.compile import GrammarCompiler
from kimicode_engine.grammar.matcher import Matcher
from kimicode_engine.grammar.spec import GrammarSpec, JsonObject, JsonSchema, Regex, Response

__all__ = ["GrammarCompiler", "GrammarSpec", "JsonObject", "JsonSchema", "Matcher", "Regex", "Response"]
