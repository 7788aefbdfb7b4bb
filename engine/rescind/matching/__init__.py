"""Conditions to durable-rules definitions as plain JSON, and the only module that drives durable-rules."""
