"""Files and processes of the user's machine."""
