"""Syntax tree to typed closures: names, literals, conditions and calls; operators and functions do the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from rescind.formula.arithmetic import arithmetic, negative
from rescind.formula.comparison import COMPARISONS, comparison, have_a_text_in_common
from rescind.formula.lexer import Mistake
from rescind.formula.library.all_functions import FUNCTIONS
from rescind.formula.library.function_call import CallSite
from rescind.formula.library.tier_functions import UP_TO
from rescind.formula.runtime_values import FormulaError, Read, Run, UnknownError
from rescind.formula.syntax_tree import Binary, Branch, Call, Choices, Literal, Name, Node, Unary
from rescind.formula.typed_expression import EACH, FLAG, NUMERIC, Typed, Unit, constant, describe, unify
from rescind.problems.suggestions import did_you_mean, one_of
from rescind.values.types import ABSENT, Kind, Type

__all__ = ["build"]

TEXTS = frozenset({Kind.TEXT, Kind.CHOICE})
LISTED = NUMERIC | TEXTS | {Kind.DATE}
ARITHMETIC = frozenset({"+", "-", "*", "/"})


def build(unit: Unit, node: Node, want: Type | None = None) -> Typed:
    """The typed form of a part. `want` lets a text literal be a choice. Raises `Mistake`."""
    typed = _typed(unit, node, want)
    unit.kinds[id(node)] = typed.type.kind
    return typed


def _typed(unit: Unit, node: Node, want: Type | None) -> Typed:
    if isinstance(node, Literal):
        return _literal(unit, node, want)
    if isinstance(node, Name):
        return _name(unit, node)
    if isinstance(node, Unary):
        return _unary(unit, node)
    if isinstance(node, Binary):
        return _binary(unit, node)
    if isinstance(node, Branch):
        return _branch(unit, node, want)
    if isinstance(node, Call):
        return _call(unit, node)
    raise Mistake("R0502", node.start, "a list in brackets stands only after `in`")


def _literal(unit: Unit, node: Literal, want: Type | None) -> Typed:
    type_ = node.type
    if isinstance(node.value, str):
        type_ = Type(Kind.TEXT, (node.value,))
        if want is not None and want.kind in TEXTS and want.choices:
            _check_choice(node.value, node.start, want)
            type_ = want if want.kind is Kind.CHOICE else type_
    return Typed(type_, constant(node.value), node, unit.snippet(node), node.value)


def _check_choice(text: str, at: int, type_: Type) -> None:
    """Check that a text is one of those that it is compared with. Raises `Mistake`."""
    if text in type_.choices:
        return
    near = did_you_mean(text, type_.choices)
    if type_.kind is Kind.TEXT:
        message = f"`{text[:60]}` is not one of the texts that it is compared with"
        raise Mistake("R0203", at, message, near or f"the texts are {one_of(type_.choices, 6)}")
    hint = near or f"the choices are {one_of(type_.choices)}"
    raise Mistake("R0510", at, f"`{text[:60]}` is not one of the choices", hint)


def _name(unit: Unit, node: Name) -> Typed:
    head, _, field = node.name.partition(".")
    if head == EACH:
        return _field(unit, node, field)
    type_ = unit.scope.types.get(node.name)
    if type_ is None:
        raise _unknown_name(unit, node)
    unit.names[node.name] = None
    optional = type_.optional or node.name in unit.scope.optional
    unit.reads.append((node, optional, unit.present))
    return Typed(replace(type_, optional=False), _reader(node.name, optional=optional), node, node.name)


def _reader(name: str, *, optional: bool) -> Run:
    """A closure that reads a name. A name that is absent though it may not be is missing."""

    def run(read: Read) -> object:
        value = read(name)
        if value is ABSENT:
            raise FormulaError(f"`{name}` is absent") if optional else UnknownError(name)
        return value

    return run


def _unknown_name(unit: Unit, node: Name) -> Mistake:
    name, known = node.name, unit.scope.types
    parts = [one for one in known if one.startswith(f"{name}.")]
    if parts:
        return Mistake(
            "R0503", node.start, f"`{name}` is a group, not a fact", f"it holds {one_of(parts, 6)}"
        )
    if name in FUNCTIONS:
        hint = f"call it: `{FUNCTIONS[name].signature}`"
        return Mistake("R0503", node.start, f"`{name}` is a function", hint)
    words = {
        "True": "use `true`",
        "False": "use `false`",
        "None": "use `present(name)`",
        "null": "use `present(name)`",
    }
    hint = words.get(name) or _record_field(unit, name) or unit.scope.undeclared(name)
    near = _near(name, known)
    if not hint and "." in name:
        hint = near or "declare it in the vocabulary"
    elif not hint:
        hint = f"declare it under `values`; a text stands in quotes of its own: `'{name[:60]}'`"
        hint = f"{near} else declare it under `values`" if near else hint
    return Mistake("R0503", node.start, f"`{name[:60]}` is neither a fact nor a value", hint)


def _near(name: str, known: Iterable[str]) -> str:
    """A known name that is nearly this one. A name without a dot is a value, or a fact without its group."""
    if "." in name:
        return did_you_mean(name, known)
    whole = [one for one in known if one.rpartition(".")[2] == name]
    return (
        f"did you mean `{whole[0]}`?"
        if whole
        else did_you_mean(name, [one for one in known if "." not in one])
    )


def _record_field(unit: Unit, name: str) -> str:
    """A field of the list's records, without the `each` that reads it."""
    return f"did you mean `{EACH}.{name}`?" if unit.each is not None and name in unit.each else ""


def _field(unit: Unit, node: Name, field: str) -> Typed:
    if unit.each is None:
        hint = "`each.field` stands for a record of a list inside `sum`, `count`, `any` and `all`"
        raise Mistake("R0515", node.start, f"`{node.name}` is used outside of a list function", hint)
    if field not in unit.each:
        hint = did_you_mean(field, unit.each) or f"its fields are {one_of(unit.each)}"
        message = (
            f"the records of `{unit.list_name}` have no field `{field[:60]}`"
            if field
            else "`each` needs a field"
        )
        raise Mistake("R0515", node.start, message, hint)
    unit.fields_read += 1
    type_, over = unit.each[field], unit.list_name
    unit.reads.append((node, type_.optional, unit.present))

    def run(read: Read) -> object:
        record = read(EACH)
        value = record.get(field, ABSENT)
        if value is ABSENT:
            raise FormulaError(f"`{field}` of a record of `{over}` is absent")
        return value

    return Typed(replace(type_, optional=False), run, node, node.name)


def _unary(unit: Unit, node: Unary) -> Typed:
    operand = build(unit, node.operand)
    text = unit.snippet(node)
    if node.operator == "-":
        type_, run, literal = negative(text, operand, node.start)
        return Typed(type_, run, node, text, literal)
    _flag(operand, "not")
    inner = operand.run
    return Typed(FLAG, lambda read: not inner(read), node, text)


def _flag(part: Typed, word: str) -> Run:
    if part.type.kind is not Kind.FLAG:
        message = f"`{word}` needs a flag, `{part.text}` is {describe(part.type)}"
        raise Mistake("R0506", part.node.start, message, "compare it with something first")
    return part.run


def _binary(unit: Unit, node: Binary) -> Typed:
    if node.operator in {"and", "or"}:
        return _logic(unit, node)
    if node.operator in {"in", "not in"}:
        return _membership(unit, node)
    if node.operator in COMPARISONS:
        return comparison(unit, node, *_compared(unit, node))
    return _chain(unit, node)


def _chain(unit: Unit, node: Binary) -> Typed:
    """Arithmetic, built from the first operand on: a sum may have more terms than calls may nest."""
    links = [node]
    while isinstance(links[-1].left, Binary) and links[-1].left.operator in ARITHMETIC:
        links.append(links[-1].left)
    first = links[-1].left
    operands: list[Callable[[], Typed]] = [partial(build, unit, first)]
    operands += [partial(build, unit, link.right) for link in reversed(links)]
    built, *others = unit.all(operands)
    for link, right in zip(reversed(links), others, strict=True):
        built = arithmetic(unit, link, built, right)
        unit.kinds[id(link)] = built.type.kind
    return built


def _compared(unit: Unit, node: Binary) -> tuple[Typed, Typed]:
    """Both sides, a text literal on either taken as a choice of the other."""
    # INVARIANT: every part is built once, and evaluated at most once, so that nesting never multiplies the work.
    if isinstance(node.left, Literal):
        right, left = _in_turn(unit, node.right, node.left)
    else:
        left, right = _in_turn(unit, node.left, node.right)
    return left, right


def _in_turn(unit: Unit, first: Node, second: Node) -> tuple[Typed, Typed]:
    """Build two parts; the second should have the type of the first."""
    seen: list[Type | None] = [None]

    def head() -> Typed:
        built = build(unit, first)
        seen[0] = built.type
        return built

    one, other = unit.all([head, lambda: build(unit, second, seen[0])])
    return one, other


def _assuming(unit: Unit, names: frozenset[str], node: Node, want: Type | None = None) -> Typed:
    """Build a part where `names` are known to be present."""
    before, unit.present = unit.present, unit.present | names
    try:
        return build(unit, node, want)
    finally:
        unit.present = before


def _found_present(node: Node, *, holds: bool) -> frozenset[str]:
    """Optional names that are present where the condition came out as `holds`."""
    if isinstance(node, Unary) and node.operator == "not":
        return _found_present(node.operand, holds=not holds)
    if isinstance(node, Binary) and node.operator == ("and" if holds else "or"):
        return _found_present(node.left, holds=holds) | _found_present(node.right, holds=holds)
    if isinstance(node, Call) and node.function == "present" and holds:
        return frozenset(part.name for part in node.arguments if isinstance(part, Name))
    return frozenset()


def _logic(unit: Unit, node: Binary) -> Typed:
    both = node.operator == "and"
    # Each side matters only where the other does not decide the result.
    parts: list[Callable[[], Typed]] = [
        lambda: _assuming(unit, _found_present(node.right, holds=both), node.left),
        lambda: _assuming(unit, _found_present(node.left, holds=both), node.right),
    ]
    left, right = unit.all(parts)
    one, other = _flag(left, node.operator), _flag(right, node.operator)
    text = unit.snippet(node)
    return Typed(FLAG, _both(one, other) if both else _either(one, other), node, text)


def _both(one: Run, other: Run) -> Run:
    """Strong Kleene `and`: a side that is false decides the result, even if the other is unknown."""

    def run(read: Read) -> object:
        try:
            holds = one(read)
        except FormulaError:
            if other(read):
                raise
            return False
        return holds and other(read)

    return run


def _either(one: Run, other: Run) -> Run:
    """Strong Kleene `or`: a side that is true decides the result, even if the other is unknown."""

    def run(read: Read) -> object:
        try:
            holds = one(read)
        except FormulaError:
            if not other(read):
                raise
            return True
        return holds or other(read)

    return run


def _membership(unit: Unit, node: Binary) -> Typed:
    left = build(unit, node.left)
    negated = node.operator == "not in"
    among = _listed(unit, node, left) if isinstance(node.right, Choices) else _member_of(unit, node, left)
    text = unit.snippet(node)
    if negated:
        return Typed(FLAG, lambda read: not among(read), node, text)
    return Typed(FLAG, among, node, text)


def _listed(unit: Unit, node: Binary, left: Typed) -> Run:
    """`x in ['a', 'b']`: equal to one of the literals."""
    items = node.right.items if isinstance(node.right, Choices) else ()
    tests = unit.all([lambda item=item: _item(unit, node, left, item) for item in items])  # type: ignore[misc]
    member, among = left.run, frozenset(test.literal for test in tests)
    return lambda read: member(read) in among


def _item(unit: Unit, node: Binary, left: Typed, item: Node) -> Typed:
    """A literal that `left` may equal."""
    built = build(unit, item, left.type)
    comparison(unit, Binary(node.left.start, item.end, "==", item.start, node.left, item), left, built)
    if built.literal is None or built.type.kind not in LISTED:
        message = f"expected a text, a number or a date to be listed, found `{built.text}`"
        raise Mistake("R0502", item.start, message, "join comparisons with `or`")
    return built


def _member_of(unit: Unit, node: Binary, left: Typed) -> Run:
    right = build(unit, node.right)
    if right.type.kind is not Kind.SET:
        message = f"`in` needs a set or a list in brackets, `{right.text}` is {describe(right.type)}"
        raise Mistake("R0506", node.right.start, message, "write `x in ['a', 'b']`")
    if left.type.kind not in TEXTS:
        message = f"`{left.text}` is {describe(left.type)}, a set holds texts"
        raise Mistake("R0507", node.left.start, message)
    if right.type.choices and isinstance(left.literal, str):
        _check_choice(left.literal, node.left.start, right.type)
    if left.type.kind is Kind.TEXT:
        have_a_text_in_common(node, left, right)
    member, group = left.run, right.run

    def run(read: Read) -> object:
        among = group(read)
        return member(read) in among

    return run


def _branch(unit: Unit, node: Branch, want: Type | None) -> Typed:
    holds, fails = _found_present(node.condition, holds=True), _found_present(node.condition, holds=False)
    condition, then, other = unit.all(
        [
            lambda: build(unit, node.condition),
            lambda: _assuming(unit, holds, node.then, want),
            lambda: _assuming(unit, fails, node.other, want),
        ]
    )
    test = _flag(condition, "if")
    type_ = unify(then.type, other.type)
    if type_ is None:
        message = f"`{then.text}` is {describe(then.type)}, `{other.text}` is {describe(other.type)}"
        raise Mistake("R0516", node.other.start, message, "both outcomes of `if … else` need one type")
    one, two = then.run, other.run
    return Typed(type_, lambda read: one(read) if test(read) else two(read), node, unit.snippet(node))


def _call(unit: Unit, node: Call) -> Typed:
    if node.function == UP_TO:
        hint = "use `tier(x, up_to(bound, value), …, rest)`"
        raise Mistake("R0504", node.start, "`up_to` stands only in `tier` and `graduated`", hint)
    function = FUNCTIONS.get(node.function)
    if function is None:
        hint = did_you_mean(node.function, FUNCTIONS) or "docs/formulas.md lists the functions"
        raise Mistake("R0504", node.start, f"there is no function `{node.function[:60]}`", hint)
    given = len(node.arguments)
    if not function.least <= given <= function.most:
        least, most = function.least, function.most
        takes = f"{least}" if least == most else f"{least} to {most}"
        message = f"`{function.name}` takes {takes} argument{'s' if takes != '1' else ''}, found {given}"
        raise Mistake("R0505", node.start, message, f"use `{function.signature}`")
    return function.compile(
        CallSite(unit, node, lambda part, want: build(unit, part, want), function.signature)
    )
