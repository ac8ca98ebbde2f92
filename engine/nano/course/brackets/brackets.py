"""Check if brackets are balanced."""

PAIRS = {")": "(", "]": "[", "}": "{"}


def is_balanced(text):
    """Check if every bracket in text is closed in the right order."""
    stack = []
    for ch in text:
        if ch in "([{":
            stack.append(ch)
        elif ch in PAIRS:
            if not stack or stack.pop() != PAIRS[ch]:
                return False
    return True


def depth(text):
    """Return how deep the round brackets of text are nested."""
    deepest = 0
    current = 0
    for ch in text:
        if ch == "(":
            current += 1
            deepest = max(deepest, current)
        elif ch == ")":
            current -= 1
    return deepest
