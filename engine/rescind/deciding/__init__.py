"""Facts in; the version in force, its conditions, the refund and the reviews; a decision out."""
