"""The types of the language, and reading and writing one value: exact money, times, durations, numbers."""
