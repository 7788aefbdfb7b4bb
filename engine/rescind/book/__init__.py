"""The model of a book, and how its files become one: readers, semantic checks, digest."""
