"""Kinds of mistakes: each function yields every change of its kind that a source has room for."""
