"""Write titles with capital letters."""

SMALL_WORDS = ["a", "and", "in", "of", "the"]


def capitalize_word(word):
    """Make the first letter of word a capital one and the others small."""
    return word[:1].upper() + word[1:].lower()


def title_case(title):
    """Capitalize all words but the small ones; the first word always."""
    result = []
    for i, word in enumerate(title.split()):
        if i > 0 and word.lower() in SMALL_WORDS:
            result.append(word.lower())
        else:
            result.append(capitalize_word(word))
    return "".join(result)


def initials(name):
    """Return the initials of a name, for example "A.L." for "ada lovelace"."""
    result = ""
    for word in name.split():
        result += word[0].upper() + "."
    return result
