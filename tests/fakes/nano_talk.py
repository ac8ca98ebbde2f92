"""A small episode as the product sends it, a prefix that fits it, and a tokenizer learnt from both."""

import json
from pathlib import Path

from kimicode_engine.checkpoint.tiny_tokenizer import write_tokenizer
from nano_training.data.bpe import count, learn
from nano_training.episodes.episode import Episode, Learn

SYSTEM = "You are kimicode, a coding agent. Work with the tools.\n\nKeep the code's style.\n\n"
AROUND = "Working directory: /home/ann/shop\nFiles: shop.py, test_shop.py"
PARAMETERS = {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]}
TOOLS = tuple(
    {"type": "function", "function": {"name": name, "description": f"The tool {name}.", "parameters": PARAMETERS}}
    for name in ("bash", "strreplace", "submit")
)


def answer(text, name, number, **arguments):
    call = {"name": name, "arguments": json.dumps(arguments)}
    calls = [{"id": f"functions.{name}:{number}.t1.{number + 1}", "type": "function", "function": call}]
    return {"role": "assistant", "content": text, "tool_calls": calls}


def result(number, name, text):
    return {"role": "tool", "tool_call_id": f"functions.{name}:{number}.t1.{number + 1}", "content": text}


MESSAGES = (
    {"role": "system", "content": SYSTEM + AROUND},
    {"role": "user", "content": "The tests fail. Find the bug and fix it."},
    answer("I run the tests.", "bash", 0, command="python3 -m unittest"),
    result(0, "bash", "FAIL: test_sum\nAssertionError: -30 != 30\n[exit code 1]"),
    answer("A wrong try.", "strreplace", 1, path="shop.py", old_str="a -= b", new_str="a *= b"),
    result(1, "strreplace", "Edited shop.py at line 8."),
    answer("It subtracts.", "strreplace", 2, path="shop.py", old_str="a *= b", new_str="a += b"),
    result(2, "strreplace", "Edited shop.py at line 8."),
    answer("", "submit", 3, summary="The sum was wrong; the tests pass now."),
)
LEARN = tuple(map(Learn, (0, 0, 1, 0, 0, 0, 1, 0, 1)))
EPISODE = Episode(MESSAGES, TOOLS, LEARN, "default")


def write_vocabulary(folder: Path) -> None:
    """`tiktoken.model` and `tokenizer_config.json` of this talk's words, and `prefixes.json` beside them."""
    texts = [SYSTEM, AROUND, *(str(message["content"]) for message in MESSAGES), json.dumps(TOOLS)]
    write_tokenizer(folder, learn(count(texts), 200))
    (folder / "prefixes.json").write_text(json.dumps({"default": {"tools": TOOLS, "system": SYSTEM}}))
