"""One resource in many clothes."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rescind.requests.duplicate_ids import identity, scripts, unseen

SPACES = ("", " ", "\N{NO-BREAK SPACE}", "\N{EM SPACE}", "\N{IDEOGRAPHIC SPACE}")
DASHES = (
    "-",
    "\N{HYPHEN}",
    "\N{NON-BREAKING HYPHEN}",
    "\N{EN DASH}",
    "\N{MINUS SIGN}",
    "\N{FULLWIDTH HYPHEN-MINUS}",
)


def wide(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


@given(
    plain=st.from_regex(r"[a-z]{1,4}-[0-9]{1,4}[éü]?", fullmatch=True),
    form=st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]),
    dress=st.sampled_from([str, str.upper, str.title, wide]),
    dash=st.sampled_from(DASHES),
    ends=st.tuples(st.sampled_from(SPACES), st.sampled_from(SPACES)),
    zero=st.sampled_from(
        ["0", "\N{ARABIC-INDIC DIGIT ZERO}", "\N{NKO DIGIT ZERO}", "\N{MATHEMATICAL BOLD DIGIT ZERO}"]
    ),
)
def test_an_id_in_other_clothes_is_the_same_id(  # noqa: PLR0917 - one for each piece of clothing
    plain: str, form: str, dress: object, dash: str, ends: tuple[str, str], zero: str
) -> None:
    other = dress(unicodedata.normalize(form, plain))  # type: ignore[operator]
    other = "".join(chr(ord(zero) + int(char)) if char in "0123456789" else char for char in other)
    other = f"{ends[0]}{other.replace('-', dash)}{ends[1]}"
    assert identity(other) == identity(plain) == unicodedata.normalize("NFKC", plain)


@given(st.text())
def test_what_an_id_is_has_itself_no_other_clothes(text: str) -> None:
    assert identity(identity(text)) == identity(text)


@pytest.mark.parametrize(
    "pair", [("pkg-1", "pkg-2"), ("pkg-1", "pkg1"), ("a b", "ab"), ("pkg-l", "pkg-1"), ("é", "e")]
)
def test_other_ids_are_other_ids(pair: tuple[str, str]) -> None:
    assert identity(pair[0]) != identity(pair[1])


UNSEEN = "\u200b\u200d\u00ad\u2060\ufeff\u034f\u3164\u2800\ufe0f\x07\u202e\ue000\U000e0101\u2028"


@pytest.mark.parametrize("char", UNSEEN, ids=ascii)
def test_what_cannot_be_seen_is_found(char: str) -> None:
    assert unseen(f"pkg{char}-1") == char


@pytest.mark.parametrize(
    "text",
    [
        "pkg-1",
        "pkg 1",
        "Müller",
        "资源-1",
        "サーバー",
        "자원",
        "\N{CYRILLIC SMALL LETTER PE}\N{CYRILLIC SMALL LETTER IE}",
        "a_b.c/d#1",
    ],
)
def test_what_can_be_seen_may_stand(text: str) -> None:
    assert unseen(text) == ""
    assert len(scripts([text])) <= 1 or set(scripts([text])) <= {"Latin", "Chinese, Japanese or Korean"}


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["pkg-1", "12-34"], ["Latin"]),
        (["12", "3"], []),
        (["p\N{CYRILLIC SMALL LETTER A}"], ["Latin", "Cyrillic"]),
        (["pa", "\N{CYRILLIC SMALL LETTER A}"], ["Latin", "Cyrillic"]),
        (["a", "\N{GREEK SMALL LETTER OMICRON}"], ["Latin", "Greek"]),
        (["资源", "サーバー", "자원"], ["Chinese, Japanese or Korean"]),
        (["\N{FULLWIDTH LATIN SMALL LETTER A}", "é"], ["Latin"]),
    ],
    ids=str,
)
def test_the_scripts_of_ids(texts: list[str], expected: list[str]) -> None:
    assert sorted(scripts(texts)) == sorted(expected)
