"""Renew what the schema of shared rules has in common with that of a version: `python scripts/update_shared_schema.py`.

Editors read both files where they lie, by the `$schema` comment of a YAML file, so each is whole by itself. A `$ref`
from one file into the other would not do: the schemas have ids that are no places (`urn:…`), against which editors and
jsonschema resolve a relative `$ref` differently or not at all. What is common is written by hand in the policy schema;
a test compares.
"""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["SHARED", "renewed"]

SCHEMAS = Path(__file__).parents[1] / "engine" / "rescind" / "shape" / "schemas"
SHARED = SCHEMAS / "shared.schema.json"
SECTIONS = ("blockers", "review", "values")
MEMBER = re.compile(r'(?m)^    "([^"]+)": ')
REFERENCE = re.compile(r'"#/\$defs/([^"]+)"')


def renewed() -> str:
    """The text of the shared schema: its own properties, and the sections and `$defs` of the policy schema."""
    policy = (SCHEMAS / "policy.schema.json").read_text("utf-8")
    head, properties = _split(SHARED.read_text("utf-8"), "properties")
    sections, defs = (_split(policy, name)[1] for name in ("properties", "$defs"))
    own = {name: text for name, text in properties.items() if name not in SECTIONS}
    common = {name: sections[name] for name in SECTIONS}
    needed = _needed(list(common.values()), defs)
    used = {name: text for name, text in defs.items() if name in needed}
    return f'{head}{_joined({**own, **common})},\n  "$defs": {{\n{_joined(used)}\n}}\n'


def _split(text: str, key: str) -> tuple[str, dict[str, str]]:
    """What stands before the members of a mapping at the top of a schema, and the text of each member."""
    head, opening, rest = text.partition(f'\n  "{key}": {{\n')
    _, *found = MEMBER.split(rest.partition("\n  }")[0])
    names, bodies = found[::2], found[1::2]
    return head + opening, {name: body.rstrip().rstrip(",") for name, body in zip(names, bodies, strict=True)}


def _needed(texts: list[str], defs: dict[str, str]) -> set[str]:
    """The names in `defs` that texts refer to, directly or through others."""
    needed: set[str] = set()
    while texts:
        new = set(REFERENCE.findall(texts.pop())) - needed
        needed |= new
        texts += [defs[name] for name in new]
    return needed


def _joined(members: dict[str, str]) -> str:
    return ",\n".join(f'    "{name}": {body}' for name, body in members.items()) + "\n  }"


if __name__ == "__main__":
    SHARED.write_text(renewed(), encoding="utf-8")
