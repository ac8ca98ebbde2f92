"""What can be typed behind a slash, one file per group; `table` has them all."""
