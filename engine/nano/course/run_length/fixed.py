"""Run-length encoding: "aaab" becomes "a3b1"."""


def encode(text):
    """Return each run of equal letters as the letter and its length."""
    if text == "":
        return ""
    result = ""
    current = text[0]
    count = 1
    for ch in text[1:]:
        if ch == current:
            count += 1
        else:
            result += current + str(count)
            current = ch
            count = 1
    result += current + str(count)
    return result


def decode(code):
    """Turn encode back. Runs are at most 9 letters long."""
    result = ""
    for i in range(0, len(code), 2):
        result += code[i] * int(code[i + 1])
    return result
