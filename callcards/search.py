"""What a typed query asks for, and the port that finds it. Pure; core/words.py says what a word is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from callcards.ports import StoredCard
from core.desk import Disposition
from core.words import code_word, words_of

_NUMBER = re.compile(r"^[+(]?[0-9][0-9 ().+\-/]*$")
_MOST_WORDS = 8
_SHORTEST_PART = 4
# A beginning of fewer letters fits half of everything, which costs the database much and tells nobody anything.
SHORTEST_BEGINNING = 2
# Before a national number some countries dial 8 or 0, which is no part of it as it is stored.
_TRUNK = ("8", "0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """A query understood: every one of `words` must be found, each at the beginning of a word or as one of its `codes`.

    `number` is the query as typed where it may be a telephone number; `parts`: digits, one of which must be within one.
    """

    words: tuple[str, ...]
    codes: Mapping[str, tuple[str, ...]]
    number: str = ""
    parts: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.words or self.parts)


def sought(text: str, dispositions: Mapping[str, Disposition]) -> Sought:
    """What a person asks for. Falsy where nothing can be looked for."""
    words = words_of(text)[:_MOST_WORDS]
    digits = "".join(char for char in text if char.isdecimal() and char.isascii())
    is_number = bool(_NUMBER.match(text.strip())) and len(digits) >= _SHORTEST_PART
    parts = [digits] if is_number else []
    if is_number and digits.startswith(_TRUNK) and "+" not in text and len(digits) > _SHORTEST_PART:
        parts.append(digits[1:])
    if words and len("".join(words)) < SHORTEST_BEGINNING:
        words = []
    return Sought(
        words=tuple(words),
        codes={word: found for word in words if (found := _codes(word, dispositions))},
        number=text.strip() if is_number else "",
        parts=tuple(parts),
    )


def _codes(word: str, dispositions: Mapping[str, Disposition]) -> tuple[str, ...]:
    if len(word) < SHORTEST_BEGINNING:
        return ()
    return tuple(
        code_word(code)
        for code, told in dispositions.items()
        if any(each.startswith(word) for each in words_of(f"{code} {told.en} {told.ru}"))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundClient:
    client_id: str
    name: str
    number: str
    organisation: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """`more`: there is more than what was asked for at most."""

    clients: tuple[FoundClient, ...] = ()
    cards: tuple[StoredCard, ...] = ()
    more: bool = False


class Search(Protocol):
    """Raises Unavailable when the database can't be reached."""

    async def find(self, site: str, asked: Sought, *, limit: int) -> Findings:
        """Clients by the words of their name or by number, newest first; cards by what was typed on them, by number, and the
        last of the clients found. What has the words whole may come before what only begins with them."""
