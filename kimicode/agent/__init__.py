"""The plan-act loop and what bends it."""
