"""The closed sets of words of the language: what a policy may say, and what a decision and a request may answer.

Each set is one enum. Readers, texts, mutants, comparisons and the checks of the cases go through its members, and tests
hold the JSON Schemas and every table of texts to it: a new member names all the places that do not know it yet. How a
figure is rounded is `RoundingMode` in the room of values, since formulas round by the same words.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = [
    "CANCELLABLE",
    "UNSPECIFIED",
    "BeforeFirst",
    "BelowZero",
    "CountsAs",
    "Destination",
    "LineColumn",
    "OnTimeout",
    "OrderKind",
    "OrderRefund",
    "OrderState",
    "Outcome",
    "RequestState",
    "ReviewScope",
    "ReviewerAnswer",
    "RoundingPlace",
    "Share",
    "Split",
    "WhyLeftOut",
]

# What a policy says about a reviewer, a time limit, or the outcome after it, if its source says nothing.
UNSPECIFIED = "unspecified"


# What a policy may say.


class OnTimeout(StrEnum):
    """What becomes of a request when the time for a review runs out."""

    APPROVE = "approve"
    REJECT = "reject"
    UNSPECIFIED = UNSPECIFIED


class ReviewScope(StrEnum):
    """What a review looks at: one order, or the whole request. The first is meant where nothing is said."""

    ORDER = "order"
    REQUEST = "request"


class RoundingPlace(StrEnum):
    """Where a refund is rounded. The first is meant where nothing is said."""

    ONCE = "once"
    EACH_DEDUCTION = "each_deduction"
    EACH_INSTRUMENT = "each_instrument"


class BeforeFirst(StrEnum):
    """What becomes of a case from before the first version of a policy."""

    PASS_OVER = "pass_over"  # noqa: S105 - no password
    ERROR = "error"


class BelowZero(StrEnum):
    """What happens where deductions come to more than was paid. The first is meant where nothing is said."""

    ZERO = "zero"
    CHARGE = "charge"


class Split(StrEnum):
    """How deductions are spread over the instruments. The first is meant where nothing is said."""

    PROPORTIONAL = "proportional"
    IN_ORDER = "in_order"


class Share(StrEnum):
    """How much of a payment instrument is returned."""

    FULL = "full"
    NONE = "none"
    REMAINDER = "remainder"


class Destination(StrEnum):
    """Where money goes."""

    ORIGINAL_PAYMENT = "original_payment"
    ACCOUNT = "account"
    BANK = "bank"


class CountsAs(StrEnum):
    """The column of a refund that a deduction goes into; each is a `LineColumn`."""

    CONSUMED = "consumed"
    FEES = "fees"


# What a reviewer may say.


class ReviewerAnswer(StrEnum):
    """What a reviewer says of a request."""

    APPROVE = "approve"
    REJECT = "reject"


# What a decision, a request and an order may answer.


class Outcome(StrEnum):
    """What is decided of a case."""

    ALLOWED = "allowed"
    REVIEW_REQUIRED = "review_required"
    BLOCKED = "blocked"
    NOT_APPLICABLE = "not_applicable"


# The outcomes of what can be cancelled, at once or after a review.
CANCELLABLE = frozenset({Outcome.ALLOWED, Outcome.REVIEW_REQUIRED})


class LineColumn(StrEnum):
    """The columns of a refund, for each instrument: paid = returned + consumed + fees + forfeited."""

    PAID = "paid"
    RETURNED = "returned"
    CONSUMED = "consumed"
    FEES = "fees"
    FORFEITED = "forfeited"


class RequestState(StrEnum):
    """Where a request stands."""

    APPROVED = "approved"
    PENDING_REVIEW = "pending_review"
    AUTO_APPROVED = "auto_approved"
    REJECTED = "rejected"
    BLOCKED = "blocked"
    OVERDUE = "overdue"


class OrderKind(StrEnum):
    """How many resources were selected for an order: one, or more."""

    SINGLE = "single"
    COMBINED = "combined"


class OrderRefund(StrEnum):
    """What becomes of the refunds of an order: given back, waiting for an outcome, or not given back."""

    APPROVED = "approved"
    OPEN = "open"
    REJECTED = "rejected"


class OrderState(StrEnum):
    """Where an order stands as a whole."""

    PENDING = "pending"
    OVERDUE = "overdue"
    DECIDED = "decided"


class WhyLeftOut(StrEnum):
    """Why a resource of a request is not in its order; the first two are outcomes."""

    BLOCKED = Outcome.BLOCKED.value
    NOT_APPLICABLE = Outcome.NOT_APPLICABLE.value
    HELD_BACK = "held_back"
