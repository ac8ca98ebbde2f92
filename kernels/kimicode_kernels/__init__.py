"""Kernels for models of the Kimi K2 / DeepSeek-V3 family."""
