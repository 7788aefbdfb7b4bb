"""Hints that name what the user may have meant."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["all_of", "did_you_mean", "one_of", "without_curly_quotes"]

CURLY = "“”„‟‘’\u201a\u201b«»"


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """A hint "did you mean `x`?" where `word` is near one of `choices`, else ""."""
    known = {choice.lower(): choice for choice in choices}
    letters = sorted(word.lower()) if len(word) <= 200 else []
    near = [choice for choice in known if len(choice) == len(letters) and sorted(choice) == letters]
    if not near:
        from difflib import get_close_matches  # costs more than a decision, and most words are right

        near = get_close_matches(word[:200].lower(), known, n=1, cutoff=0.6)
    return f"did you mean `{known[near[0]]}`?" if near else ""


def without_curly_quotes(text: str) -> str:
    """A text without the quotes that a word processor put around it."""
    return text.strip(CURLY)


def one_of(choices: Iterable[str], limit: int = 14) -> str:
    """Choices as a phrase: "`a`, `b` or `c`", shortened past `limit`."""
    return _phrase(choices, "or", limit)


def all_of(names: Iterable[str], limit: int = 14) -> str:
    """Names as a phrase: "`a`, `b` and `c`", shortened past `limit`."""
    return _phrase(names, "and", limit)


def _phrase(words: Iterable[str], conjunction: str, limit: int) -> str:
    names = [f"`{word}`" for word in words]
    if len(names) > limit:
        return ", ".join(names[:limit]) + f" … ({len(names)} in all)"
    if len(names) < 2:
        return names[0] if names else "nothing"
    return f"{', '.join(names[:-1])} {conjunction} {names[-1]}"
