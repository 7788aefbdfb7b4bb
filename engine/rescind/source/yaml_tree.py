"""Parser events to data and places, without recursion.

The parser is PyYAML's: the one written in C where it is there, else the one in Python. They differ in what
they let pass around tabs and colons; both are held to the stricter one here.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from rescind.problems.problem import FirstProblems, Location, Problem
from rescind.source.document import Entry, Place
from rescind.source.plain_scalars import is_text, plain, shorten
from rescind.source.yaml_complaints import (
    bad_tab,
    between_brackets,
    block_header,
    directive,
    explain,
    refused_depth,
    tag_problem,
    trailing,
)
from rescind.values.visible_text import UNSEEN

__all__ = ["ASK_AGAIN", "MAX_DEPTH", "MAX_NODES", "MAX_SCALAR", "PARSER", "Tree", "read_tree"]

MAX_DEPTH = 32
MAX_NODES = 400_000
ASK_AGAIN = 64 * 1024  # characters
MAX_SCALAR = 64 * 1024  # characters

PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_ELSEWHERE = {"R0008", "R0013"}  # tags and keys that are not there: each parser has its own place for them

_DROPPED = object()  # the key of an entry that is read for its problems only
_PENDING = object()  # a mapping that waits for a key


@dataclass(slots=True)
class Tree:
    """What the events gave: `place` is None without a root; `fatal` is the problem that ended the reading."""

    data: object = None
    place: Place | None = None
    problems: list[Problem] = field(default_factory=list)
    fatal: Problem | None = None


def read_tree(text: str, shown: str) -> Tree:
    """Read checked text that ends in a line feed. Problems from the line of `fatal` on are left out."""
    found = directive(text, shown)
    if found is not None:
        return Tree(fatal=found)
    builder = _Builder(text, shown)
    tree = builder.run(PARSER)
    if PARSER is not yaml.SafeLoader and _doubtful(tree, text, builder.spans):
        tree = _Builder(text, shown).run(yaml.SafeLoader)
    elif builder.refused is not None:
        # Looking for the colon of a key, libyaml reads ahead to its own bound before it gives us the first bracket.
        # What stands before the bracket that it refused it takes, and ours is the first bound in there.
        tree = _Builder(text, shown).run(PARSER, builder.refused)
    if tree.fatal is not None:
        limit = tree.fatal.location.line
        tree.problems = [problem for problem in tree.problems if problem.location.line < limit]
    return tree


def _doubtful(tree: Tree, text: str, spans: list[tuple[int, int]]) -> bool:
    """Whether the parser in Python is to be asked again, so that the place is the same everywhere.

    Only it refuses tabs between tokens. It is slow, so that other mistakes in large files are left to the
    parser in C: it finds them as well, but in rare cases it points elsewhere in the same line.
    """
    if "\t" in text and (tree.fatal is not None or bad_tab(text, spans)):
        return True
    wrong = tree.fatal is not None or any(problem.code in _ELSEWHERE for problem in tree.problems)
    return wrong and len(text) <= ASK_AGAIN


class _StopError(Exception):
    """Nothing sensible can be read after this problem."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))


class _Frame:
    """A container that is being filled: `data` and `places` grow together.

    `key` is None in a sequence; in a mapping the key whose value comes next, `_PENDING` or `_DROPPED`. `twice` are the
    keys that stand there a second time, each with its mark.
    """

    __slots__ = ("data", "flow", "key", "key_mark", "place", "places", "twice")

    def __init__(self, data: Any, places: Any, place: Place, *, flow: bool) -> None:
        self.data = data
        self.places = places
        self.place = place
        self.flow = flow
        self.key: object = _PENDING if type(data) is dict else None
        self.key_mark: Any = None
        self.twice: dict[str, Any] = {}


class _Builder:
    """Feeds one parser's events into frames."""

    def __init__(self, text: str, shown: str) -> None:
        self.text = text
        self.shown = shown
        self.tree = Tree()
        self.found = FirstProblems()
        self.frames = [_Frame([], [], Place(0, 0, 0), flow=False)]  # the first holds the root
        self.nodes = 0
        self.documents = 0
        self.tabs = "\t" in text
        self.spans: list[tuple[int, int]] = []  # of quoted and block scalars, where there are tabs
        self.refused: int | None = None  # where the parser found more nesting than it takes

    def run(self, parser: Any, end: int | None = None) -> Tree:
        """Read until the document ends or a problem forbids to go on; the parser sees the text up to `end`."""
        loader = parser(self.text[:end])
        try:
            while self._take(loader.get_event()):
                pass
            self._finish()
        except _StopError as stop:
            self.tree.fatal = stop.problem
        except yaml.YAMLError as error:
            self.refused = refused_depth(error)
            self.tree.fatal = explain(error, self.text, self.shown)
        finally:
            for depth in range(len(self.frames)):
                self._say_twice(depth)
            loader.dispose()
        self.tree.problems = list(self.found)
        return self.tree

    def _take(self, event: Any) -> bool:
        """Handle one event; False at the end."""
        kind = type(event)
        if kind is ScalarEvent:
            self._scalar(event)
        elif kind is MappingStartEvent:
            self._open(event, {}, {})
        elif kind is SequenceStartEvent:
            self._open(event, [], [])
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            self._close()
        elif kind is AliasEvent:
            self._alias(event)
        elif kind is DocumentStartEvent:
            self._document(event)
        elif kind is DocumentEndEvent and event.explicit:
            self._document_end(event)
            return False
        return kind is not StreamEndEvent

    # Nodes

    def _scalar(self, event: ScalarEvent) -> None:
        text = event.value
        mark: Any = event.start_mark
        self._count(mark)
        if len(text) > MAX_SCALAR:
            self._too_long(text, mark)
            text = ""
        if event.style:
            self._check_styled(event, text)
        elif self.frames[-1].flow:
            self._check_flow(event)
        marked = event.tag is not None or event.anchor is not None
        if marked:
            self._properties(event)
        plainly = not (event.style or marked)
        frame = self.frames[-1]
        if frame.key is _PENDING:
            self._key(frame, text, mark, plainly=plainly)
            return
        if plainly and not text and type(frame.key) is str:
            mark = frame.key_mark  # a value that is not there stands at its key
        value = self._meaning(text, mark) if plainly else text
        self._attach(value, Place(mark.line, mark.column, mark.index))

    def _key(self, frame: _Frame, text: str, mark: Any, *, plainly: bool) -> None:
        if plainly and not self._usable_key(text, mark):
            frame.key = _DROPPED
        elif text in frame.data:
            frame.twice.setdefault(text, mark)
            frame.key = _DROPPED
        else:
            frame.key = text
        frame.key_mark = mark

    def _usable_key(self, text: str, mark: Any) -> bool:
        """Whether a plain key can be taken as its text, after adding what is wrong with it."""
        if is_text(text):
            return True
        if text == "<<":
            hint = "write the keys out, or put what is shared into a file and `include` it"
            self._add("R0007", "merge keys (`<<`) are not read", mark, hint)
            return False
        if not text:
            self._add("R0013", "expected a key before the colon, found nothing", mark, "name the key")
            return False
        if space := next((char for char in text if char.isspace() and char not in " \n"), ""):
            message = f"the key `{shorten(text)}` holds the unusual space U+{ord(space):04X}"
            self._add("R0015", message, mark, "write an ordinary space")
            return False
        found = plain(text)
        hint = f'quote it: `"{shorten(text)}"`'
        if found.code:
            self._add(found.code, found.message, mark, found.hint if found.code == "R0015" else hint)
        elif not isinstance(found.value, str):
            value = found.value
            what = "null" if value is None else "a flag" if isinstance(value, bool) else "a number"
            self._add("R0013", f"expected a text as the key, found {what}: `{shorten(text)}`", mark, hint)
        return True

    def _meaning(self, text: str, mark: Any) -> object:
        if is_text(text):
            return text
        found = plain(text)
        if found.code:
            self._add(found.code, found.message, mark, found.hint)
        return found.value

    def _open(self, event: Any, data: Any, places: Any) -> None:
        mark = event.start_mark
        self._count(mark)
        if event.tag is not None or event.anchor is not None:
            self._properties(event)
        if len(self.frames) > MAX_DEPTH:
            message = f"expected at most {MAX_DEPTH} levels of nesting, found more"
            self._stop(
                "R0014", message, mark, "give a part of it a name under `values` or in a file of its own"
            )
        place = Place(mark.line, mark.column, mark.index, places)
        frame = self.frames[-1]
        if frame.key is _PENDING:
            hint = 'if the text is meant, quote it: `"{name}"`' if event.flow_style else ""
            self._add("R0013", "expected a text as the key, found a list or a mapping", mark, hint)
        self.frames.append(_Frame(data, places, place, flow=bool(event.flow_style)))

    def _say_twice(self, depth: int) -> None:
        """One problem for all keys that appear twice in a mapping: most often an item without its dash."""
        frame = self.frames[depth]
        if not frame.twice:
            return
        [key, *more] = frame.twice
        first: Entry = frame.places[key]
        where = f"the first is on line {first.line + 1}"
        if more:
            words = ", ".join(f"`{shorten(each)}`" for each in [key, *more[:3]][:-1])
            last = f"`{shorten(more[-1])}`" if len(more) <= 3 else f"{len(more) - 2} more"
            message = f"the keys {words} and {last} appear twice in this mapping; {where}"
        else:
            message = f"the key `{shorten(key)}` appears twice in this mapping; {where}"
        hint = "rename one of them, or delete it"
        in_list = depth > 1 and type(self.frames[depth - 1].data) is list and not frame.flow
        if in_list and (more or key == next(iter(frame.data))):
            hint = "if another item begins here, put `- ` before its first key; else delete one of them"
        self._add("R0006", message, frame.twice[key], hint)
        frame.twice = {}

    def _close(self) -> None:
        self._say_twice(len(self.frames) - 1)
        done = self.frames.pop()
        frame = self.frames[-1]
        if frame.key is _PENDING:
            frame.key = _DROPPED
        else:
            self._attach(done.data, done.place)

    def _attach(self, value: object, place: Place) -> None:
        frame = self.frames[-1]
        if type(frame.data) is list:
            frame.data.append(value)
            frame.places.append(place)
            return
        key, frame.key = frame.key, _PENDING
        if key is not _DROPPED:
            frame.data[key] = value
            frame.places[key] = Entry(frame.key_mark.line, frame.key_mark.column, place)

    def _alias(self, event: AliasEvent) -> None:
        mark: Any = event.start_mark
        self._count(mark)
        hint = f'write it out; if the text is meant, quote it: `"*{shorten(str(event.anchor))}"`'
        self._add(
            "R0007", f"`*{shorten(str(event.anchor))}` is an alias, and aliases are not read", mark, hint
        )
        frame = self.frames[-1]
        if frame.key is _PENDING:
            frame.key = _DROPPED
        else:
            self._attach(None, Place(mark.line, mark.column, mark.index))

    # Checks

    def _properties(self, event: Any) -> None:
        """A tag or an anchor before a node."""
        if event.anchor is not None:
            name = shorten(str(event.anchor))
            hint = f'delete it; if the text is meant, quote it: `"&{name}"`'
            self._add("R0007", f"`&{name}` is an anchor, and anchors are not read", event.start_mark, hint)
        if event.tag is not None:
            found = tag_problem(self.text, event.start_mark, self.shown)
            self._add(found.code, found.message, event.start_mark, found.hint)

    def _check_styled(self, event: ScalarEvent, text: str) -> None:
        start: Any = event.start_mark
        end: Any = event.end_mark
        if self.tabs:
            self.spans.append((start.index, end.index))
        if event.style in {"|", ">"} and event.tag is None and event.anchor is None:
            found = block_header(self.text, start.index, self.shown)
            if found is not None:
                raise _StopError(found)
        if event.style == '"' and _unseen().search(text):
            # In the file itself such characters have been found already: this is an escape.
            message = "an escape in this text stands for a character that cannot be seen"
            self._add("R0015", message, start, "write the text without it; only `\\n` and `\\t` are usual")

    def _check_flow(self, event: ScalarEvent) -> None:
        start: Any = event.start_mark
        end: Any = event.end_mark
        found = between_brackets(self.text, start.index, end.index, self.shown)
        if found is not None:
            raise _StopError(found)

    def _document(self, event: DocumentStartEvent) -> None:
        self.documents += 1
        if self.documents > 1:
            hint = "delete the `---`, or put the second document into a file of its own"
            self._stop("R0009", "expected one document, found a second one", event.start_mark, hint)

    def _document_end(self, event: DocumentEndEvent) -> None:
        """After `...` nothing may follow."""
        mark: Any = event.end_mark
        found = trailing(self.text, mark.index)
        if found < len(self.text):
            place = Location(self.shown, self.text.count("\n", 0, found) + 1, 1)
            hint = "delete the `...`, or what follows it"
            raise _StopError(Problem("R0009", "expected one document, found more after `...`", place, hint))

    def _finish(self) -> None:
        """Take the root over; none, or null that is not written as a word, is an empty file."""
        root = self.frames[0]
        if not root.data or (root.data[0] is None and not self.text[root.places[0].offset :].strip()):
            message = "expected a mapping of keys, found an empty file"
            raise _StopError(Problem("R0010", message, Location(self.shown)))
        self.tree.data, self.tree.place = root.data[0], root.places[0]

    def _count(self, mark: Any) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            hint = "split the file: a version can `include` other files"
            self._stop(
                "R0002", f"expected at most {MAX_NODES} keys and values in one file, found more", mark, hint
            )

    def _too_long(self, text: str, mark: Any) -> None:
        message = f"expected a text of at most {MAX_SCALAR} characters, found {len(text)}"
        self._add("R0002", message, mark, "shorten it; check whether a closing quote is missing")

    def _add(self, code: str, message: str, mark: Any, hint: str) -> None:
        self.found.add(lambda: Problem(code, message, self._at(mark), hint))

    def _stop(self, code: str, message: str, mark: Any, hint: str) -> NoReturn:
        raise _StopError(Problem(code, message, self._at(mark), hint))

    def _at(self, mark: Any) -> Location:
        return Location(self.shown, mark.line + 1, mark.column + 1)


@functools.cache
def _unseen() -> re.Pattern[str]:
    return re.compile(f"[{UNSEEN}]")
