"""What can be copied by name: the last answer, and the code in it."""

from kimicode.tui.content import Call, Markdown
from kimicode.tui.text import arguments
from kimicode.tui.text.markdown import code_blocks
from kimicode.tui.transcript.document import Document


def last_answer(document: Document) -> str:
    """The Markdown source of the last answer, or of the summary that was submitted; "" if there is neither."""
    pieces: list[str] = []
    for page in reversed(document.pages):
        for block in reversed(document.load(page)):
            content = block.content
            if isinstance(content, Call) and content.name == "submit" and content.state == "done" and not pieces:
                return str(arguments.read(content.arguments).get("summary", ""))
            if isinstance(content, Markdown):
                pieces.append(content.source)
                if content.first:
                    return "".join(reversed(pieces)).strip("\n")
    return ""


def copy_target(document: Document, number: int | None = None) -> str:
    """The last answer, or its code block of this number from 1; "" if there is none."""
    answer = last_answer(document)
    if number is None:
        return answer
    blocks = code_blocks(answer)
    return blocks[number - 1] if 0 < number <= len(blocks) else ""
