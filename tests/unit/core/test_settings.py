"""Configuration is refused with file, line and the mend."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import pytest

from core.errors import BadConfiguration, Rejected
from core.settings import read_settings


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, kw_only=True)
class Inner:
    size: int
    secret: str = ""


@dataclass(frozen=True, kw_only=True)
class Outer:
    name: str
    colour: Colour = Colour.RED
    ratio: float = 1.0
    on: bool = False
    since: datetime | None = None
    file: Path | None = None
    tags: tuple[str, ...] = ()
    inner: Inner | None = None
    many: dict[str, Inner] = field(default_factory=dict)
    list: tuple[Inner, ...] = ()

    def __post_init__(self) -> None:
        if self.name == "bad":
            raise Rejected("the name is bad: choose another")


def read(text: str, **environ: str) -> Outer:
    return read_settings(Outer, text, source="m.toml", environ=environ)


def test_everything_that_can_be_said() -> None:
    told = read(
        'name = "n"\ncolour = "blue"\nratio = 2\non = true\nsince = 2026-01-31T00:00:00Z\nfile = "/x"\ntags = ["a", "b"]\n'
        'inner = {size = 3, secret = "env:KEY"}\n[many.one]\nsize = 1\n[[list]]\nsize = 7\n[[list]]\nsize = 8\n',
        KEY="hush",
    )
    assert told.colour is Colour.BLUE and told.ratio == 2.0 and told.on and told.file == Path("/x")
    assert told.tags == ("a", "b") and told.inner == Inner(size=3, secret="hush")
    assert told.many == {"one": Inner(size=1)} and [i.size for i in told.list] == [7, 8]
    assert told.since is not None and told.since.tzinfo is not None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('name = "n"\n\nratoi = 1', "m.toml, line 3: unknown key 'ratoi': did you mean 'ratio'?"),
        ('name = "n"\n[inner]\nsize = 1\nsise = 2', "m.toml, line 4: unknown key 'inner.sise': did you mean 'size'?"),
        ('name = "n"\nzzzzz = 1', "unknown key 'zzzzz': valid here: name, colour"),
        ("ratio = 1", "'name' is missing: add it"),
        ('name = "n"\n[many.a]\n', "line 2: 'many.a.size' is missing: add it"),
        ("name = 5", "line 1: 'name' must be a text in quotes, not 5"),
        ('name = "n"\nratio = "x"', "line 2: 'ratio' must be a number, not 'x'"),
        ('name = "n"\non = 1', "line 2: 'on' must be true or false, not 1"),
        ('name = "n"\ncolour = "green"', "line 2: 'colour' must be one of red, blue, not 'green'"),
        ('name = "n"\ntags = "a"', "line 2: 'tags' must be a list"),
        ('name = "n"\ninner = 3', "line 2: 'inner' must be a table of settings"),
        ('name = "n"\n[[list]]\nsize = 1\n[[list]]\nsiez = 1', "line 5: unknown key 'list.1.siez'"),
        ('name = "n"\nsince = 2026-01-31T00:00:00', "line 2: 'since' must say its zone"),
        ('name = "bad"', "the name is bad: choose another"),
        ('name = "env:NOPE"', "line 1: 'name' comes from the environment variable NOPE, which is not set"),
        ('name = "n', "m.toml: "),
    ],
)
def test_refusals_say_where_and_what_to_do(text: str, message: str) -> None:
    with pytest.raises(BadConfiguration) as refused:
        read(text)
    assert message in str(refused.value)
