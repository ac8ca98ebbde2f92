"""The routed experts: where their weights lie and what computes them."""
