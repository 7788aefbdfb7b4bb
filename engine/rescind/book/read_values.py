"""Bodies of values: formulas, tables and matrices, whose columns are tables too."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rescind.book.model import ALWAYS, Row, Table, Value
from rescind.book.names_in_scope import BrokenNameError
from rescind.book.read_version_parts import PartReader, attempt, whole
from rescind.formula.typed_expression import unify
from rescind.problems.suggestions import one_of
from rescind.source.document_nodes import NAME, Node
from rescind.values.types import Kind, Type, a_type

__all__ = ["ValueReader"]


class ValueReader:
    """Reads the values of one version, each when it is asked for."""

    def __init__(self, parts: PartReader) -> None:
        self._parts = parts
        self._problems = parts.problems

    def value(self, name: str, node: Node) -> Value:
        """A formula or a table. Raises `BrokenNameError` when it has problems."""
        if isinstance(node.data, list):
            return self._table(name, whole([attempt(self._row, row) for row in node.each()]), node)
        formula = self._parts.formula(node)
        return Value(name, formula.type, formula, node.key_location)

    def _row(self, node: Node) -> Row:
        if isinstance(node.data, dict) and set(node.data) == {"otherwise"}:
            return Row(ALWAYS, self._parts.formula(node.child("otherwise")), node.location)
        node.only("when", "is", "description")
        return Row(
            self._parts.condition(node.child("when")), self._parts.formula(node.child("is")), node.location
        )

    def _table(self, name: str, rows: list[Row], node: Node) -> Value:
        type_ = first = rows[0].result.type
        for row in rows:
            # The value may be more than what one row yields: it has the currency, or the texts, of every row.
            type_ = unify(type_, row.result.type) or type_
            if not _alike(first, row.result.type):
                self._problems.add(
                    "R0223",
                    f"this row of `{name}` yields {a_type(row.result.type)}, and the first {a_type(first)}",
                    row.location,
                    "let every row yield the same type",
                )
                break
        if rows[-1].when is not ALWAYS:
            self._problems.add(
                "R0231",
                f"`{name}` has no row for every other case",
                node.key_location,
                "end the rows with `otherwise`; a case that no row covers cannot be decided",
            )
        for row in rows[:-1]:
            if row.when is ALWAYS:
                self._problems.add(
                    "R0224", "rows after `otherwise` are never reached", row.location, "move it to the end"
                )
        return Value(name, type_, Table(tuple(rows)), node.key_location)

    def matrix(self, name: str, node: Node) -> Iterator[tuple[str, Callable[[str], Value]]]:
        """The names of the columns, and what reads each of them."""
        node.only("matrix", "columns", "rows", "description")
        columns = [column.matching(NAME, "a name") for column in node.child("columns").once()]
        complete = True
        for row in node.child("rows").mapping():
            cells = node.child("rows").child(row)
            if len(list(cells.each())) != len(columns):
                self._problems.add(
                    "R0225",
                    f"the row `{row}` needs {len(columns)} cells, a cell for each column, found "
                    f"{len(list(cells.each()))}",
                    cells.location,
                    f"columns: {one_of(columns).replace(' or ', ' and ')}",
                )
                complete = False
        if not complete:
            yield from ((f"{name}.{column}", self._broken_column) for column in columns)
            return
        for index, column in enumerate(columns):
            yield f"{name}.{column}", lambda own, at=index: self._column(own, node, at)  # type: ignore[misc]

    @staticmethod
    def _broken_column(name: str) -> Value:
        """A column with missing cells: its name is known, and nothing more is reported about it."""
        raise BrokenNameError(name)

    def _column(self, name: str, node: Node, index: int) -> Value:
        """One column of a matrix is a table: a row per choice."""
        choice = node.child("matrix")
        subject = self._parts.conditions.name(choice.text(), choice.location)
        if subject.type.kind is not Kind.CHOICE:
            self._parts.wrong_kind(subject, Kind.CHOICE, choice)
            raise BrokenNameError(subject.name)
        self._parts.used.add(subject.name)
        rows = []
        for key, cells in node.child("rows").items():
            when = ALWAYS if key == "otherwise" else self._parts.conditions.equals(subject, key, cells)
            rows.append(Row(when, self._parts.formula(cells.child(index)), cells.key_location))
        missing = [each for each in subject.type.choices if each not in node.child("rows").mapping()]
        if not missing and not self._parts.names.optional(subject.name):
            rows[-1] = Row(ALWAYS, rows[-1].result, rows[-1].location)
        return self._table(name, rows, node)


def _alike(one: Type, other: Type) -> bool:
    numbers = {Kind.INTEGER, Kind.NUMBER}
    if one.kind in numbers and other.kind in numbers:
        return True
    return one.kind is other.kind and one.calendar == other.calendar
