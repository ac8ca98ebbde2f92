"""Compiles what is demanded of an answer. Plans are kept, since an agent declares the same tools each turn."""

import json
import threading
from collections import OrderedDict
from collections.abc import Iterable

import numpy as np
import torch
from llguidance import LLMatcher, LLParserLimits, LLTokenizer
from llguidance.tiktoken import lltokenizer_from_encoding
from torch import Tensor

from kimicode_engine.grammar.checks import check_spec, refuse
from kimicode_engine.grammar.lark import CALL, SECTION, TOOL_MARKERS, call_rules, response_rule
from kimicode_engine.grammar.matcher import Matcher, Plan
from kimicode_engine.grammar.schemas import arguments_schemas, first_line
from kimicode_engine.grammar.spec import GrammarSpec, JsonObject, JsonSchema, Regex, Response
from kimicode_engine.tokenizer import Tokenizer

PLANS = 64
"""Compiled plans that are kept, those used last."""
LEXER_STATES = 50_000
"""Of one grammar, 1 to 2 KB each; the other limits are llguidance's: 20 ms to compile, 20 ms a mask."""
THINK_END = "</think>"


class GrammarCompiler:
    """Turns a GrammarSpec into a Matcher. Safe to use from many threads; the first grammar takes half a second more."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._control, self._ends = tokenizer.control, tokenizer.end_ids
        self._markers = frozenset(self._control[name] for name in TOOL_MARKERS if name in self._control)
        self._words = -(-tokenizer.vocab_size // 32)
        self._plans: OrderedDict[str, Plan] = OrderedDict()
        self._prepared: LLTokenizer | None = None
        self._plans_lock, self._tokenizer_lock = threading.Lock(), threading.Lock()

    def compile(self, spec: GrammarSpec) -> Matcher:
        """A matcher for one answer. Raises RequestError with code "invalid_grammar" that names the offending field."""
        check_spec(spec)
        key = _key(spec)
        with self._plans_lock:
            plan = self._plans.get(key)
        # two threads may compile the same at once: that costs less than one waiting for another's other grammar
        plan = plan or self._plan(spec)
        with self._plans_lock:
            self._plans[key] = plan
            self._plans.move_to_end(key)
            if len(self._plans) > PLANS:
                self._plans.popitem(last=False)
        return Matcher(plan)

    def _plan(self, spec: GrammarSpec) -> Plan:
        calls = bool(spec.callable_tools) and len(self._markers) == len(TOOL_MARKERS)
        if spec.must_call and not calls:
            raise refuse(f"tool_choice is {spec.tool_choice!r}, but no such tool can be called", "tool_choice")
        if spec.must_call or spec.response is not None:
            return self._demanded(spec, calls)
        if calls:
            return self._offered(spec)
        return Plan(None, True, self._all_but(self._markers if spec.tools else ()), self._ends, self._words)

    def _demanded(self, spec: GrammarSpec, calls: bool) -> Plan:
        """A call or a format must come: after `</think>`, or with a section of calls that interrupts the thinking."""
        ways = [] if spec.must_call else ["response"]
        enters = frozenset({self._control[SECTION]} if calls else ())
        wakes = frozenset({self._control[THINK_END]} if THINK_END in self._control else ())
        return Plan(
            grammar=self._grammar(spec, [*ways, "section"] if calls else ways),
            asleep=spec.thinking and bool(wakes),
            banned=self._all_but(self._ends | self._markers - enters),
            enters=enters,
            wakes=wakes,
            end_ids=self._ends,
            words=self._words,
        )

    def _offered(self, spec: GrammarSpec) -> Plan:
        """Text and thinking are free and cost nothing; a section, or a call that forgot its section, is not."""
        return Plan(
            grammar=self._grammar(spec, ["section", "calls"]),
            asleep=True,
            banned=None,
            enters=frozenset({self._control[SECTION], self._control[CALL]}),
            end_ids=self._ends,
            words=self._words,
        )

    def _grammar(self, spec: GrammarSpec, ways: list[str]) -> LLMatcher:
        rules = [f"start: {' | '.join(ways)}"]
        if spec.response is not None and "response" in ways:
            rules.append(response_rule(spec.response, self._complaint))
        if "section" in ways:
            tools = [
                (tool.name, arguments_schemas(tool, f"tools[{place}].parameters", self._complaint))
                for place, tool in enumerate(spec.tools)
                if tool in spec.callable_tools
            ]
            rules += call_rules(tools, self._control, parallel=spec.parallel)
        grammar = self._compiled("\n".join(rules))
        if grammar.is_error():
            param = "tools" if "section" in ways else "response_format"
            raise refuse(f"the grammar cannot be compiled: {first_line(grammar.get_error())}", param)
        return grammar

    def _compiled(self, lark: str) -> LLMatcher:
        limits = LLParserLimits(max_lexer_states=LEXER_STATES, verbose_errors=False)
        return LLMatcher(self._llguidance(), lark, log_level=0, limits=limits)

    def _complaint(self, lark: str) -> str | None:
        # by compiling, since llguidance's validation panics on some schemas where its compiler only fails
        grammar = self._compiled(lark)
        possible = any(grammar.compute_bitmask())
        if grammar.is_error():
            return first_line(grammar.get_error())
        return None if possible else "nothing can satisfy it"

    def _llguidance(self) -> LLTokenizer:
        with self._tokenizer_lock:
            if self._prepared is None:
                size, ends = self._tokenizer.vocab_size, sorted(self._ends)
                self._prepared = lltokenizer_from_encoding(self._tokenizer.encoding, n_vocab=size, eos_token=ends)
            return self._prepared

    def _all_but(self, tokens: Iterable[int]) -> Tensor | None:
        """A packed mask [ceil(V/32)] without these tokens; None if there are none."""
        banned = list(tokens)
        if not banned:
            return None
        allowed = np.zeros(32 * self._words, np.bool_)  # [32 * ceil(V/32)]
        allowed[: self._tokenizer.vocab_size] = True
        allowed[banned] = False
        return torch.from_numpy(np.packbits(allowed, bitorder="little").view(np.int32))


def _key(spec: GrammarSpec) -> str:
    """All of a checked spec that the plan depends on."""
    tools = [(tool.name, tool.strict, tool.parameters) for tool in spec.tools]
    parts = [tools, _parts(spec.response), spec.tool_choice, spec.parallel, spec.thinking]
    return json.dumps(parts, default=dict)


def _parts(response: Response | None) -> list[object]:
    match response:
        case JsonSchema(schema, strict):
            return ["schema", schema, strict]
        case Regex(pattern):
            return ["regex", pattern]
        case JsonObject():
            return ["object"]
        case None:
            return []
