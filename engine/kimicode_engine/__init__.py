"""The local inference engine: serves models of the Kimi K2 / DeepSeek-V3 family over HTTP."""

__version__ = "0.1.0"
