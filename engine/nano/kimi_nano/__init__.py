"""kimi-nano: the weights and the tokenizer of a small Kimi, and bugs it was never shown. Data alone: no code."""
