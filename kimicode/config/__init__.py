"""Configuration: schema, layers, model catalogue."""
