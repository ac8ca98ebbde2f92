"""How much the engine takes on at once. One object, made at the start, known to scheduler and server."""

from dataclasses import dataclass

PAGE = 64
"""Tokens per page of the cache."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Counts of requests, tokens and pages."""

    window: int
    """Tokens of prompt and answer together that one request may have."""
    pages: int
    """Pages of the cache, each of PAGE tokens."""
    running: int = 64
    """Requests that are computed at the same time."""
    step_tokens: int = 2048
    """Tokens of one step: each running request's next one, and chunks of prompts with what is left."""
    queued_requests: int = 256
    """Requests that may wait; more are refused with 429."""
    queued_tokens: int = 4_000_000
    """Prompt tokens that may wait; more are refused with 429."""
