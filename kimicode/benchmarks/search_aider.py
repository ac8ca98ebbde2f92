"""aider's repository map on our questions. Run by the interpreter that has aider, which knows nothing of kimicode.

`PYTHON search_aider.py CORPORA.json ANSWERS.json`
"""

import json
import re
import sys
import time
from pathlib import Path
from typing import Any

MAP_TOKENS = 1024


class Model:
    """All that aider's map asks of a model: how many tokens a text has, estimated as kimicode does."""

    def token_count(self, text: str) -> float:
        return len(text.encode()) * 2 / 7


def main(corpora: str, answers: str) -> None:
    """For each question the ten files that aider ranks first, and the files in its map of MAP_TOKENS."""
    from aider.io import InputOutput  # type: ignore[import-not-found]  # types are checked where aider is not
    from aider.repomap import RepoMap  # type: ignore[import-not-found]

    class Recording(RepoMap):  # type: ignore[misc]
        ranked: list[str]

        def get_ranked_tags(self, *arguments: Any, **named: Any) -> Any:
            tags = super().get_ranked_tags(*arguments, **named)
            self.ranked = list(dict.fromkeys(tag[0] for tag in tags))
            return tags

    sys.setrecursionlimit(20_000)  # with the usual limit aider gives its map up for a C file that nests deeply
    told = json.loads(Path(answers).read_text()) if Path(answers).exists() else {}
    for corpus in json.loads(Path(corpora).read_text()):
        if corpus["name"] in told:
            continue
        root = corpus["root"]
        drawing = Recording(map_tokens=MAP_TOKENS, root=root, main_model=Model(), io=InputOutput(yes=True))
        told[corpus["name"]] = [_ask(drawing, Path(root), corpus["files"], text) for text in corpus["questions"]]
        Path(answers).write_text(json.dumps(told))


def _ask(drawing: Any, root: Path, names: list[str], text: str) -> dict[str, Any]:
    """With what aider itself would find mentioned in the text (its coder's two rules)."""
    words = set(re.split(r"\W+", text))
    stems = {word.lower() for word in words if len(word) >= 5}
    mentioned = {name for name in names if len(Path(name).stem) >= 5 and Path(name).stem.lower() in stems}
    files = [str(root / name) for name in names]
    begun = time.perf_counter()
    drawn = drawing.get_ranked_tags_map([], files, MAP_TOKENS, mentioned, words) or ""
    seconds = time.perf_counter() - begun
    shown = [line.removesuffix(":") for line in drawn.splitlines()]
    return {
        "text": text,
        "ranked": drawing.ranked[:10],
        "shown": [name for name in shown if name in names],
        "seconds": seconds,
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
