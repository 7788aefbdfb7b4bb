"""Records made by `@frozen` behave as frozen dataclasses with slots do."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace

import pytest
from rescind.problems.frozen_records import frozen


@frozen
class Node:
    """A base class."""

    start: int


@frozen
class Leaf(Node):
    """A child with every kind of field."""

    name: str = "leaf"
    parts: dict = field(default_factory=dict, hash=False)
    place: object = field(default=None, repr=False, compare=False)


@frozen
class Other(Node):
    """The same fields as `Twin`."""


@frozen
class Twin(Node):
    """The same fields as `Other`."""


@dataclass(frozen=True, slots=True)
class Model:
    """What `Leaf` is compared with."""

    start: int
    name: str = "leaf"
    parts: dict = field(default_factory=dict, hash=False)
    place: object = field(default=None, repr=False, compare=False)


def test_it_is_made_read_and_shown_as_a_dataclass():
    one, model = Leaf(1, "a", place="here"), Model(1, "a", place="here")
    assert (one.start, one.name, one.parts, one.place) == (1, "a", {}, "here")
    assert repr(one) == repr(model).replace("Model", "Leaf")
    assert [item.name for item in fields(one)] == [item.name for item in fields(model)]
    assert not hasattr(one, "__dict__")


def test_a_default_made_for_each_object_is_not_shared():
    assert Leaf(1).parts is not Leaf(1).parts


@pytest.mark.parametrize("arguments", [(), (1, "a", {}, None, 5)])
def test_wrong_arguments_are_refused(arguments):
    with pytest.raises(TypeError):
        Leaf(*arguments)


def test_records_are_equal_by_class_and_by_the_fields_that_count():
    assert Leaf(1, place="here") == Leaf(1, place="there")
    assert Leaf(1) != Leaf(2)
    assert Leaf(1, parts={"a": 1}) != Leaf(1)
    assert Other(1) != Twin(1)
    assert Other(1) != (1,)
    assert len({Other(1), Twin(1), Other(1)}) == 2


def test_a_hash_leaves_out_what_does_not_count():
    assert hash(Leaf(1, parts={"a": 1}, place=[])) == hash(Leaf(1))


def test_nothing_can_be_changed():
    one = Leaf(1)
    with pytest.raises(FrozenInstanceError):
        one.start = 2
    with pytest.raises(FrozenInstanceError):
        del one.start
    with pytest.raises(AttributeError):
        one.more = 2
    assert one.start == 1


def test_it_is_replaced_matched_copied_and_pickled():
    one = Leaf(1, "a", {"b": [1]}, "here")
    assert replace(one, name="c") == Leaf(1, "c", {"b": [1]})
    match one:
        case Leaf(start, name):
            assert (start, name) == (1, "a")
    for twin in (copy.deepcopy(one), pickle.loads(pickle.dumps(one))):  # noqa: S301 - our own bytes
        assert twin == one
        assert twin.place == "here"
        assert twin.parts is not one.parts
