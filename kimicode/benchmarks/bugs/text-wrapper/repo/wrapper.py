"""Wraps plain text to a width, keeping paragraphs apart."""


def split_paragraphs(text):
    paragraph = []
    for line in text.splitlines():
        if line.strip():
            paragraph.append(line)
        elif paragraph:
            yield " ".join(paragraph)
            paragraph = []
    if paragraph:
        yield " ".join(paragraph)


def wrap_words(words, width):
    """Lines of at most `width` characters; a longer word gets a line of its own."""
    lines = []
    line = ""
    for word in words:
        if not line:
            line = word
        elif len(line) + 1 + len(word) < width:
            line += " " + word
        else:
            lines.append(line)
            line = word
    if line:
        lines.append(line)
    return lines


def wrap(text, width=72, indent=""):
    if width <= len(indent):
        raise ValueError("the indent leaves no room for text")
    inner = width - len(indent)
    paragraphs = []
    for paragraph in split_paragraphs(text):
        lines = wrap_words(paragraph.split(), inner)
        paragraphs.append("\n".join(indent + line for line in lines))
    return "\n\n".join(paragraphs)
