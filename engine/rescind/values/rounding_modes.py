"""Rounding a quotient to a whole number: the modes, and the arithmetic of each.

Formulas (`round(x, 'half_up')`) and refunds (`rounding: {mode: half_up}`) round by the same words and functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

__all__ = ["ROUNDERS", "Rounder", "RoundingMode"]

# `above / below` to a whole number; `below` is more than 0.
Rounder = Callable[[int, int], int]


class RoundingMode(StrEnum):
    """How what is no whole number becomes one. All are symmetric about zero; `half_*` differ only on exact halves."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    HALF_DOWN = "half_down"
    UP = "up"
    DOWN = "down"


def _rounder(goes_up: Callable[[int, int], bool]) -> Rounder:
    """The rounder of a mode: `goes_up` says of a size of `whole` and something whether it becomes `whole + 1`.

    Its second argument says how the part that is dropped compares with one half: -1, 0 or 1.
    """

    def round_quotient(above: int, below: int) -> int:
        whole, rest = divmod(abs(above), below)
        if rest and goes_up(whole, 2 * rest - below):
            whole += 1
        return whole if above >= 0 else -whole

    return round_quotient


ROUNDERS: Mapping[RoundingMode, Rounder] = {
    RoundingMode.HALF_UP: _rounder(lambda _, over_half: over_half >= 0),
    RoundingMode.HALF_EVEN: _rounder(
        lambda whole, over_half: over_half > 0 or (over_half == 0 and whole % 2 == 1)
    ),
    RoundingMode.HALF_DOWN: _rounder(lambda _, over_half: over_half > 0),
    RoundingMode.UP: _rounder(lambda _whole, _over_half: True),
    RoundingMode.DOWN: _rounder(lambda _whole, _over_half: False),
}
