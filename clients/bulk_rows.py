"""A client as a file tells of it, checked: from texts by meaning to values, or the reason why not. Pure."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple
from zoneinfo import ZoneInfo

from clients.bulk_headings import FIELD
from clients.edits import email_key
from clients.match import client_key
from core.desk import CustomField, FieldKind
from core.errors import Rejected
from core.model import ClientKind
from core.phone import e164

Texts = Mapping[str, Sequence[str]]

_LONGEST = {"name": 200, "organisation": 200, "note": 2_000, "warning": 200, "owner": 64, "key": 200}
_LONGEST_FIELD = 500
_MOST_NUMBERS = _MOST_EMAILS = 50
_BETWEEN_NUMBERS = re.compile(r"[,;|\n](?!\s*(?:ext|доб|вн)\b)", re.IGNORECASE)
_EXTENSION = re.compile(r"\s*(?:,?\s*(?:ext|extn|доб|вн|внутр)\b\.?:?|\bx|#)\s*\d{1,6}\s*$", re.IGNORECASE)
_LABEL = re.compile(r"^\s*(?:tel|phone|mob|mobile|тел|моб|факс|fax)\b\.?:?\s*", re.IGNORECASE)
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_YES = {"1", "yes", "y", "true", "x", "+", "да", "истина", "vip"}
_NO = {"0", "no", "n", "false", "-", "нет", "ложь"}
_KINDS = {
    ClientKind.PERSON: {"person", "individual", "contact", "человек", "физлицо", "физ лицо", "частное лицо"},
    ClientKind.ORGANISATION: {"organisation", "organization", "org", "company", "организация", "компания", "юрлицо"},
}
_KIND = {word: kind for kind, words in _KINDS.items() for word in words}
_DATES = (
    re.compile(r"(?P<y>\d{4})-(?P<m>\d\d?)-(?P<d>\d\d?)"),
    re.compile(r"(?P<d>\d\d?)\.(?P<m>\d\d?)\.(?P<y>\d{4})"),
)


class BadRow(Exception):
    """This row can't become a client; the message says why, for the person who mends it."""


class Incoming(NamedTuple):
    """A client of the file. Empty texts and None: the file says nothing, what is known stays.

    `key` names the client in the source; '' when only name and numbers do. `origin` is what the client is known by when the
    file comes again, and `digest` stands for all that the row says, in 63 bits: the same digest, nothing to do.
    """

    line: int
    key: str
    name: str
    kind: ClientKind | None
    organisation: str
    numbers: tuple[str, ...]
    emails: tuple[str, ...]
    note: str
    vip: bool | None
    warning: str
    language: str
    timezone: str
    owner: str
    check: bool | None
    fields: tuple[tuple[str, str], ...]
    origin: str = ""
    digest: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """How rows are read at this site: numbers as dialled in `region`, own fields as declared.

    `source` sets the keys of different systems apart. `exported`: Meridian wrote this file, so whatever a PBX once gave as a
    number is let through.
    """

    region: str
    fields: Mapping[str, CustomField] = field(default_factory=dict)
    source: str = ""
    exported: bool = False


def incoming(line: int, texts: Texts, checks: Checks) -> Incoming:
    """The client of one row. BadRow with the reason when it can't be one."""
    one = _one(texts)
    name = " ".join(" ".join(texts.get("name", ())).split())
    kind = _KIND.get(one("kind").casefold())
    if kind is None and one("kind"):
        raise BadRow(f"kind is {_shown(one('kind'))}: write person or organisation")
    numbers = _numbers(texts.get("number", ()), checks)
    emails = _emails(texts.get("email", ()))
    found = Incoming(
        line=line,
        key=one("key"),
        name=name,
        kind=kind,
        organisation=" ".join(one("organisation").split()),
        numbers=numbers,
        emails=emails,
        note=one("note"),
        vip=_truth(one("vip"), "vip"),
        warning=one("warning"),
        language=_language(one("language")),
        timezone=one("timezone"),
        owner=one("owner"),
        check=_truth(one("check"), "check"),
        fields=tuple(_fields(texts, checks.fields)),
    )
    _refuse(found)
    return found._replace(origin=_origin(found, checks.source), digest=_digest(found))


def _origin(found: Incoming, source: str) -> str:
    if found.key:
        return f"{source}#{found.key}"
    known = sorted(found.numbers) or sorted(found.emails)
    return "=" + _hash("\0".join((found.kind or ClientKind.PERSON, found.name.casefold(), *known)), 12).hex()


def _digest(found: Incoming) -> int:
    told = repr((*found[1:5], sorted(found.numbers), sorted(found.emails), *found[7:15]))
    return int.from_bytes(_hash(told, 8), "big") >> 1


def _hash(text: str, size: int) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).digest()


def _one(texts: Texts) -> Callable[[str], str]:
    def one(target: str) -> str:
        cells = texts.get(target)
        return cells[0].strip() if cells else ""

    return one


def _refuse(found: Incoming) -> None:
    for target, longest in _LONGEST.items():
        length = len(getattr(found, target))
        if length > longest:
            raise BadRow(f"{target} has {length} characters; {longest} is the most")
    if not (found.name or found.numbers or found.emails or found.key):
        raise BadRow("no name, no number and no e-mail address")
    if found.kind is ClientKind.ORGANISATION and not found.name:
        raise BadRow("an organisation without a name")
    if not found.key and not found.numbers and not found.emails and found.kind is not ClientKind.ORGANISATION:
        raise BadRow("nothing to know this person by another time: no number, no e-mail address, no key")
    if found.kind is ClientKind.ORGANISATION and found.organisation:
        raise BadRow("an organisation can't belong to an organisation")
    if found.timezone and not _is_zone(found.timezone):
        raise BadRow(f"timezone is {_shown(found.timezone)}: write an IANA name such as Europe/Moscow")


def _language(text: str) -> str:
    primary, dash, rest = text.replace("_", "-").partition("-")
    code = primary.lower() + dash + rest
    if code and not _LANGUAGE.fullmatch(code):
        raise BadRow(f"language is {_shown(text)}: write a code such as en or ru")
    return code


def _numbers(cells: Iterable[str], checks: Checks) -> tuple[str, ...]:
    keys: dict[str, None] = {}
    for cell in cells:
        for part in _BETWEEN_NUMBERS.split(cell) if cell else ():
            if text := part.strip():
                keys[_number(text, checks)] = None
    if len(keys) > _MOST_NUMBERS:
        raise BadRow(f"{len(keys)} numbers; {_MOST_NUMBERS} are the most")
    return tuple(keys)


def _number(text: str, checks: Checks) -> str:
    """As kept: E.164, an address of SIP, or the few digits of a short number. Everything else is no number."""
    number = e164(text, checks.region)
    if number is not None:
        return number
    key = client_key(text, checks.region)
    if key and checks.exported:
        return key
    if key and not key.isdigit():
        bare = _EXTENSION.sub("", _LABEL.sub("", text))
        if bare != text:
            return _number(bare, checks)
        if "@" in key and " " not in key:
            return key
    if key and key.isdigit() and key.isascii() and 2 <= len(key) <= 6:
        return key
    raise BadRow(f"{_shown(text)} is no telephone number, as dialled in {checks.region} or with +")


def _emails(cells: Iterable[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for cell in cells:
        for part in re.split(r"[,;|\s]+", cell) if cell else ():
            if text := part.strip():
                try:
                    found[email_key(text)] = None
                except Rejected:
                    raise BadRow(f"{_shown(text)} is no e-mail address") from None
    if len(found) > _MOST_EMAILS:
        raise BadRow(f"{len(found)} e-mail addresses; {_MOST_EMAILS} are the most")
    return tuple(found)


def _truth(text: str, target: str) -> bool | None:
    if not text:
        return None
    word = text.casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise BadRow(f"{target} is {_shown(text)}: write yes or no")


def _fields(texts: Texts, fields: Mapping[str, CustomField]) -> Iterable[tuple[str, str]]:
    for code, declared in fields.items():
        cells = texts.get(FIELD + code)
        if cells and (text := cells[0].strip()):
            yield code, _field(code, text, declared)


def _field(code: str, text: str, declared: CustomField) -> str:
    if len(text) > _LONGEST_FIELD:
        raise BadRow(f"{code} has {len(text)} characters; {_LONGEST_FIELD} is the most")
    if declared.kind is FieldKind.CHOICE:
        for choice in declared.choices:
            if choice.casefold() == text.casefold():
                return choice
        raise BadRow(f"{code} is {_shown(text)}: choose from {', '.join(declared.choices)}")
    if declared.kind is FieldKind.NUMBER:
        number = text.replace("\u00a0", "").replace(" ", "").replace(",", ".")
        if not re.fullmatch(r"[+-]?\d{1,18}(\.\d{1,9})?", number, re.ASCII):
            raise BadRow(f"{code} is {_shown(text)}: write a number")
        return number
    if declared.kind is FieldKind.DATE:
        return _date(code, text)
    return text


def _date(code: str, text: str) -> str:
    for form in _DATES:
        if found := form.fullmatch(text):
            try:
                return date(int(found["y"]), int(found["m"]), int(found["d"])).isoformat()
            except ValueError:
                break
    raise BadRow(f"{code} is {_shown(text)}: write a date such as 2026-01-31 or 31.01.2026")


@lru_cache(maxsize=1_000)
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        return False
    return True


def _shown(text: str) -> str:
    cut = "".join(char if char.isprintable() else "\ufffd" for char in text[:40])
    return f"“{cut}{'…' if len(text) > 40 else ''}”"
