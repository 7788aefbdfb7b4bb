"""What changed between two conditions or two formulas, in plain words; a mere difference in spelling is no change."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any
from zoneinfo import ZoneInfo

from rescind.authoring.lint import shape_of
from rescind.book.model import ALWAYS, AllOf, AnyOf, Compare, Condition, Has, Name, Not, Op, Present, Row
from rescind.formula.lexer import tokens
from rescind.formula.scope import Formula
from rescind.values.money import Money
from rescind.values.types import ORDERED, Kind, Type
from rescind.values.value_readers import plain

__all__ = ["Pair", "Say", "condition_changes", "same_formula", "table_changes"]

# A condition of one side in words.
Say = Callable[[Condition], str]

AMOUNTS = {Op.OVER: "over", Op.AT_LEAST: "at least", Op.UNDER: "under", Op.AT_MOST: "at most"}
MOMENTS = {Op.OVER: "after", Op.AT_LEAST: "not before", Op.UNDER: "before", Op.AT_MOST: "not after"}
EQUAL = {Op.IS: "", Op.IS_NOT: "not "}
RISING = frozenset({Op.OVER, Op.AT_LEAST})


@dataclass(frozen=True, slots=True)
class Test:
    """One test of one name: `how` it is compared, with which operands. Lists of choices and ranges are one test."""

    subject: Name
    how: str
    op: Op | None
    operands: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """`all` or `any` of several parts; a part is kept with the condition that it came from."""

    how: str
    items: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """The two sides of a comparison: how each words its conditions, and the zone for times."""

    say_old: Say
    say_new: Say
    zone: ZoneInfo


def condition_changes(old: Condition, new: Condition, pair: Pair) -> list[str]:
    """What changed from one condition to the other, one phrase each; empty where they ask the same."""
    return list(_changes(old, new, pair, denied=False))


def _changes(old: Condition, new: Condition, pair: Pair, *, denied: bool) -> Iterator[str]:
    if shape_of(old) == shape_of(new):
        return
    if shape_of(old) == shape_of(ALWAYS):
        yield f"it held always, and now only where {pair.say_new(new)}"
        return
    if shape_of(new) == shape_of(ALWAYS):
        yield f"it holds always now, no longer only where {pair.say_old(old)}"
        return
    one, two = _form(old), _form(new)
    if isinstance(one, Not) and isinstance(two, Not):
        yield from _changes(one.item, two.item, pair, denied=not denied)
    elif isinstance(one, Test) and isinstance(two, Test) and one.subject.name == two.subject.name:
        yield _test_change(one, two, pair, denied=denied)
    elif isinstance(one, Group) or isinstance(two, Group):
        yield from _group_changes(old, new, pair, denied=denied)
    else:
        yield _replaced(old, new, pair)


def _replaced(old: Condition, new: Condition, pair: Pair) -> str:
    return f"it held where {pair.say_old(old)}, and now where {pair.say_new(new)}"


def _group_changes(old: Condition, new: Condition, pair: Pair, *, denied: bool) -> Iterator[str]:
    """Two groups of one kind, part by part. A condition that is no group counts as a group of itself."""
    one, two = _form(old), _form(new)
    how = one.how if isinstance(one, Group) else two.how if isinstance(two, Group) else "all"
    if isinstance(one, Group) and isinstance(two, Group) and one.how != two.how:
        yield _replaced(old, new, pair)
        return
    parts = [form.items if isinstance(form, Group) else (side,) for form, side in ((one, old), (two, new))]
    gone, come = _unmatched(*parts)
    for before in list(gone):
        after = next((each for each in come if _alike(before, each)), None)
        if after is not None:
            gone.remove(before)
            come.remove(after)
            yield from _changes(before, after, pair, denied=denied)
    for each in gone:
        yield f"it no longer {'asks that' if how == 'all' else 'holds where'} {pair.say_old(each)}"
    for each in come:
        yield f"it now also {'asks that' if how == 'all' else 'holds where'} {pair.say_new(each)}"


def _unmatched(old: Sequence[Condition], new: Sequence[Condition]) -> tuple[list[Condition], list[Condition]]:
    """The parts of each side that the other does not have."""
    shapes = [{shape_of(each) for each in side} for side in (old, new)]
    return (
        [each for each in old if shape_of(each) not in shapes[1]],
        [each for each in new if shape_of(each) not in shapes[0]],
    )


def _alike(one: Condition, two: Condition) -> bool:
    """Whether one part may have become the other: tests of one name, or groups about common names."""
    forms = _form(one), _form(two)
    if all(isinstance(form, Test) for form in forms):
        return forms[0].subject.name == forms[1].subject.name  # type: ignore[union-attr]
    return type(forms[0]) is type(forms[1]) and bool(_names(one) & _names(two))


def _names(condition: Condition) -> set[str]:
    form = _form(condition)
    match form:
        case Group(items=items):
            return set().union(*map(_names, items))
        case Not(item):
            return _names(item)
        case Test(subject):
            return {subject.name}


def _form(condition: Condition) -> Test | Group | Not:
    """A condition as its author wrote it: lists of choices and ranges put together again, guards left out."""
    match condition:
        case AllOf(items):
            kept = tuple(item for item in items if not (isinstance(item, Present) and item.implied))
            return _form(kept[0]) if len(kept) == 1 else _list_test(kept, Op.IS_NOT) or Group("all", kept)
        case AnyOf(items):
            return _form(items[0]) if len(items) == 1 else _list_test(items, Op.IS) or Group("any", items)
        case Not():
            return condition
        case Compare(subject, op, operand):
            return Test(subject, _op_words(op, subject.type), op, (operand,))
        case Present(subject):
            return Test(subject, "present", None, ())
        case Has(subject, member):
            return Test(subject, "has ", None, (member,))


def _list_test(items: Sequence[Condition], op: Op) -> Test | None:
    tests = [form for form in map(_form, items) if isinstance(form, Test) and len(form.operands) == 1]
    if len(tests) < len(items) or len(tests) < 2 or len({test.subject.name for test in tests}) > 1:
        return None
    operands = tuple(test.operands[0] for test in tests)
    if all(test.op is op for test in tests):
        return Test(tests[0].subject, "one of " if op is Op.IS else "none of ", op, operands)
    if [test.op for test in tests] == [Op.AT_LEAST, Op.AT_MOST]:
        return Test(tests[0].subject, "between ", None, operands)
    return None


def _op_words(op: Op, type_: Type) -> str:
    if op in EQUAL:
        return EQUAL[op]
    return (MOMENTS if type_.kind in (Kind.TIME, Kind.DATE) else AMOUNTS)[op] + " "


def _test_change(old: Test, new: Test, pair: Pair, *, denied: bool) -> str:
    name = f"`{old.subject.name}`"
    if {old.op, new.op} <= {Op.IS} and (len(old.operands) > 1 or len(new.operands) > 1):
        return f"{name} {_list_change(old, new, pair)}"
    was, now = _words(old, pair), _words(new, pair)
    return f"{name} was {was}, and is now {now}{_effect(old, new, denied=denied)}"


def _list_change(old: Test, new: Test, pair: Pair) -> str:
    gone = [each for each in old.operands if each not in new.operands]
    come = [each for each in new.operands if each not in old.operands]
    parts = []
    if come:
        parts.append("may now also be " + " or ".join(_operand(each, new.subject, pair) for each in come))
    if gone:
        parts.append("may no longer be " + " or ".join(_operand(each, old.subject, pair) for each in gone))
    return ", and ".join(parts)


def _words(test: Test, pair: Pair) -> str:
    operands = [_operand(each, test.subject, pair) for each in test.operands]
    last = " and " if test.how.startswith("between") else " or "
    return f"{test.how}{last.join(operands)}".strip()


def _operand(operand: Any, subject: Name, pair: Pair) -> str:
    if isinstance(operand, Name):
        return f"`{operand.name}`"
    kind = Type(Kind.CHOICE) if subject.type.kind is Kind.SET else subject.type
    value = plain(operand, kind, pair.zone)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return _thousands(text) if isinstance(operand, Money) else text


def _thousands(money: str) -> str:
    """`7000.00 USD` as `7,000 USD`."""
    short = re.sub(r"\.0+(?= )", "", money)
    return re.sub(r"(?<=\d)(?=(\d{3})+(?!\d)(?:\.|\s))", ",", short)


def _effect(old: Test, new: Test, *, denied: bool) -> str:
    """Which way a moved threshold works; "" where that cannot be said."""
    if old.op is not new.op or old.op is None or old.subject.type.kind not in ORDERED or old.op in EQUAL:
        return ""
    one, two = old.operands[0], new.operands[0]
    if (
        isinstance(one, Name)
        or isinstance(two, Name)
        or getattr(one, "currency", 0) != getattr(two, "currency", 0)
    ):
        return ""
    fewer = (two > one) is (old.op in RISING)
    return f" ({'fewer' if fewer is not denied else 'more'} cases)"


def same_formula(old: Formula | None, new: Formula | None) -> bool:
    """Whether two formulas are the same but for their layout and the spelling of numbers."""
    if old is None or new is None:
        return old is new
    return old.text == new.text or _spelt(old.text) == _spelt(new.text)


def _spelt(text: str) -> list[object]:
    return [
        (token.form, token.text if token.type is None else (token.type, token.value))
        for token in tokens(text)
    ]


def table_changes(old: Sequence[Row], new: Sequence[Row], pair: Pair) -> Iterator[str]:
    """What changed from one table of rows to the other; their order matters, since the first that holds counts."""
    matcher = SequenceMatcher(a=list(map(_row_key, old)), b=list(map(_row_key, new)), autojunk=False)
    for tag, start, end, first, last in matcher.get_opcodes():
        if tag == "equal":
            continue
        before, after = list(old[start:end]), list(new[first:last])
        for one, two in zip(before, after, strict=False):
            yield from _row_change(one, two, pair)
        for row in before[len(after) :]:
            yield f"a row is gone: {row.result.text} {_where(row, pair.say_old)}"
        for row in after[len(before) :]:
            yield f"a row is new: {row.result.text} {_where(row, pair.say_new)}"


def _row_key(row: Row) -> tuple[object, str]:
    return shape_of(row.when), str(_spelt(row.result.text))


def _row_change(old: Row, new: Row, pair: Pair) -> Iterator[str]:
    if shape_of(old.when) == shape_of(new.when):
        yield f"{old.result.text} is now {new.result.text} {_where(new, pair.say_new)}"
    elif same_formula(old.result, new.result):
        words = "; ".join(condition_changes(old.when, new.when, pair))
        yield f"the row that gives {new.result.text}: {words}"
    else:
        yield (
            f"{old.result.text} {_where(old, pair.say_old)} became {new.result.text} {_where(new, pair.say_new)}"
        )


def _where(row: Row, say: Say) -> str:
    return "otherwise" if row.when is ALWAYS or row.when == ALWAYS else f"where {say(row.when)}"
