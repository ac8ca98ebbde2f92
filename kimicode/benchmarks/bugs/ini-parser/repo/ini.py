"""Reads a small INI dialect into nested dicts."""

TRUE = {"yes", "on", "true", "1"}
FALSE = {"no", "off", "false", "0"}


class IniError(ValueError):
    def __init__(self, line_number, message):
        super().__init__(f"line {line_number}: {message}")
        self.line_number = line_number


def loads(text):
    sections = {"": {}}
    current = sections[""]
    for number, raw in enumerate(text.splitlines(), start=1):
        line = _strip_comment(raw).strip()
        if not line:
            continue
        if line.startswith("["):
            if not line.endswith("]"):
                raise IniError(number, "a section without its closing bracket")
            current = sections.setdefault(line[1:-1].strip(), {})
            continue
        key, separator, value = line.partition("=")
        if not separator:
            raise IniError(number, f"no value for {key!r}")
        current[key.strip()] = _unquote(value.strip())
    return sections


def get_bool(section, key, default=False):
    if key not in section:
        return default
    value = section[key].lower()
    if value in TRUE:
        return True
    if value in FALSE:
        return False
    raise ValueError(f"{key} = {value!r} is neither true nor false")


def _strip_comment(line):
    """Cuts from the first ; or # that does not stand inside quotes."""
    quoted = False
    for i, char in enumerate(line):
        if char == '"':
            quoted = not quoted
        elif char in ";#" and quoted:
            return line[:i]
    return line


def _unquote(value):
    if len(value) >= 2 and value[0] == value[-1] == '"':
        return value[1:-1]
    return value
