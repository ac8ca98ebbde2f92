"""The chat template of Kimi K2.5 and K2.6, rendered natively: from a conversation to the prompt's tokens."""
