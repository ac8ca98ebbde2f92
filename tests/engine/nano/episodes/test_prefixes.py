"""What kimi-nano was trained to read first is what the product says today."""

import json

from kimicode.llm.wire import tools_to_wire
from kimicode.tools.toolset import tools
from nano_training.episodes.prefixes import FILE, prefixes

AGAIN = (
    "kimi-nano was trained on other prompts or tools than the product has now. Write them down with "
    "`python -m nano_training.episodes.prefixes` and train it again (engine/nano/README.md), or take the change back."
)


def test_the_prompts_and_tools_are_those_it_was_trained_with():
    assert json.loads(FILE.read_text("utf-8")) == prefixes(), AGAIN


def test_both_toolsets_have_one():
    found = prefixes()
    assert found["default"]["tools"] == tools_to_wire([tool.spec() for tool in tools().values()])
    assert len(found["swe"]["tools"]) == 6
    assert found["swe"]["system"].startswith("You are kimicode")
    assert found["swe"]["system"].endswith("\n\n")
