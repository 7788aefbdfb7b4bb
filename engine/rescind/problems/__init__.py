"""Located problems, their codes, and the exceptions that carry them."""
