"""The facts that the engine itself reads, by name: who a case is about, and the life of its request."""

from __future__ import annotations

from rescind.problems.suggestions import all_of
from rescind.values.types import RATES, Kind

__all__ = [
    "ACCOUNT",
    "ENGINE_FACTS",
    "NAME",
    "ORDER",
    "PRODUCT_TYPE",
    "PROJECT",
    "PROJECTS_ENABLED",
    "RATES",
    "REASON",
    "REGION",
    "RESOURCE",
    "REVIEWS",
    "REVIEW_FIELDS",
    "SUBMITTED",
    "how_to_declare",
    "known_to_engine",
]

RESOURCE, ORDER, ACCOUNT, NAME = "resource.id", "order.id", "account.id", "resource.name"
PRODUCT_TYPE, REGION = "resource.product_type", "resource.region"
PROJECT, PROJECTS_ENABLED = "resource.enterprise_project", "account.enterprise_projects_enabled"
SUBMITTED, REASON, REVIEWS = "request.submitted_at", "request.reason", "request.reviews"

_TEXTS = frozenset({Kind.TEXT, Kind.CHOICE})

# The facts that the engine reads must be of kinds that it understands; a choice may take the place of a text.
ENGINE_FACTS: dict[str, frozenset[Kind]] = {
    RESOURCE: _TEXTS,
    NAME: _TEXTS,
    PRODUCT_TYPE: _TEXTS,
    REGION: _TEXTS,
    PROJECT: _TEXTS,
    ORDER: _TEXTS,
    ACCOUNT: _TEXTS,
    PROJECTS_ENABLED: frozenset({Kind.FLAG}),
    SUBMITTED: frozenset({Kind.TIME}),
    REASON: _TEXTS,
    REVIEWS: frozenset({Kind.LIST}),
    RATES: frozenset({Kind.RATES}),
}

# The fields of each record in `request.reviews`.
REVIEW_FIELDS = {"by": _TEXTS, "outcome": frozenset({Kind.CHOICE}), "decided_at": frozenset({Kind.TIME})}

# How each is declared where it is wanted; the reviews are the only ones that take more than a type.
_DECLARED = {
    REVIEWS: "{type: list, default: [], fields: {by: {type: text}, "
    "outcome: {type: choice, choices: [approve, reject]}, decided_at: {type: time}}}",
    PROJECTS_ENABLED: "{type: flag, default: false}",
}

# Facts of these groups are about the caller and the request: there is no warning when no policy reads them.
_OF_THE_REQUEST = ("account.", "request.")


def known_to_engine(name: str) -> bool:
    """Whether a fact has a use though no policy reads it."""
    return name in ENGINE_FACTS or name.startswith(_OF_THE_REQUEST)


def how_to_declare(name: str) -> str:
    """A hint for a fact that the engine knows and a vocabulary does not declare, or a group of such; "" for others."""
    if name in ENGINE_FACTS:
        group, _, own = name.rpartition(".")
        entry = f"`{own}: {_DECLARED.get(name) or f'{{type: {max(ENGINE_FACTS[name])}, optional: true}}'}`"
        where = f"under `{group}` " if group else ""
        return f"the engine knows it: declare {entry} {where}in the vocabulary"
    held = [known for known in ENGINE_FACTS if known.startswith(f"{name}.")]
    return f"the engine knows {all_of(held)}: declare those that are sent" if held else ""
