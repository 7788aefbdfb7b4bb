"""Text to plain data with the place of everything in it; what YAML would read in a surprising way is refused here."""
