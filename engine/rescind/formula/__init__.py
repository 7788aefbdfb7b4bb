"""Formula text to a typed tree to an exact function; never run as Python. `docs/formulas.md` describes the language."""
