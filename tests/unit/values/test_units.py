"""Units: exact, bounded, and written back as they were read."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from zoneinfo import ZoneInfo

import iso4217
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rescind.formula.zoned_time import clock_of
from rescind.values.decimals import UnitError, format_decimal, parse_decimal
from rescind.values.durations import Duration, format_duration, parse_duration
from rescind.values.money import Money, currencies, exchange, format_money, parse_figure, parse_money
from rescind.values.times import (
    DAY,
    HOUR,
    MINUTE,
    format_time,
    local,
    midnight,
    parse_date,
    parse_date_or_time,
    parse_time,
    to_micros,
)

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")


@given(minor=st.integers(-(10**15), 10**15), currency=st.sampled_from(["USD", "JPY", "BHD", "CLF"]))
def test_money_reads_back_as_it_was_written(minor, currency):
    assert parse_money(format_money(minor, currency)) == Money(minor, currency)


@given(micros=st.integers(-(10**15), 4 * 10**15), zone=st.sampled_from([BERLIN, SHANGHAI, dt.UTC]))
def test_a_time_reads_back_as_it_was_written(micros, zone):
    written = format_time(micros, zone)
    if "+00:00:" not in written and written.count(":") == 3:  # old local times have offsets with seconds
        assert parse_time(written) == micros


@given(value=st.fractions(min_value=-(10**12), max_value=10**12, max_denominator=10**6))
def test_a_number_is_written_exactly(value):
    assert Fraction(format_decimal(value)) == value


@given(hours=st.integers(0, 10**6), seconds=st.integers(0, 59))
def test_a_duration_reads_back_as_it_was_written(hours, seconds):
    duration = Duration(0, hours * HOUR + seconds * 1_000_000)
    assert parse_duration(format_duration(duration)) == duration


@pytest.mark.parametrize(
    ("text", "minor", "currency"),
    [
        ("1000 USD", 100_000, "USD"),
        ("0.50 USD", 50, "USD"),
        ("-0 USD", 0, "USD"),
        ("-1.10 EUR", -110, "EUR"),
        ("7.000 JPY", 7, "JPY"),
    ],
)
def test_money(text, minor, currency):
    assert parse_money(text) == Money(minor, currency)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("1,000 USD", "write `1000 USD`"),
        ("0.5USD", "write `0.5 USD`"),
        ("01 USD", "write `1 USD`"),
        ("+1 USD", "write `1 USD`"),
        ("+01.50USD", "write `1.50 USD`"),
        ("00.5 USD", "write `0.5 USD`"),
        ("-01 USD", "write `-1 USD`"),
        ("00 USD", "write `0 USD`"),
        ("1  USD", "write digits"),
        ("1\u00a0USD", "write digits"),
        ("USD 5", "write `5 USD`"),
        ("5 usd", "write digits"),
        ("1.005 USD", "write an amount that can be paid"),
        ("1.5 JPY", "write an amount that can be paid"),
        ("5 EUT", "did you mean `EUR`?"),
        ("1e3 USD", "write digits"),
        ("\u0663 USD", "write digits"),
        (f"{10**14} USD", ""),
        ("9" * 40 + " USD", ""),
    ],
)
def test_no_money(text, hint):
    with pytest.raises(UnitError) as caught:
        parse_money(text)
    assert caught.value.hint.startswith(hint)


def test_a_figure_may_be_above_any_amount_that_is_sent():
    assert parse_figure("-99999999999999999999999999999999999.99 USD") == Money(1 - 10**37, "USD")
    for wrong in ("1 XXZ", "0.001 USD", f"{'9' * 2000} USD", "1e5 USD"):
        with pytest.raises(UnitError):
            parse_figure(wrong)


def test_currencies_are_those_of_iso_4217():
    table = {each.code: each.exponent for each in iso4217.Currency if each.exponent is not None}
    assert {code: table[code] for code in currencies() if code in table} == {
        code: decimals for code, decimals in currencies().items() if code in table
    }
    assert (currencies()["USD"], currencies()["JPY"], currencies()["BHD"]) == (2, 0, 3)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("24h", Duration(0, DAY)),
        ("2w", Duration(0, 14 * DAY)),
        ("P1DT2H", Duration(0, DAY + 2 * HOUR)),
        ("3y", Duration(36, 0)),
        ("P1Y6M", Duration(18, 0)),
        ("90min", Duration(0, 90 * 60 * 1_000_000)),
        ("PT0S", Duration(0, 0)),
    ],
)
def test_durations(text, duration):
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "1", "h", "1.5h", "-1h", "1 h", "P1M1D", "1H", "9999999999h", "\u0663h"]
)
def test_no_durations(text):
    with pytest.raises(UnitError):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2024-11-05T09:00:00+08:00", "2024-11-05T01:00:00+00:00"),
        ("2024-11-05t01:00:00z", "2024-11-05T01:00:00+00:00"),
        ("2024-11-05 09:00:00.5+08:00", "2024-11-05T01:00:00.500000+00:00"),
        ("2024-11-05T09:00:00", "2024-11-05T08:00:00+00:00"),
        ("2024-06-05T09:00:00", "2024-06-05T07:00:00+00:00"),
    ],
)
def test_times(text, utc):
    assert format_time(parse_time(text, BERLIN), dt.UTC) == utc


@pytest.mark.parametrize(
    "text",
    [
        "2024-11-05",
        "2024-11-05T09:00",
        "2024-02-30T00:00:00Z",
        "2024-01-01T24:00:00Z",
        "2024-01-01T00:00:60Z",
        "2024-01-01T00:00:00+25:00",
        "0000-01-01T00:00:00Z",
        "2025-03-30T02:30:00",
        "2025-10-26T02:30:00",
        "now",
        "\u0662\u0660\u0662\u0664-\u0661\u0661-\u0660\u0665T\u0660\u0660:\u0660\u0660:\u0660\u0660Z",
    ],
)
def test_no_times(text):
    with pytest.raises(UnitError):
        parse_time(text, BERLIN)


def test_a_time_without_an_offset_needs_a_zone():
    with pytest.raises(UnitError, match="has no offset"):
        parse_time("2024-11-05T09:00:00")
    with pytest.raises(UnitError, match="has no offset"):
        to_micros(dt.datetime(2024, 11, 5))  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize("text", ["2024-13-01", "2023-02-29", "2024-1-1", "20240101", "2024-01-\u0660\u0661"])
def test_no_dates(text):
    with pytest.raises(UnitError):
        parse_date(text)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2024-11-05", "2024-11-04T23:00:00+00:00"),
        ("2024-06-05", "2024-06-04T22:00:00+00:00"),
        ("2024-11-05T09:00:00", "2024-11-05T08:00:00+00:00"),
        ("2024-11-05 09:00:00.5+08:00", "2024-11-05T01:00:00.500000+00:00"),
    ],
)
def test_a_date_is_its_midnight_where_a_time_is_wanted(text, utc):
    assert format_time(parse_date_or_time(text, BERLIN), dt.UTC) == utc


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("soon", "expected a date or a time, found `soon`"),
        ("01.01.2025", "expected a date or a time, found `01.01.2025`"),
        ("2024-11-05T09:00", "expected a date or a time, found `2024-11-05T09:00`"),
        ("", "expected a date or a time, found ``"),
        ("2025-02-29", "`2025-02-29` is not a date that exists"),
        ("2025-02-29T00:00:00Z", "`2025-02-29T00:00:00Z` is not a time that exists"),
        (
            "2025-03-30T02:30:00",
            "the local time `2025-03-30T02:30:00` is skipped or appears twice in Europe/Berlin",
        ),
    ],
)
def test_neither_a_date_nor_a_time(text, words):
    with pytest.raises(UnitError) as found:
        parse_date_or_time(text, BERLIN)
    assert str(found.value) == words


@pytest.mark.parametrize(
    ("date", "zone", "utc"),
    [
        ("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00+00:00"),  # has no midnight
        ("2017-11-05", "America/Havana", "2017-11-05T04:00:00+00:00"),  # has two
        ("2011-12-30", "Pacific/Apia", "2011-12-30T10:00:00+00:00"),  # has not one hour
        ("0001-01-01", "America/New_York", "0001-01-01T04:56:02+00:00"),
    ],
)
def test_a_date_begins_at_one_instant_in_every_zone(date, zone, utc):
    place = ZoneInfo(zone)
    assert format_time(midnight(parse_date(date), place), dt.UTC) == utc
    assert parse_date_or_time(date, place) == clock_of(place).date_start(parse_date(date))


@pytest.mark.parametrize(("text", "value"), [("10%", Fraction(1, 10)), ("-0.5", Fraction(-1, 2)), ("-0", 0)])
def test_decimals(text, value):
    assert parse_decimal(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "%",
        "+7",
        "07",
        "+07%",
        "00",
        "-07.5",
        "1e3",
        "0x1",
        "1_000",
        ".5",
        "5.",
        "1/2",
        "\u0661",
        "1" * 31,
        "NaN",
        "∞",
    ],
)
def test_no_decimals(text):
    with pytest.raises(UnitError):
        parse_decimal(text)


def test_an_amount_is_exchanged_exactly_in_both_directions():
    rates = {("EUR", "JPY"): Fraction(160)}
    assert exchange(Money(150, "EUR"), "JPY", rates) == Money(240, "JPY")
    assert exchange(Money(1, "JPY"), "EUR", rates) == Money(Fraction(5, 8), "EUR")
    assert exchange(Money(1, "USD"), "EUR", rates) is None


def test_a_time_beyond_the_calendar_is_an_error_and_still_written():
    with pytest.raises(UnitError):
        local(10**18, dt.UTC)
    assert format_time(parse_time("9999-12-31T23:00:00Z"), SHANGHAI) == "9999-12-31T23:00:00+00:00"


def test_a_negative_duration_has_its_sign_in_front():
    assert format_duration(Duration(0, -(2 * HOUR + 59 * MINUTE))) == "-PT2H59M"
    assert format_duration(Duration(-18, 0)) == "-P18M"
