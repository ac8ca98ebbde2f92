"""Does a search find the files that a change touched? Ours beside ripgrep and aider's map, on the same questions.

`python -m kimicode.benchmarks.search_quality WORK [--package DIR ...] [--aider PYTHON] [--out FILE]`: WORK is an empty
folder; a package is the unpacked source of a GNU program with its ChangeLog; PYTHON is an interpreter that has aider.
"""

import argparse
import json
import re
import subprocess
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean, median
from typing import Any

from kimicode.benchmarks.search_questions import (
    Corpus,
    Question,
    from_changelog,
    from_docstrings,
    from_history,
    standard_library,
    tuning,
)
from kimicode.git.repository import Repository
from kimicode.index.build import refresh
from kimicode.index.graph import empty, up_to_date
from kimicode.index.identifiers import STOP_WORDS
from kimicode.index.repomap import repository_map
from kimicode.index.search import Files, find
from kimicode.index.store import Store

MOST_QUESTIONS = 60
"""Of one corpus."""

FIRST = 10
MAP_TOKENS = 1024

Ranker = Callable[[Question], Sequence[str]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask everything, print the table, keep the figures."""
    parser = argparse.ArgumentParser(prog="python -m kimicode.benchmarks.search_quality", description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--package", type=Path, action="append", default=[])
    parser.add_argument("--aider", type=Path)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args(arguments)
    corpora = prepare(options.work, options.package)
    asked = _aider(options.aider, corpora, options.work) if options.aider else {}
    figures = [row for corpus in corpora for row in measure(corpus, options.work, asked.get(corpus.name))]
    print(table(figures))
    if options.out:
        options.out.write_text(json.dumps(figures, indent=1) + "\n")
    return 0


def prepare(work: Path, packages: Sequence[Path]) -> list[Corpus]:
    """The corpora, their trees below `work`."""
    corpora = [from_changelog(package, work / package.name, MOST_QUESTIONS) for package in packages]
    own = Repository.discover(Path(__file__).parent)
    if own is not None:
        corpora.append(from_history(own, work / "kimicode", MOST_QUESTIONS))
    corpora.append(from_docstrings(standard_library(), work / "python-library", MOST_QUESTIONS))
    return corpora


def measure(corpus: Corpus, work: Path, aider: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """One row for each way to search: mean recall over the questions, and over the half not tuned on."""
    store = Store.open(work / "indexes" / corpus.name, corpus.root)
    refresh(store, corpus.root, corpus.files)
    rankers = {**_ours(store), **_ripgrep(corpus)}
    if aider is not None:
        told = {one["text"]: one for one in aider}
        rankers["aider's ranking"] = lambda question: list(told[question.text]["ranked"])
        rankers["aider's map"] = lambda question: list(told[question.text]["shown"])
    rows = [_row(corpus, name, ranker) for name, ranker in rankers.items()]
    store.close()
    for row in rows:
        if aider is not None and row["way"].startswith("aider"):
            row["milliseconds"] = round(median(one["seconds"] for one in aider) * 1e3, 1)
    return rows


def _row(corpus: Corpus, name: str, ranker: Ranker) -> dict[str, Any]:
    most = None if name.endswith("map") else FIRST
    recalls, times = [], []
    for question in corpus.questions:
        begun = time.perf_counter()
        found = ranker(question)
        times.append(time.perf_counter() - begun)
        recalls.append(recall(found[:most], question.files))
    other = [each for each, question in zip(recalls, corpus.questions, strict=True) if not tuning(question)]
    return {
        "corpus": corpus.name,
        "files": len(corpus.files),
        "questions": len(recalls),
        "way": name,
        "recall": round(fmean(recalls), 4),
        "other_questions": len(other),
        "other_recall": round(fmean(other), 4),
        "milliseconds": round(median(times) * 1e3, 1),
    }


def recall(found: Sequence[str], wanted: Sequence[str]) -> float:
    """The share of the files wanted that was found; of more than ten, ten are all that can be."""
    return min(1.0, len(set(found) & set(wanted)) / min(FIRST, len(wanted)))


def table(figures: Sequence[dict[str, Any]]) -> str:
    """The mean over all questions for each way, with a column for each corpus."""
    ways: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in figures:
        ways[row["way"]].append(row)
    first = next(iter(ways.values()))
    heads = [f"{row['corpus']} ({row['questions']})" for row in first]
    lines = [f"| | {' | '.join(heads)} | all | other half |", "|---" * (len(heads) + 3) + "|"]
    for way, rows in ways.items():
        means = [
            sum(row[value] * row[count] for row in rows) / sum(row[count] for row in rows)
            for value, count in (("recall", "questions"), ("other_recall", "other_questions"))
        ]
        lines.append(
            f"| {way} | " + " | ".join(f"{each:.2f}" for each in [*(r["recall"] for r in rows), *means]) + " |"
        )
    return "\n".join(lines)


# --- ways to search -----------------------------------------------------------------------------------------


def _ours(store: Store) -> dict[str, Ranker]:
    files, graph = Files.of(store), up_to_date(store)

    def drawn(question: Question) -> list[str]:
        lines = repository_map(store, files, graph, MAP_TOKENS, text=question.text).splitlines()
        return [line for line in lines if not line.startswith(" ")]

    return {
        "kimicode search": lambda question: [one.path for one in find(store, files, graph, question.text).found],
        "without PageRank": lambda question: [one.path for one in find(store, files, empty(), question.text).found],
        "kimicode's map": drawn,
    }


def _ripgrep(corpus: Corpus) -> dict[str, Ranker]:
    """Two readings of "the words of the question, files by hits": all hits, and different words first."""

    def lines(question: Question, *options: str) -> list[str]:
        words = dict.fromkeys(word for word in re.findall(r"\w{2,}", question.text.lower()) if word not in STOP_WORDS)
        patterns = [part for word in words for part in ("-e", re.escape(word))]
        command = ["rg", "-i", "--hidden", "--no-messages", *options, *patterns, "."]
        return subprocess.run(command, cwd=corpus.root, capture_output=True, text=True, check=False).stdout.splitlines()

    def by_hits(question: Question) -> list[str]:
        counted = {name.removeprefix("./"): int(count) for name, _, count in _split(lines(question, "-c"))}
        return sorted(counted, key=lambda name: -counted[name])

    def by_words(question: Question) -> list[str]:
        hits: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for name, _, word in _split(lines(question, "-o", "-w", "-N")):
            hits[name.removeprefix("./")][word.lower()] += 1
        return sorted(hits, key=lambda name: (-len(hits[name]), -hits[name].total()))

    return {"ripgrep, by hits": by_hits, "ripgrep, by different words": by_words}


def _split(lines: Sequence[str]) -> list[tuple[str, str, str]]:
    return [line.rpartition(":") for line in lines]


def _aider(python: Path, corpora: Sequence[Corpus], work: Path) -> dict[str, list[dict[str, Any]]]:
    """Its answers by corpus. They are kept in `work`, since they take an hour."""
    answers = work / "aider.json"
    if not answers.exists():
        asked = [
            {"name": c.name, "root": str(c.root), "files": c.files, "questions": [q.text for q in c.questions]}
            for c in corpora
        ]
        (work / "corpora.json").write_text(json.dumps(asked))
        script = Path(__file__).with_name("search_aider.py")
        subprocess.run([python, script, work / "corpora.json", answers], check=True)
    told: dict[str, list[dict[str, Any]]] = json.loads(answers.read_text())
    return told


if __name__ == "__main__":
    raise SystemExit(main())
