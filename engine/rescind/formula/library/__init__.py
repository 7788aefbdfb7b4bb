"""The functions that formulas may call: a closed table, one module for each field."""
