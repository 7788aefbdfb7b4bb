"""Rounding by each mode, against the decimal arithmetic of Python."""

from __future__ import annotations

import decimal
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rescind.values.rounding_modes import ROUNDERS, RoundingMode

BY_DECIMAL = {
    RoundingMode.HALF_UP: decimal.ROUND_HALF_UP,
    RoundingMode.HALF_EVEN: decimal.ROUND_HALF_EVEN,
    RoundingMode.HALF_DOWN: decimal.ROUND_HALF_DOWN,
    RoundingMode.UP: decimal.ROUND_UP,
    RoundingMode.DOWN: decimal.ROUND_DOWN,
}


@pytest.mark.parametrize("mode", RoundingMode)
@given(thousandths=st.integers(-(10**9), 10**9))
def test_rounding_is_that_of_decimal_arithmetic(mode, thousandths):
    expected = (Decimal(thousandths) / 1000).quantize(Decimal(1), BY_DECIMAL[mode])
    assert ROUNDERS[mode](thousandths, 1000) == expected


@pytest.mark.parametrize("mode", RoundingMode)
def test_whole_numbers_are_not_rounded(mode):
    assert [ROUNDERS[mode](value, 1) for value in (-7, 0, 10**30)] == [-7, 0, 10**30]
