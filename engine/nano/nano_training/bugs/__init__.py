"""Bugs for kimi-nano: single edits that break a right program, plausible wrong fixes, and functions of packages."""
