"""Which names a function knows, and what each is used as: whom a name can be mistaken for."""

import ast
from collections import defaultdict
from collections.abc import Iterator

from nano_training.bugs.view import Function, View, called

COLLECTION, NUMBER, FUNCTION = "collection", "number", "function"
READERS = {"len", "sum", "sorted", "reversed", "enumerate", "zip", "list", "set", "tuple", "max", "min", "any", "all"}


class Scopes:
    """Names by function. A name counts as bound from the line of its first assignment on."""

    __slots__ = ("_bound", "_roles", "_view")

    def __init__(self, view: View) -> None:
        self._view = view
        self._bound: dict[Function, dict[str, int]] = {}
        self._roles: dict[Function, dict[str, set[str]]] = {}

    def bound(self, function: Function) -> dict[str, int]:
        """Line from which on each parameter or local is known, in order of appearance."""
        if function not in self._bound:
            given = function.args
            names = {each.arg: 0 for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)}
            for extra in (given.vararg, given.kwarg):
                names |= {extra.arg: 0} if extra else {}
            for node in self._view.nodes(ast.Name):
                if isinstance(node.ctx, ast.Store) and self._view.function(node) is function and not self.inner(node):
                    names[node.id] = min(names.get(node.id, node.lineno), node.lineno)
            self._bound[function] = {name: line for name, line in names.items() if name not in {"self", "cls", "_"}}
        return self._bound[function]

    def inner(self, node: ast.Name) -> bool:
        """Whether a name is the target of a comprehension."""
        return any(isinstance(each, ast.comprehension) for each in self._view.above(node))

    def local(self, node: ast.Name) -> Iterator[str]:
        """Names that comprehensions and lambdas around a place bind there."""
        for each in self._view.above(node):
            if isinstance(each, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
                for loop in each.generators:
                    if node not in ast.walk(loop.iter):
                        yield from (name.id for name in ast.walk(loop.target) if isinstance(name, ast.Name))
            elif isinstance(each, ast.Lambda):
                yield from (argument.arg for argument in each.args.args)

    def alike(self, node: ast.Name) -> Iterator[str]:
        """Other names known at a place whose use is like that of the name there."""
        function = self._view.function(node)
        if function is None:
            return
        known = {name: None for name, line in self.bound(function).items() if line < node.lineno or (line == 0)}
        known |= dict.fromkeys(self.local(node))
        if node.id not in known:
            return
        own = self.roles(function)[node.id]
        for name in known:
            other = self.roles(function)[name]
            if name != node.id and FUNCTION not in own | other and (own & other or not own or not other):
                yield name

    def gathers(self, node: ast.Name) -> bool:
        """Whether a name is used as a collection."""
        function = self._view.function(node)
        return function is not None and COLLECTION in self.roles(function)[node.id]

    def roles(self, function: Function) -> dict[str, set[str]]:
        """What each name in a function is used as."""
        if function not in self._roles:
            roles: defaultdict[str, set[str]] = defaultdict(set)
            for node in self._view.nodes(ast.Name):
                if self._view.function(node) is function:
                    roles[node.id] |= self.role(node)
            self._roles[function] = roles
        return self._roles[function]

    def role(self, node: ast.Name) -> set[str]:
        """What one use of a name says."""
        parent = self._view.parent(node)
        if isinstance(parent, ast.Call):
            if parent.func is node:
                return {FUNCTION}
            return {NUMBER} if called(parent) == "range" else {COLLECTION} if called(parent) in READERS else set()
        match parent:
            case ast.Subscript():
                return {COLLECTION} if parent.value is node else set()
            case ast.Attribute():
                return {COLLECTION}
            case ast.For() | ast.comprehension() if parent.iter is node:
                return {COLLECTION}
            case ast.For() if called(parent.iter) == "range":
                return {NUMBER}
            case ast.Compare() if any(is_number(each) for each in (parent.left, *parent.comparators)):
                return {NUMBER}
            case ast.BinOp() if not isinstance(parent.op, (ast.Add, ast.Mult, ast.BitAnd, ast.BitOr)):
                return {NUMBER}
            case ast.AugAssign() | ast.Assign() if is_number(parent.value):
                return {NUMBER}
            case ast.Assign() if isinstance(parent.value, (ast.List, ast.Dict, ast.ListComp, ast.Set)):
                return {COLLECTION}
        return set()


def is_number(node: ast.expr) -> bool:
    """Whether an expression is a whole number as it stands there."""
    return isinstance(node, ast.Constant) and type(node.value) is int
