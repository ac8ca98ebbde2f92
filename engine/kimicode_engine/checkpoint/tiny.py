"""Writes small random checkpoints in exactly the format of Kimi K2.6 (or K2, or Moonlight), for tests and demos.

`python -m kimicode_engine.checkpoint.tiny DIR` does it by hand."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import fields as fields_of
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from kimicode_engine.checkpoint.tiny_config import Tiny, config_json
from kimicode_engine.checkpoint.tiny_tokenizer import control_ids, learn, write_tokenizer
from kimicode_engine.checkpoint.tiny_weights import draw
from kimicode_engine.config import ModelConfig, parse_config
from kimicode_engine.errors import CheckpointError

INDEX = "model.safetensors.index.json"
TYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16, "float32": torch.float32}


def write_tiny(folder: Path, *, learnt: Sequence[bytes] | None = None, **fields: Any) -> ModelConfig:
    """Write a checkpoint with its tokenizer into `folder`, which is made if need be. `fields`: those of Tiny.

    `learnt`: tokens beyond the bytes, in the place of `merges` of its own. The same fields give the same bytes. Raises
    CheckpointError where the sizes do not fit together, TypeError for a field that Tiny does not know."""
    tiny = Tiny(**fields if learnt is None else {**fields, "merges": len(learnt)})
    control = control_ids(tiny.merges)
    described = config_json(tiny, control)
    config = parse_config(described)
    folder.mkdir(parents=True, exist_ok=True)
    _write_json(folder / "config.json", described)
    generation = {"max_length": tiny.window, "eos_token_id": control["<|im_end|>"]}
    _write_json(folder / "generation_config.json", generation)
    write_tokenizer(folder, learn(tiny.merges) if learnt is None else learnt)
    tensors = dict(draw(config, TYPES[tiny.dtype], tiny.seed, vision=tiny.wrapped))
    _write_shards(folder, tensors, tiny.shards, index=tiny.index)
    return config


def _write_shards(folder: Path, tensors: dict[str, torch.Tensor], shards: int, *, index: bool) -> None:
    """Spread the tensors in order over files of about equal size."""
    total = sum(tensor.nbytes for tensor in tensors.values())
    files: list[dict[str, torch.Tensor]] = [{} for _ in range(shards)]
    written = 0
    for name, tensor in tensors.items():
        files[min(shards - 1, written * shards // total)][name] = tensor
        written += tensor.nbytes
    where: dict[str, str] = {}
    for number, content in enumerate(files, 1):
        file = f"model-{number:05}-of-{shards:05}.safetensors"
        save_file(content, folder / file, metadata={"format": "pt"})
        where |= dict.fromkeys(content, file)
    if index:
        _write_json(folder / INDEX, {"metadata": {"total_size": total}, "weight_map": where})


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", "utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Each field of Tiny is a flag, its value written as JSON (`--q-lora-rank null`)."""
    parser = argparse.ArgumentParser(
        prog="python -m kimicode_engine.checkpoint.tiny",
        description="Write a small random checkpoint in the format of Kimi K2.6, for tests and demos.",
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="where to write; made if it is not there")
    for field in fields_of(Tiny):
        flag = "--" + field.name.replace("_", "-")
        parser.add_argument(
            flag, type=_json_or_text, default=field.default, metavar="VALUE", help="default: %(default)s"
        )
    chosen = vars(parser.parse_args(arguments))
    folder: Path = chosen.pop("folder")
    try:
        config = write_tiny(folder, **chosen)
    except (CheckpointError, OSError, ValueError, KeyError, TypeError) as error:
        parser.error(str(error))
    size = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    sys.stdout.write(f"{folder}: {config.layers} layers, {config.vocab_size} tokens, {size / 1e6:.1f} MB\n")
    return 0


def _json_or_text(text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


if __name__ == "__main__":
    raise SystemExit(main())
