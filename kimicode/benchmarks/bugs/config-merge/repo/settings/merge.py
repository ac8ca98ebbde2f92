"""Layers of settings: each file overrides the ones before it."""

import json
from pathlib import Path


def merge(base, override):
    """A new dict; nested dicts are merged, everything else is replaced."""
    result = dict(base)
    for key, value in override.items():
        if isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merge(result[key], value)
        else:
            result[key] = value
    return result


def load(paths, overrides=None):
    settings = {}
    for path in paths:
        path = Path(path)
        if path.exists():
            settings = merge(settings, json.loads(path.read_text()))
    return merge(settings, overrides or {})


def parse_overrides(pairs, into={}):
    """["a.b=1", "c=x"] becomes {"a": {"b": 1}, "c": "x"}."""
    tree = into
    for pair in pairs:
        dotted, _, text = pair.partition("=")
        *parents, name = dotted.split(".")
        node = tree
        for parent in parents:
            node = node.setdefault(parent, {})
        node[name] = _value(text)
    return tree


def _value(text):
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
