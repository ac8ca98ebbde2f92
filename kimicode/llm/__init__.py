"""The model client: everything that speaks to a model's server."""
