"""One value: what is read, what is refused, and with which words."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rescind.values.decimals import UnitError
from rescind.values.durations import Duration
from rescind.values.money import Money
from rescind.values.types import ABSENT, Kind, Type
from rescind.values.value_readers import MAX_ITEMS, MAX_TEXT, describe, faults_of, plain, reader, typed

ZONE = ZoneInfo("Asia/Shanghai")
COLOURS = Type(Kind.CHOICE, ("red", "green"))
PAID = Type(Kind.INSTRUMENTS, ("cash", "voucher"))
PARTS = Type(Kind.LIST, fields={"price": Type(Kind.MONEY), "used": Type(Kind.FLAG, optional=True)})


def read(type_, raw):
    return reader(type_, ZONE)(raw)


def faults(type_, raw):
    with pytest.raises(UnitError) as caught:
        read(type_, raw)
    return [path for path, _, _ in faults_of(caught.value)]


@pytest.mark.parametrize(
    ("type_", "raw", "value"),
    [
        (Type(Kind.FLAG), True, True),
        (COLOURS, "red", "red"),
        (Type(Kind.TEXT), "", ""),
        (Type(Kind.INTEGER), -7, -7),
        (Type(Kind.NUMBER), "15%", Fraction(3, 20)),
        (Type(Kind.NUMBER), Decimal("0.1"), Fraction(1, 10)),
        (Type(Kind.NUMBER), 3, 3),
        (Type(Kind.MONEY), "0.10 USD", Money(10, "USD")),
        (Type(Kind.MONEY), {"amount": "0.10", "currency": "USD"}, Money(10, "USD")),
        (Type(Kind.MONEY), {"amount": Decimal("0.10"), "currency": "USD"}, Money(10, "USD")),
        (Type(Kind.MONEY), {"amount": 7, "currency": "JPY"}, Money(7, "JPY")),
        (Type(Kind.TIME), "1970-01-01T08:00:00", 0),
        (Type(Kind.TIME), dt.datetime(1970, 1, 1, tzinfo=dt.UTC), 0),
        (Type(Kind.DATE), "2024-10-29", dt.date(2024, 10, 29)),
        (Type(Kind.DATE), dt.date(2024, 10, 29), dt.date(2024, 10, 29)),
        (Type(Kind.DURATION), "PT1H", Duration(0, 3_600_000_000)),
        (Type(Kind.DURATION, calendar=True), "1y", Duration(12, 0)),
        (PAID, {"cash": "1 USD"}, {"cash": Money(100, "USD")}),
        (Type(Kind.SET, ("red", "green")), ["green", "red", "green"], frozenset({"red", "green"})),
        (Type(Kind.SET), (), frozenset()),
        (PARTS, [{"price": "1 USD"}], ({"price": Money(100, "USD")},)),
        (
            Type(Kind.RATES),
            {"CNY/USD": "0.14", "USD/JPY": 150},
            {("CNY", "USD"): Fraction(7, 50), ("USD", "JPY"): 150},
        ),
    ],
)
def test_what_is_read(type_, raw, value):
    assert read(type_, raw) == value


@pytest.mark.parametrize(
    "type_",
    [Type(kind, ("cash",) if kind in (Kind.CHOICE, Kind.INSTRUMENTS) else ()) for kind in Kind],
    ids=lambda type_: type_.kind,
)
@pytest.mark.parametrize("raw", [None, 0.5, float("nan"), object(), b"x"], ids=lambda raw: type(raw).__name__)
def test_null_floats_and_objects_are_no_value_of_any_type(type_, raw):
    assert faults(type_, raw) == [()]


@pytest.mark.parametrize(
    ("type_", "raw"),
    [
        (Type(Kind.FLAG), 1),
        (Type(Kind.FLAG), "true"),
        (COLOURS, "Red"),
        (COLOURS, ["red"]),
        (Type(Kind.TEXT), 5),
        (Type(Kind.TEXT), "x" * (MAX_TEXT + 1)),
        (Type(Kind.TEXT), "half \ud800"),
        (Type(Kind.INTEGER), True),
        (Type(Kind.INTEGER), "7"),
        (Type(Kind.INTEGER), Decimal("7.0")),
        (Type(Kind.INTEGER), 10**15 + 1),
        (Type(Kind.NUMBER), True),
        (Type(Kind.NUMBER), Decimal("NaN")),
        (Type(Kind.NUMBER), Decimal("1e-13")),
        (Type(Kind.NUMBER), Decimal("1e999999999")),
        (Type(Kind.MONEY), 5),
        (Type(Kind.MONEY), {"amount": "5"}),
        (Type(Kind.MONEY), {"amount": "5", "currency": "USD", "more": 1}),
        (Type(Kind.MONEY, currency="EUR"), "5 USD"),
        (Type(Kind.TIME), dt.datetime(1970, 1, 1)),  # noqa: DTZ001 - no zone is the point
        (Type(Kind.TIME), "2024-10-29"),
        (Type(Kind.DATE), dt.datetime(1970, 1, 1, tzinfo=dt.UTC)),
        (Type(Kind.DURATION), "1mo"),
        (Type(Kind.DURATION, calendar=True), "1d"),
        (PAID, {}),
        (PAID, {"cash": "1 USD", "voucher": "1 EUR"}),
        (Type(Kind.SET), "red"),
        (Type(Kind.SET), ["x"] * (MAX_ITEMS + 1)),
        (Type(Kind.RATES), ["CNY/USD"]),
    ],
)
def test_what_is_refused(type_, raw):
    assert faults(type_, raw) == [()]


@pytest.mark.parametrize(
    ("type_", "raw", "paths"),
    [
        (Type(Kind.MONEY), {"amount": 0.5, "currency": "USD"}, [("amount",)]),
        (Type(Kind.MONEY), {"amount": "5", "currency": 5}, [("currency",)]),
        (PAID, {"cash": "-1 USD", "voucher": "1"}, [("cash",), ("voucher",)]),
        (PAID, {"card": "1 USD", "coin": "1 USD"}, [("card",), ("coin",)]),
        (Type(Kind.SET, ("a",)), ["a", "b", 5], [(1,), (2,)]),
        (PARTS, [{"price": "1 USD"}, {"price": 1}, {"used": True}, 5], [(1, "price"), (2, "price"), (3,)]),
        (PARTS, [{"price": "1 USD", "pride": 1}], [(0, "pride")]),
        (
            Type(Kind.RATES),
            {"CNY/USD": 0, "CNYUSD": 1, "CNY/XXY": 1},
            [("CNY/USD",), ("CNYUSD",), ("CNY/XXY",)],
        ),
    ],
)
def test_every_fault_is_named_with_its_path(type_, raw, paths):
    assert faults(type_, raw) == paths


@pytest.mark.parametrize(
    ("type_", "value", "data"),
    [
        (Type(Kind.MONEY), Money(Fraction(1, 2), "USD"), "0.005 USD"),
        (Type(Kind.NUMBER), Fraction(1, 3), "1/3"),
        (Type(Kind.TIME), 0, "1970-01-01T08:00:00+08:00"),
        (Type(Kind.DURATION), Duration(18, 0), "P18M"),
        (PAID, {"cash": Money(5, "USD")}, {"cash": "0.05 USD"}),
        (Type(Kind.SET), frozenset("ba"), ["a", "b"]),
        (PARTS, ({"price": Money(5, "USD")},), [{"price": "0.05 USD"}]),
        (Type(Kind.RATES), {("CNY", "USD"): Fraction(7, 50)}, {"CNY/USD": "0.14"}),
        (Type(Kind.FLAG), ABSENT, None),
    ],
)
def test_values_as_plain_data(type_, value, data):
    assert plain(value, type_, ZONE) == data


@pytest.mark.parametrize(
    ("type_", "value", "data"),
    [
        (Type(Kind.MONEY), Money(Fraction(1, 2), "USD"), {"amount": "0.005", "currency": "USD"}),
        (Type(Kind.MONEY), Money(Fraction(1, 3), "USD"), {"amount": "1/300", "currency": "USD"}),
        (PAID, {"cash": Money(5, "USD")}, {"cash": {"amount": "0.05", "currency": "USD"}}),
        (PARTS, ({"price": Money(5, "USD")},), [{"price": {"amount": "0.05", "currency": "USD"}}]),
        (Type(Kind.NUMBER), Fraction(12), "12"),
        (Type(Kind.INTEGER), 12, 12),
        (Type(Kind.TIME), 0, "1970-01-01T08:00:00+08:00"),
        (Type(Kind.DURATION), Duration(18, 0), "P18M"),
        (Type(Kind.FLAG), True, True),
        (Type(Kind.MONEY), ABSENT, None),
    ],
)
def test_values_as_typed_data(type_, value, data):
    assert typed(value, type_, ZONE) == data


def test_a_raw_value_in_a_message_is_short():
    assert describe("x" * 1_000) == f"the text `{'x' * 57}…`"
    assert describe(0.1) == "the binary float `0.1`"
    assert [describe(raw) for raw in (None, True, {}, [], 5)] == [
        "nothing (null)",
        "`true`",
        "a mapping",
        "a list",
        "`5`",
    ]


class Liar(str):
    """A text that says it is another one."""

    __slots__ = ("other",)

    def __new__(cls, text, other):
        made = super().__new__(cls, text)
        made.other = other
        return made

    def __eq__(self, other):
        return other == self.other

    def __hash__(self):
        return hash(self.other)


LIES = {
    "money": (Type(Kind.MONEY), "7 USD", "8 USD"),
    "parts of money": (
        Type(Kind.MONEY),
        {"amount": "7", "currency": "USD"},
        {"amount": "8", "currency": "USD"},
    ),
    "a currency": (Type(Kind.MONEY), {"amount": "7", "currency": "USD"}, {"amount": "7", "currency": "JPY"}),
    "a time": (Type(Kind.TIME), "2031-01-01T00:00:00Z", "2032-01-01T00:00:00Z"),
    "a date": (Type(Kind.DATE), "2031-01-01", "2032-01-01"),
    "a duration": (Type(Kind.DURATION), "31h", "32h"),
    "a number": (Type(Kind.NUMBER), "7", "8"),
    "a rate": (Type(Kind.RATES), {"CNY/USD": "7"}, {"CNY/USD": "8"}),
    "a choice": (COLOURS, "red", "green"),
    "an instrument": (PAID, {"cash": "7 USD"}, {"cash": "8 USD"}),
    "a name of an instrument": (PAID, {"cash": "7 USD"}, {"voucher": "7 USD"}),
    "a text": (Type(Kind.TEXT), "red", "green"),
}


def lying(real, other):
    """`real`, in which each text says that it is the one in `other`."""
    if isinstance(real, str):
        return Liar(real, other)
    pairs = zip(real.items(), other.items(), strict=True)
    return {lying(*keys): lying(*values) for keys, values in (zip(*pair, strict=True) for pair in pairs)}


@pytest.mark.parametrize("name", LIES)
def test_a_text_that_lies_about_itself_is_read_as_what_it_is_and_spoils_no_other(name):
    type_, real, other = LIES[name]
    assert read(type_, lying(real, other)) == read(type_, real)
    assert read(type_, other) != read(type_, real)
    found = read(type_, lying(other, real))
    assert found == read(type_, other)
    assert all(part.__class__ is not Liar for part in (found, *(found if isinstance(found, dict) else ())))


@pytest.mark.parametrize(
    "character",
    [
        "\x00",
        "\x1b",
        "\x7f",
        "\x85",
        "\xad",
        "\u061c",
        "\u115f",
        "\u200b",
        "\u200f",
        "\u202e",
        "\u2028",
        "\u2066",
        "\u3164",
        "\ufdd0",
        "\ufeff",
        "\ufff9",
        "\uffff",
        "\ud800",
        "\U000e0041",
        "\U000e007f",
        "\U0010ffff",
    ],
    ids=ascii,
)
def test_a_text_with_what_nobody_sees_is_refused(character):
    assert faults(Type(Kind.TEXT), f"a{character}b") == [()]
    assert faults(Type(Kind.SET), ["a", f"é{character}"]) == [(1,)]


@pytest.mark.parametrize(
    "text",
    [
        "a\tb\r\n",
        "é",
        "中文",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "👨\u200d👩\u200d👧",
        "❤\ufe0f",
        "葛\U000e0100",
        "\u3000",
        "\xa0",
        "עברית",
    ],
)
def test_a_text_as_people_write_it_is_read(text):
    assert read(Type(Kind.TEXT), text) == text


# Numbers that end within the decimals that are read; often the inverse of each other.
rates = st.one_of(
    st.sampled_from([Fraction(4), Fraction(1, 4), Fraction(1, 5), Fraction(5)]),
    st.integers(1, 10**6).map(lambda each: Fraction(each, 1000)),
)


@given(st.permutations(["USD", "EUR", "CNY"]), rates, rates)
def test_a_pair_both_ways_is_its_own_inverse_or_an_error_at_the_second(currencies, rate, back):
    """Else which of the two a comparison happens to ask for would decide it."""
    one, other, _ = currencies
    there, again = f"{one}/{other}", f"{other}/{one}"
    sent = {there: rate, "JPY/USD": "0.0067", again: back}
    if rate * back == 1:
        assert read(Type(Kind.RATES), sent)[other, one] == back
        return
    with pytest.raises(UnitError) as caught:
        read(Type(Kind.RATES), sent)
    ((path, message, _),) = faults_of(caught.value)
    assert path == (again,)
    assert f"`{again}: " in message
    assert f"`{there}: " in message
