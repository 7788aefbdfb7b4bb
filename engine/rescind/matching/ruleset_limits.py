"""How large a durable-rules definition may grow, and what its extension does beyond that.

`compile_version` shards and bounds by these numbers, `durable_runtime` refuses what lies outside them. They were
measured on durable_rules 2.0.28 (CPython 3.11, x86-64); the breaking points are in the comments, and
`tests/limits/` holds the probes. Nothing here imports durable-rules.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "FIELD_NAME",
    "INT_MAX",
    "INT_MIN",
    "MAX_ATOMS_PER_RULE",
    "MAX_ATOMS_PER_SHARD",
    "MAX_FIELDS",
    "MAX_RULES_PER_SHARD",
    "MAX_RULE_NAME",
    "MAX_SIDS",
    "MEMORY_PER_ATOM",
    "MEMORY_PER_SHARD",
    "MEMORY_RESERVE",
    "OPERATORS",
    "RESERVED_NAMES",
    "RULE_NAME",
    "SENTINEL",
    "SENTINEL_FIELD",
    "SIDS_AT_LOAD",
    "SID_WAIT_SECONDS",
    "name_hash",
]

# The rule that always fires, and the column that makes it do so: it is 1 in every record.
SENTINEL: Final = "sentinel"
SENTINEL_FIELD: Final = "k"

# Integers are exact from end to end of this range. One past it is silently clamped to the end.
INT_MIN: Final = -(2**63)
INT_MAX: Final = 2**63 - 1

# Besides these, equality, which durable-rules writes as a bare `{field: literal}`.
OPERATORS: Final = ("$gt", "$gte", "$lt", "$lte", "$neq")

# Rules of one shard, not counting the sentinel. While one fact is matched, each entry on the extension's
# stack of 64 belongs to at least one separate rule, so 61 rules can never fill it: 65 matching
# siblings are error 303, and whether they match depends on the data. This limit also stays well below
# 256 rules with one condition (segmentation fault), of 513 conditions under one node (create_ruleset
# hangs for ever and holds the interpreter lock), and of 4,097 rules (error 106).
MAX_RULES_PER_SHARD: Final = 60

# Comparisons in one AND, and in all rules of a shard. 20,000 in one rule still answered correctly; but
# each costs 4 kB of memory and makes every match of the rule longer.
MAX_ATOMS_PER_RULE: Final = 256
MAX_ATOMS_PER_SHARD: Final = 2_000

# Columns of one shard. A fact holds 254 properties, `sid`, `id` and `k` among them; 255 are error 302.
MAX_FIELDS: Final = 200

# Names are copied to the C stack (megabytes: segmentation fault) and never decoded, so they are short
# and hold neither quotes nor escapes. `fullmatch` these.
MAX_RULE_NAME: Final = 200
RULE_NAME: Final = rf"[A-Za-z0-9][A-Za-z0-9_./#:@+-]{{0,{MAX_RULE_NAME - 1}}}"
FIELD_NAME: Final = r"[a-z][a-z0-9_]{0,31}"

# Sessions of one ruleset. The extension takes 1,024 and is "out of memory" at 1,025. This many threads can be
# inside `Ruleset.fire` at the same time, for microseconds each; further ones wait, and give up after a while. A test
# checks that no two session names (the numbers below this one) share a hash: those two would share their memory.
MAX_SIDS: Final = 128
SIDS_AT_LOAD: Final = 2
SID_WAIT_SECONDS: Final = 30

# Bytes that must be free before the extension makes something, because it does not check its allocations. A session
# takes up to 0.9 MB in a shard, and the list of sessions 1 MB while it grows; a comparison takes 4 kB, twice that
# while its list grows. The reserve is for what the C library takes in larger pieces than it is asked for.
MEMORY_PER_SHARD: Final = 2 * 2**20
MEMORY_PER_ATOM: Final = 8 * 2**10
MEMORY_RESERVE: Final = 4 * 2**20

# Names that a field may not have or share a hash with: the properties that the extension or the
# runtime puts in a fact, and the words that the extension recognises by their hash where a field name is allowed.
RESERVED_NAMES: Final = (
    "id", "sid", "$s", SENTINEL_FIELD, "m", "$m", "$forward", "$i",
    "$lt", "$lte", "$gt", "$gte", "$eq", "$neq", "$mt", "$imt", "$iall", "$iany", "$ex", "$nex", "$or", "$and",
    "$add", "$sub", "$mul", "$div", "$l", "$r",
)  # fmt: skip

_FNV_OFFSET = 2166136261
_FNV_PRIME = 16777619


def name_hash(name: str) -> int:
    """Return the 32-bit FNV-1a hash of an ASCII name: all that the extension compares of a name."""
    value = _FNV_OFFSET
    for byte in name.encode("ascii"):
        value = (value ^ byte) * _FNV_PRIME & 0xFFFFFFFF
    return value
