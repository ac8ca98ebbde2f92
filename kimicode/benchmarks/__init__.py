"""Measurements of the agent itself; never part of the wheel."""
