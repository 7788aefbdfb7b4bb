"""Values as people read them, from plain data of either form."""

from __future__ import annotations

import pytest
from rescind.values.value_words import exact_words, money_text, value_words


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "absent"),
        (True, "true"),
        (False, "false"),
        (12, "12"),
        ("0.15", "0.15"),
        ({"amount": "1000.01", "currency": "USD"}, "1000.01 USD"),
        (
            {"cash": "1.00 USD", "coupon": {"amount": "2.00", "currency": "USD"}},
            "cash 1.00 USD, coupon 2.00 USD",
        ),
        ([], "empty"),
        (["a", "b"], "a, b"),
        ([{"id": "a", "open": True}, {"id": "b", "open": None}], "id a, open true; id b, open absent"),
    ],
)
def test_a_value_in_words(data, words):
    assert value_words(data) == words


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("10/3 USD", "10/3 USD (3.3333… USD)"),
        ({"amount": "-10/3", "currency": "USD"}, "-10/3 USD (-3.3333… USD)"),
        ("1/30", "1/30 (0.0333…)"),
        ("12.5", "12.5"),
        (3, "3"),
        ("and/or", "and/or"),
    ],
)
def test_a_fraction_shows_its_first_decimals(data, words):
    assert exact_words(data) == words


def test_money_is_one_text_in_both_forms():
    assert money_text("1.00 USD") == money_text({"amount": "1.00", "currency": "USD"}) == "1.00 USD"
