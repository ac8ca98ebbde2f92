from typing import NamedTuple

OPERATORS = "+-*/()"


class Token(NamedTuple):
    kind: str
    text: str
    position: int


def tokenize(source):
    position = 0
    while position < len(source):
        char = source[position]
        if char.isspace():
            position += 1
        elif char.isdigit():
            end = _scan(source, position, lambda c: c.isdigit() or c == ".")
            yield Token("number", source[position:end], position)
            position = end
        elif char.isalpha():
            end = _scan(source, position, str.isalnum)
            yield Token("name", source[position:end], position)
            position = end
        elif char == '"':
            end = source.find('"', position + 1)
            if end < 0:
                raise SyntaxError(f"string without an end at {position}")
            yield Token("string", source[position + 1 : end - 1], position)
            position = end + 1
        elif char in OPERATORS:
            yield Token("operator", char, position)
            position += 1
        else:
            raise SyntaxError(f"unexpected {char!r} at {position}")


def _scan(source, start, belongs):
    end = start
    while end < len(source) and belongs(source[end]):
        end += 1
    return end
