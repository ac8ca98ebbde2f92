"""The journal of a session and what is made from it."""
