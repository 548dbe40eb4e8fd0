"""Cards and changes as plain JSON-able records and back, exactly: for the journal and for the nested parts of a row.

Owns the shape on disk. A field with a default may be missing in an old record; a field that is gone is ignored.
"""

import dataclasses
import json
import types
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from callcards.follow_ups import AddFollowUp, ChangeFollowUp
from callcards.ports import Annotate, AuditLine, Change
from core.effects import DiscardCard, SaveCallback, SaveCard, SaveOffer, SaveVoicemail

T = TypeVar("T")


def to_record(value: Any) -> Any:
    """Dataclasses become objects, tuples lists, instants ISO text in UTC."""
    kind: Any = type(value)
    return _writer(kind)(value)


@cache
def _writer(kind: Any) -> Callable[[Any], Any]:
    """By the value's class, found once: thousands of cards a second pass here."""
    if issubclass(kind, datetime):
        return lambda at: (at if at.tzinfo is UTC else at.astimezone(UTC)).isoformat()
    if issubclass(kind, StrEnum):
        return lambda member: member.value
    if issubclass(kind, tuple | list):
        return lambda items: [to_record(item) for item in items]
    if issubclass(kind, Mapping):
        return lambda items: {key: to_record(item) for key, item in items.items()}
    if dataclasses.is_dataclass(kind):
        names = [field.name for field in dataclasses.fields(kind)]
        return lambda value: {name: to_record(getattr(value, name)) for name in names}
    return lambda value: value


@cache
def _opener(kind: Any) -> Callable[[Any], Any]:
    """One level of `to_record`: the encoder comes back for what is inside."""
    if dataclasses.is_dataclass(kind):
        names = [field.name for field in dataclasses.fields(kind)]
        return lambda value: {name: getattr(value, name) for name in names}
    if issubclass(kind, Mapping):
        return dict
    if issubclass(kind, datetime):
        return _writer(kind)
    raise TypeError(f"a {kind.__name__} can't be recorded")


def _opened(value: Any) -> Any:
    kind: Any = type(value)
    return _opener(kind)(value)


# Made once: json.dumps makes a new encoder at each call that isn't all defaults.
_encode = json.JSONEncoder(separators=(",", ":"), default=_opened).encode


def to_json(value: Any) -> str:
    """`to_record` as JSON in pure ASCII, several times as fast."""
    return _encode(value)


def from_record(kind: type[T], record: Mapping[str, Any]) -> T:
    """The dataclass that `to_record` was given. Raises TypeError, ValueError or KeyError on a damaged record."""
    readers = _readers(kind)  # type: ignore[arg-type]  # a class is hashable
    return kind(**{name: readers[name](value) for name, value in record.items() if name in readers})


@cache
def _readers(kind: Any) -> dict[str, Callable[[Any], Any]]:
    hints = get_type_hints(kind)
    return {field.name: _reader(hints[field.name]) for field in dataclasses.fields(kind)}


def _reader(hint: Any) -> Callable[[Any], Any]:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        inner = _reader(next(a for a in arguments if a is not type(None)))
        return lambda value: None if value is None else inner(value)
    if origin is tuple:
        item = _reader(arguments[0])
        return lambda values: tuple(item(value) for value in values)
    if hint is datetime:
        return datetime.fromisoformat
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint
    if dataclasses.is_dataclass(hint):
        kind: Any = hint
        return lambda record: from_record(kind, record)
    if isinstance(hint, type) and issubclass(hint, tuple):
        return _reader_of_named(hint)
    return lambda value: value


def _reader_of_named(hint: Any) -> Callable[[Any], Any]:
    """A NamedTuple is written as the list of its values."""
    hints = get_type_hints(hint)
    readers = [_reader(hints[name]) for name in hint._fields]
    return lambda values: hint(*(reader(value) for reader, value in zip(readers, values, strict=False)))


_KINDS: dict[str, type] = {
    "save": SaveCard,
    "discard": DiscardCard,
    "annotate": Annotate,
    "add_follow_up": AddFollowUp,
    "change_follow_up": ChangeFollowUp,
    "audit": AuditLine,
    "offer": SaveOffer,
    "callback": SaveCallback,
    "voicemail": SaveVoicemail,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def change_line(change: Change) -> str:
    """One line of JSON without its line end; pure ASCII, so that no text from outside can break it."""
    return to_json([_NAMES[type(change)], change])


def change_of(line: str) -> Change:
    """The change that `change_line` wrote. Raises ValueError for anything else."""
    try:
        name, record = json.loads(line)
        change: Change = from_record(_KINDS[name], record)
        return change
    except (TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(f"no change: {line[:80]!r}") from error
