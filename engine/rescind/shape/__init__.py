"""JSON Schemas (2020-12) for what authors write and the engine answers, and what their errors mean to an author.

Annotations of our own in the schema files, read by `schema_errors.py` and ignored by everything else: `x-form` says a
`pattern` in words, `x-names` the patterns of a mapping's keys; `x-type-hint`, `x-unknown-hint` and `x-hint` are
hints for a wrong type, an unknown key and keys that exclude each other; `x-list-hint` is for a list where none may
stand, `x-key-hints` for one unknown key; `x-synonyms` maps words that authors try to the key or word that they
mean. The files use neither `anyOf` nor `oneOf`: a value's type or one of its keys says which branch is meant, so
that every error is about that branch.
"""
