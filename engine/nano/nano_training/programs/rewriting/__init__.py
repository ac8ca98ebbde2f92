"""Rules, each of which says one kind of place otherwise, or nothing where it does not apply."""
