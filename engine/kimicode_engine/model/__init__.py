"""The model: one forward pass, readable from `kimi` down."""
