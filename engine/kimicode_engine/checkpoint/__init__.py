"""Checkpoints on disk: their tensors' names, reading them, and writing tiny ones."""
