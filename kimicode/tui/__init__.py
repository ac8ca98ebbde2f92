"""The terminal UI: one Textual app over the agent's events."""
