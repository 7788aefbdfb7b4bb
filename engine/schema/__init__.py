"""JSON Schemas (2020-12) for what authors write, callers send and the engine answers.

    shipped.py      the schema files in `engine/schemas/`
    validators.py   the jsonschema validators for them
    validate.py     a document against its schema, as located problems
    words.py        one error of jsonschema in an author's words
    policy.py       the schema of versions, specialised with a vocabulary, for editors
    callers.py      the schema of the facts that a caller sends

Annotations of our own in the schema files, read by `words.py` and ignored by everything else: `x-form` says a
`pattern` in words, `x-names` the patterns of a mapping's keys; `x-type-hint`, `x-unknown-hint` and `x-hint` are
hints for a wrong type, an unknown key and keys that exclude each other; `x-list-hint` is for a list where none may
stand, `x-key-hints` for one unknown key; `x-synonyms` maps words that authors try to the key or word that they
mean. The files use neither `anyOf` nor `oneOf`: a value's type or one of its keys says which branch is meant, so
that every error is about that branch.

jsonschema is imported only when a document is validated.
"""

from __future__ import annotations

from engine.schema.callers import callers_schema
from engine.schema.policy import policy_schema
from engine.schema.shipped import KINDS, base_schema
from engine.schema.validate import validate

__all__ = ["KINDS", "base_schema", "callers_schema", "policy_schema", "validate"]
