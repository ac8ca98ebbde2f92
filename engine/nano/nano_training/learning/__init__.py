"""The learning of kimi-nano: model, optimiser, quantisation-aware training, the loop, and the way to a checkpoint."""
