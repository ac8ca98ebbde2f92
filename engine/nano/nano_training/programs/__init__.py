"""Families of functions, the small projects that are made of them, and their tests run in this process."""
