"""Lines of code in the sixteen colours of a terminal, by pygments; imported when colour is wanted."""

from collections.abc import Sequence


def highlighted(path: str, lines: Sequence[str], color: bool) -> list[str]:
    """The lines, each with its own escape sequences, as they came where there is no colour for them."""
    if not color:
        return list(lines)
    from pygments import highlight
    from pygments.formatters import TerminalFormatter
    from pygments.lexers import get_lexer_for_filename
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_for_filename(path.rpartition("/")[2], stripnl=False, ensurenl=False)
    except ClassNotFound:
        return list(lines)
    painted = highlight("\n".join(lines), lexer, TerminalFormatter(bg="dark")).split("\n")[: len(lines)]
    return painted if len(painted) == len(lines) else list(lines)
