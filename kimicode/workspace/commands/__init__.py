"""Shell commands as they are judged: what their words certainly are, what they run, whether they only read."""
