"""kimicode: a terminal coding agent for Kimi K2.6 and any OpenAI-compatible model."""

__version__ = "0.1.0"
