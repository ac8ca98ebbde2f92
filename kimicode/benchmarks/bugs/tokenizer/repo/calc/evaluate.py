from calc.tokens import tokenize


def evaluate(source, names=None):
    tokens = list(tokenize(source))
    value, rest = _sum(tokens, names or {})
    if rest:
        raise SyntaxError(f"unexpected {rest[0].text!r} at {rest[0].position}")
    return value


def _sum(tokens, names):
    value, tokens = _product(tokens, names)
    while tokens and tokens[0].text in ("+", "-"):
        sign = 1 if tokens[0].text == "+" else -1
        right, tokens = _product(tokens[1:], names)
        value += sign * right
    return value, tokens


def _product(tokens, names):
    value, tokens = _atom(tokens, names)
    while tokens and tokens[0].text in ("*", "/"):
        operator = tokens[0].text
        right, tokens = _atom(tokens[1:], names)
        value = value * right if operator == "*" else value / right
    return value, tokens


def _atom(tokens, names):
    if not tokens:
        raise SyntaxError("unexpected end")
    first, rest = tokens[0], tokens[1:]
    if first.kind == "number":
        return float(first.text), rest
    if first.kind == "name":
        return names[first.text], rest
    if first.text == "(":
        value, rest = _sum(rest, names)
        return value, rest[1:]
    raise SyntaxError(f"unexpected {first.text!r} at {first.position}")
