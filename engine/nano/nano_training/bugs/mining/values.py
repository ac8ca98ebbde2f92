"""Literals to call a function with, by what is known of its parameters, and by how it uses them."""

import ast
import random
from dataclasses import dataclass, field

from nano_training.bugs.mining import usage
from nano_training.bugs.mining.harvest import Harvest
from nano_training.bugs.mining.pools import ANNOTATED, GUESSES, KINDS, NAMED, POOLS

Pool = tuple[str, ...]
Given = list[tuple[str, Pool]]
"""Of a call's arguments: the keyword or "", and what may stand there."""
SEEN, MET, USED, FLAVOURED = 0.6, 0.6, 0.75, 0.5
"""How often a hint is followed where there is one."""
CALLED = {"date": "date", "moment": "datetime", "span": "timedelta"}


@dataclass(frozen=True, slots=True)
class Values:
    """What is known around a program: names it has (`datetime.` for a module), texts in it, calls that others make."""

    names: frozenset[str]
    pieces: Pool = ()
    harvest: Harvest = field(default_factory=Harvest)

    def given(self, node: ast.FunctionDef, called: str, rng: random.Random, skip: int = 0) -> Given:
        """One choice for a call of a function that is called by the name `called`; presets are mostly left alone."""
        arguments = [*node.args.posonlyargs, *node.args.args]
        presets: list[ast.expr | None] = [None] * (len(arguments) - len(node.args.defaults)) + list(node.args.defaults)
        chosen: Given = []
        for at, (argument, preset) in enumerate(list(zip(arguments, presets, strict=True))[skip:]):
            if preset is None:
                chosen.append(("", self.pool(node, argument, preset, called, at, rng)))
            elif rng.random() < 0.35:
                chosen.append((argument.arg, self.pool(node, argument, preset, called, at, rng)))
        for argument, needed in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
            if needed is None or rng.random() < 0.35:
                chosen.append((argument.arg, self.pool(node, argument, needed, called, -1, rng)))
        if node.args.vararg is not None:
            pool = self.pool(node, node.args.vararg, None, called, len(chosen), rng)
            chosen.extend([("", pool)] * rng.randint(1, 2))
            chosen.sort(key=lambda each: each[0] != "")
        return chosen

    def pool(
        self,
        node: ast.FunctionDef,
        argument: ast.arg,
        preset: ast.expr | None,
        called: str,
        at: int,
        rng: random.Random,
    ) -> Pool:
        """What one argument may be."""
        seen = self.harvest.of(called, at, argument.arg)
        if seen and rng.random() < SEEN:
            return seen
        met = usage.met(node, argument.arg)
        if met and rng.random() < MET:
            return met
        kind = rng.choice(kinds(node, argument, preset, rng))
        return self.flavoured(kind, rng)

    def flavoured(self, kind: str, rng: random.Random) -> Pool:
        """A pool, with the program's own texts put in."""
        pool = POOLS[kind]
        if kind in CALLED:
            if CALLED[kind] in self.names:
                return pool
            return (
                tuple(f"datetime.{each}" for each in pool) if "datetime." in self.names else POOLS[rng.choice(GUESSES)]
            )
        if kind not in ("text", "char") or not self.pieces or rng.random() > FLAVOURED:
            return pool
        made = []
        for each in self.pieces[:8]:
            said = each.replace("\\", "\\\\").replace('"', '\\"')
            made += (
                [f'"{said}"'] if kind == "char" else [f'"a{said}b"', f'"{said}"', f'"1{said}2{said}"', f'"x {said}"']
            )
        return tuple(made)


def kinds(node: ast.FunctionDef, argument: ast.arg, preset: ast.expr | None, rng: random.Random) -> tuple[str, ...]:
    """What a parameter may take, the likeliest more often."""
    used = usage.kinds(node, argument.arg)
    if argument.annotation is not None:
        words = [each.id for each in ast.walk(argument.annotation) if isinstance(each, ast.Name)]
        known = [kind for word in words for kind in ANNOTATED.get(word, ())]
        if known:
            return tuple([kind for kind in used if kind in known] or known)
    if isinstance(preset, ast.Constant) and type(preset.value) in KINDS:
        return (KINDS[type(preset.value)],)
    if used and rng.random() < USED:
        return used
    named = [kind for kind, names in NAMED.items() if argument.arg in names.split()]
    return tuple(named) if named and rng.random() < 0.8 else GUESSES


def call(name: str, chosen: Given, rng: random.Random) -> str:
    """A call's text."""
    parts = [f"{keyword}={rng.choice(pool)}" if keyword else rng.choice(pool) for keyword, pool in chosen]
    return f"{name}({', '.join(parts)})"
