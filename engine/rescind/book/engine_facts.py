"""The facts that the engine itself reads, by name: who a case is about, and the life of its request."""

from __future__ import annotations

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
    "known_to_engine",
]

RESOURCE, ORDER, ACCOUNT, NAME = "resource.id", "order.id", "account.id", "resource.name"
PRODUCT_TYPE, REGION = "resource.product_type", "resource.region"
PROJECT, PROJECTS_ENABLED = "resource.enterprise_project", "account.enterprise_projects_enabled"
SUBMITTED, REASON, REVIEWS = "request.submitted_at", "request.reason", "request.reviews"

_TEXTS = frozenset({Kind.TEXT, Kind.CHOICE})

# What the engine reads must be of the kinds that it understands; a text may be one of a closed list as well.
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

# Facts of these groups are about the caller and the request: nobody is told that no policy reads them.
_OF_THE_REQUEST = ("account.", "request.")


def known_to_engine(name: str) -> bool:
    """Whether a fact has a use though no policy reads it."""
    return name in ENGINE_FACTS or name.startswith(_OF_THE_REQUEST)
