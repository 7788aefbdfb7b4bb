"""Small changes of a version, and which of them no case would notice."""
