"""What the project's own checkers say of an edit: found, run within bounds, and told where it is news."""
