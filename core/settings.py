"""Reading configuration: TOML text -> frozen dataclasses, strictly. Unknown keys, wrong types and missing ones are refused
with file, line and the nearest valid key. A string `env:NAME` is taken from the environment, which is where secrets belong.

The classes themselves live with those whom they configure; this module only knows how to fill them. Understood types: str, int,
float, bool, datetime, Path, enums, `X | None`, `tuple[X, ...]`, `dict[str, X]` and nested dataclasses.
"""

import dataclasses
import math
import re
import tomllib
import types
from collections.abc import Mapping
from datetime import datetime
from difflib import get_close_matches
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from core.errors import BadConfiguration, ContactCentreError

T = TypeVar("T")
Place = tuple[str, ...]
_MOST_EXACT = 2**53
_TABLE = re.compile(r"^\s*\[{1,2}\s*([^\]]+?)\s*\]{1,2}")
_KEY = re.compile(r"^\s*([A-Za-z0-9_\-\"'.]+)\s*=")


def read_settings(cls: type[T], text: str, *, source: str, environ: Mapping[str, str]) -> T:
    """The dataclass `cls` filled from TOML `text`; `source` is the file's name for messages."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadConfiguration(f"{source}: {error}: mend the line, or compare with meridian.example.toml") from error
    return _Reader(source, _lines(text), environ).record(cls, table, ())


def fill(cls: type[T], table: object, *, what: str) -> T:
    """The dataclass `cls` filled from what a program sent (JSON); refusals begin with `what` and bear the place. Takes nothing
    from the environment: who may change settings may not read secrets."""
    return _Reader(what, {}, {}).record(cls, table, ())


class _Reader:
    def __init__(self, source: str, lines: Mapping[Place, int], environ: Mapping[str, str]) -> None:
        self._source, self._lines, self._environ = source, lines, environ

    def record(self, cls: type[T], table: object, place: Place) -> T:
        if not isinstance(table, dict):
            raise self._refuse(place, f"'{_name(place)}' must be a table of settings")
        fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
        hints = get_type_hints(cls)
        for key in table:
            if key not in fields:
                raise self._unknown(key, (*place, key), tuple(fields))
        for name, field in fields.items():
            required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
            if name not in table and required:
                raise self._refuse(place, f"'{_name((*place, name))}' is missing: add it")
        values = {key: self.value(hints[key], raw, (*place, key)) for key, raw in table.items()}
        try:
            return cls(**values)
        except ContactCentreError as error:
            inside = error.place if isinstance(error, BadConfiguration) else ()
            raise self._refuse((*place, *inside), str(error)) from error

    def value(self, kind: Any, raw: object, place: Place) -> Any:
        origin, arguments = get_origin(kind), get_args(kind)
        if origin in (Union, types.UnionType):
            kinds = [a for a in arguments if a is not type(None)]
            return None if raw is None else self.value(kinds[0], raw, place)
        if origin is tuple:
            if not isinstance(raw, list):
                raise self._refuse(place, f"'{_name(place)}' must be a list")
            return tuple(self.value(arguments[0], item, (*place, str(i))) for i, item in enumerate(raw))
        if origin is dict:
            if not isinstance(raw, dict):
                raise self._refuse(place, f"'{_name(place)}' must be a table")
            return {key: self.value(arguments[1], item, (*place, key)) for key, item in raw.items()}
        if dataclasses.is_dataclass(kind):
            return self.record(cast(type[Any], kind), raw, place)
        return self._scalar(kind, raw, place)

    def _scalar(self, kind: type, raw: object, place: Place) -> Any:
        if isinstance(raw, str) and raw.startswith("env:"):
            raw = self._from_environment(raw.removeprefix("env:"), kind, place)
        if issubclass(kind, Enum):
            choices = [str(member.value) for member in kind]
            if raw not in choices:
                raise self._refuse(place, f"'{_name(place)}' must be one of {', '.join(choices)}, not {raw!r}")
            return kind(raw)
        if kind is datetime and isinstance(raw, datetime) and raw.tzinfo is None:
            raise self._refuse(place, f"'{_name(place)}' must say its zone, e.g. {raw.isoformat()}Z")
        if kind is Path and isinstance(raw, str):
            return Path(raw)
        if kind is float and isinstance(raw, int) and not isinstance(raw, bool):
            raw = float(raw) if abs(raw) < _MOST_EXACT else math.inf
        if type(raw) is not kind or (isinstance(raw, float) and not math.isfinite(raw)):
            raise self._refuse(place, f"'{_name(place)}' must be {_TYPE_WORDS.get(kind, kind.__name__)}, not {raw!r}")
        return raw

    def _from_environment(self, name: str, kind: type, place: Place) -> object:
        text = self._environ.get(name)
        if text is None:
            raise self._refuse(
                place, f"'{_name(place)}' comes from the environment variable {name}, which is not set: set it"
            )
        return int(text) if kind is int and text.isdigit() else text

    def _unknown(self, key: str, place: Place, valid: tuple[str, ...]) -> BadConfiguration:
        near = get_close_matches(key, valid, n=1, cutoff=0.5)
        hint = f"did you mean '{near[0]}'?" if near else f"valid here: {', '.join(valid)}"
        return self._refuse(place, f"unknown key '{_name(place)}': {hint}")

    def _refuse(self, place: Place, message: str) -> BadConfiguration:
        line = next((self._lines[place[:n]] for n in range(len(place), -1, -1) if place[:n] in self._lines), None)
        return BadConfiguration(f"{self._source}{f', line {line}' if line else ''}: {message}", place=place)


_TYPE_WORDS = {
    str: "a text in quotes",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    datetime: "an instant such as 2026-01-31T00:00:00Z",
}


def _name(place: Place) -> str:
    return ".".join(place)


def _lines(text: str) -> dict[Place, int]:
    """Where each table and key stands (first line is 1); tables in a list are numbered from 0."""
    found: dict[Place, int] = {}
    table: Place = ()
    counts: dict[Place, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if header := _TABLE.match(line):
            table = _split(header[1])
            if line.lstrip().startswith("[["):
                index = counts.get(table, 0)
                counts[table] = index + 1
                table = (*table, str(index))
            for depth in range(1, len(table) + 1):  # [a.b] begins `a` too, if nothing has
                found.setdefault(table[:depth], number)
        elif key := _KEY.match(line):
            found.setdefault((*table, *_split(key[1])), number)
    return found


def _split(dotted: str) -> Place:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))
