"""Tokens to a syntax tree: a recursive descent by precedence, bounded in depth and in the number of nodes.

From loosest to tightest: `a if c else b`; `or`; `and`; `not`; comparisons and `in` (not chained);
`+ -`; `* /`; unary `-`; literals, names, calls, parentheses.
"""

from __future__ import annotations

from typing import Final, NoReturn

from rescind.formula.lexer import Form, Mistake, Token, tokens
from rescind.formula.syntax_tree import Binary, Branch, Call, Choices, Literal, Name, Node, Unary

__all__ = ["MAX_DEPTH", "MAX_NODES", "MAX_TEXT", "parse"]

MAX_TEXT: Final = 4096
MAX_DEPTH: Final = 64
MAX_NODES: Final = 512

COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
# Words of other languages, and what is written for them.
INSTEAD = {
    "AND": "and",
    "OR": "or",
    "NOT": "not",
    "is": "==",
    "IF": "if",
    "ELSE": "else",
    "of": "*",
    "x": "*",
}
_WHERE_NO_VALUE = {
    "if": "write `x if condition else y`",
    "[": "names of facts are written in full, without brackets",
}
LEVELS: tuple[frozenset[str], ...] = (frozenset({"+", "-"}), frozenset({"*", "/"}))


def parse(text: str) -> Node:
    """The syntax tree of a formula. Raises `Mistake`."""
    if len(text) > MAX_TEXT:
        message = f"the formula has {len(text)} characters, at most {MAX_TEXT} are read"
        raise Mistake("R0500", 0, message, "split it into several values")
    parser = _Parser(tokens(text))
    node = parser.expression()
    if parser.token.form is not Form.END:
        parser.unexpected("an operator or the end of the formula")
    return node


class _Parser:
    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._at = 0
        self._depth = 0
        self._nodes = 0
        # How deep each node nests in meaning. `a + b + c` nests to the left in the tree, and is one level all the same.
        self._height: dict[int, int] = {}

    @property
    def token(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self.token
        self._at += 1
        return token

    def _sign(self, *texts: str) -> bool:
        return self.token.form in {Form.SIGN, Form.WORD} and self.token.text in texts

    def _expect(self, text: str, why: str) -> Token:
        if not self._sign(text):
            self.unexpected(f"`{text}` {why}")
        return self._take()

    def unexpected(self, expected: str) -> NoReturn:
        token = self.token
        found = f"`{token.text[:60]}`" if token.text else "the end of the formula"
        raise Mistake("R0502", token.start, f"expected {expected}, found {found}", self._hint())

    def _hint(self) -> str:
        before = self._tokens[self._at - 1] if self._at else None
        number = before is not None and before.form is Form.LITERAL and before.text[:1].isdigit()
        if number and self.token.text in {"s", "min", "h", "d", "w", "mo", "y"}:
            return f"write the unit at the number: `{before.text}{self.token.text}`" if before else ""
        if number and self.token.text == ",":
            return "numbers are written without separators, and with a point: `1000.50`"
        if self.token.form is Form.NAME:
            word = INSTEAD.get(self.token.text, "")
            return f"use `{word}`" if word else ""
        if self.token.form is Form.END and self._at:
            return "close every `(` with `)`, and write a value after every operator"
        return _WHERE_NO_VALUE.get(self.token.text, "")

    def _grown(self, node: Node, *parts: Node, least: int = 0) -> Node:
        """A node that nests one level deeper than its deepest part, and `least` levels."""
        self._nodes += 1
        height = max(least, 1 + max((self._height[id(part)] for part in parts), default=0))
        self._height[id(node)] = height
        if self._nodes > MAX_NODES:
            message = f"the formula has more than {MAX_NODES} parts"
            raise Mistake("R0500", node.start, message, "split it into several values")
        if height > MAX_DEPTH:
            self._too_deep(node.start)
        return node

    def _too_deep(self, at: int) -> NoReturn:
        message = f"the formula nests more than {MAX_DEPTH} levels deep"
        raise Mistake("R0500", at, message, "split it into several values")

    def expression(self) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._too_deep(self.token.start)
        node = self._or()
        if self._sign("if"):
            self._take()
            condition = self._or()
            self._expect("else", "and the value otherwise")
            other = self.expression()
            branch = Branch(node.start, other.end, condition, node, other)
            node = self._grown(branch, condition, node, other)
        self._depth -= 1
        return node

    def _binary(self, operator: Token, left: Node, right: Node, name: str = "") -> Node:
        node = Binary(left.start, right.end, name or operator.text, operator.start, left, right)
        return self._grown(node, left, right)

    def _or(self) -> Node:
        node = self._and()
        while self._sign("or"):
            node = self._binary(self._take(), node, self._and())
        return node

    def _and(self) -> Node:
        node = self._not()
        while self._sign("and"):
            node = self._binary(self._take(), node, self._not())
        return node

    def _not(self) -> Node:
        signs: list[Token] = []
        while self._sign("not"):
            signs.append(self._take())
        node = self._comparison()
        for sign in reversed(signs):
            node = self._grown(Unary(sign.start, node.end, "not", node), node)
        return node

    def _comparison(self) -> Node:
        node = self._sum(0)
        if self._sign("in"):
            operator = self._take()
            node = self._binary(operator, node, self._choices() if self._sign("[") else self._sum(0))
        elif self._sign("not") and self._tokens[self._at + 1].text == "in":
            operator, _ = self._take(), self._take()
            right = self._choices() if self._sign("[") else self._sum(0)
            node = self._binary(operator, node, right, "not in")
        elif self._sign(*COMPARISONS):
            node = self._binary(self._take(), node, self._sum(0))
        if self._sign(*COMPARISONS, "in"):
            message = f"expected one comparison, found another at `{self.token.text}`"
            raise Mistake("R0502", self.token.start, message, "join comparisons with `and`")
        return node

    def _choices(self) -> Node:
        start = self._take().start
        items = [self._sum(0)]
        while self._sign(","):
            self._take()
            items.append(self._sum(0))
        end = self._expect("]", "to end the list").end
        return self._grown(Choices(start, end, tuple(items)), *items)

    def _sum(self, level: int) -> Node:
        if level == len(LEVELS):
            return self._unary()
        node = self._sum(level + 1)
        if self._sign(*LEVELS[level]):
            node = self._binary(self._take(), node, self._sum(level + 1))
        while self._sign(*LEVELS[level]):
            operator, right = self._take(), self._sum(level + 1)
            longer = Binary(node.start, right.end, operator.text, operator.start, node, right)
            node = self._grown(longer, right, least=self._height[id(node)])
        return node

    def _unary(self) -> Node:
        signs: list[Token] = []
        while self._sign("-"):
            signs.append(self._take())
        node = self._primary()
        for sign in reversed(signs):
            node = self._grown(Unary(sign.start, node.end, "-", node), node)
        return node

    def _primary(self) -> Node:
        token = self.token
        if token.form is Form.LITERAL and token.type is not None:
            self._take()
            return self._grown(Literal(token.start, token.end, token.value, token.type))
        if token.form is Form.NAME:
            self._take()
            if self._sign("("):
                return self._call(token)
            return self._grown(Name(token.start, token.end, token.text))
        if not self._sign("("):
            self.unexpected("a value")
        self._take()
        node = self.expression()
        self._expect(")", "to close the parenthesis")
        return node

    def _call(self, name: Token) -> Node:
        self._take()
        arguments: list[Node] = []
        while not self._sign(")"):
            if arguments:
                self._expect(",", "or `)` after an argument")
            arguments.append(self.expression())
        end = self._take().end
        return self._grown(Call(name.start, end, name.text, tuple(arguments)), *arguments)
