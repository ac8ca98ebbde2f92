"""The conversation as blocks, laid out lazily."""
