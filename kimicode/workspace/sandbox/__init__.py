"""Confines the commands of the model: what they may read, write and reach is decided by the kernel."""
