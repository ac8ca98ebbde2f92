"""Writes trained parameters as a checkpoint folder in Kimi K2's format, as the engine loads it.

`python -m nano_training.learning.export --state DIR --tokenizer DIR --out DIR [--float]`"""

import argparse
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import torch
from safetensors.torch import save_file

from kimicode_engine.checkpoint.names import Kind, stored
from kimicode_engine.checkpoint.tiny_config import Tiny
from kimicode_engine.checkpoint.tiny_tokenizer import control_ids
from kimicode_engine.checkpoint.tiny_weights import quantise
from kimicode_engine.config import ModelConfig, parse_config
from nano_training.learning.parameters import slot
from nano_training.learning.sizes import described
from nano_training.learning.state import load

SHARD = 15_000_000
"""Bytes of a file at most."""
LIMIT = 45_000_000
"""Bytes of the folder at most."""
TOKENIZER = ("tiktoken.model", "tokenizer_config.json")
PACKED = ".weight_packed"


def write_checkpoint(
    folder: Path,
    sizes: Tiny,
    parameters: Mapping[str, torch.Tensor],
    bias: torch.Tensor,
    tokenizer: Path,
    *,
    quantised: bool = True,
) -> int:
    """Write `folder` → its bytes. `bias` [sparse layers, E]; `tokenizer`: a folder whose tokenizer is copied.

    Raises ValueError where it is not `quantised` but larger than a whole kimi-nano may be."""
    folder.mkdir(parents=True, exist_ok=True)
    raw = described(sizes, quantised=quantised)
    control = control_ids(sizes.merges)
    _write_json(folder / "config.json", raw)
    _write_json(folder / "generation_config.json", {"max_length": sizes.window, "eos_token_id": control["<|im_end|>"]})
    for name in TOKENIZER:
        if tokenizer.resolve() != folder.resolve():
            shutil.copyfile(tokenizer / name, folder / name)
    for old in folder.glob("model-*.safetensors"):
        old.unlink()
    _write_shards(folder, dict(tensors(parse_config(raw), parameters, bias)))
    total = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
    if quantised and total > LIMIT:
        raise ValueError(f"{folder} takes {total:,} bytes; kimi-nano may take {LIMIT:,}")
    return total


def tensors(
    config: ModelConfig, parameters: Mapping[str, torch.Tensor], bias: torch.Tensor
) -> Iterator[tuple[str, torch.Tensor]]:
    """Every tensor of the checkpoint with its name, on the CPU: bf16, packed codes with their scales, the bias fp32."""
    for item in stored(config):
        if item.name.endswith(PACKED):
            values = slot(parameters, config, item.slot.removesuffix("_packed"))[item.index].float().cpu()
            packed, scale = quantise(values, config.int4.group_size if config.int4 else 32)
            yield item.name, packed
            yield item.name.replace(PACKED, ".weight_scale"), scale
            yield item.name.replace(PACKED, ".weight_shape"), torch.tensor(values.shape, dtype=torch.int32)
        elif item.kind is Kind.FLOAT32:
            yield item.name, bias[int(item.slot.split(".")[1]) - config.dense_layers].float().cpu().clone()
        elif item.kind is Kind.WEIGHT:
            values = slot(parameters, config, item.slot)[item.index]
            yield item.name, values.to("cpu", torch.bfloat16).clone()


def _write_shards(folder: Path, made: Mapping[str, torch.Tensor]) -> None:
    """Tensors in their order, over as few files as SHARD permits, and the index."""
    files: list[dict[str, torch.Tensor]] = [{}]
    filled = 0
    for name, tensor in made.items():
        if filled and filled + tensor.nbytes > SHARD:
            files.append({})
            filled = 0
        files[-1][name] = tensor
        filled += tensor.nbytes
    where: dict[str, str] = {}
    for number, content in enumerate(files, 1):
        file = f"model-{number:05}-of-{len(files):05}.safetensors"
        save_file(content, folder / file, metadata={"format": "pt"})
        where |= dict.fromkeys(content, file)
    total = sum(tensor.nbytes for tensor in made.values())
    _write_json(folder / "model.safetensors.index.json", {"metadata": {"total_size": total}, "weight_map": where})


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", "utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Write a training's state as a checkpoint that the engine loads.")
    parser.add_argument("--state", type=Path, required=True, help="the training's --out folder")
    parser.add_argument("--tokenizer", type=Path, required=True, help="folder of tiktoken.model; may be --out")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--float", action="store_true", help="experts in bf16, to compare with")
    given = parser.parse_args(arguments)
    state = load(given.state, torch.device("cpu"))
    total = write_checkpoint(
        given.out, state.sizes, state.parameters, state.bias, given.tokenizer, quantised=not given.float
    )
    print(f"{given.out}: {total:,} bytes, after {state.step:,} steps")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
