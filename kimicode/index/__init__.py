"""What the repository holds: files, symbols, references and words, kept in SQLite and searched from there."""
