"""The HTTP face of the engine: OpenAI's and Anthropic's dialects, admission, keys, metrics and the command line."""
