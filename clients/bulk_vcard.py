"""vCard 3.0 (RFC 2426) and 4.0 (RFC 6350): many cards one after the other, read as a stream, and written. Pure.

A library was looked at first: vobject stops at the first line that it can't read, and the rest of the file is lost; here a
damaged card is told by its line and the next one is read.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from clients.bulk_headings import FIELD
from clients.bulk_text import UNDECODED

LONGEST_PROPERTY = 65_536
MOST_PROPERTIES = 500
PRODUCT = "-//Meridian//clients//EN"
_WANTED = {
    "version", "fn", "n", "org", "kind", "x-addressbookserver-kind", "tel", "email", "note", "uid", "lang", "tz", "prodid",
}  # fmt: skip
_OURS = {
    "x-meridian-vip": "vip",
    "x-meridian-warning": "warning",
    "x-meridian-owner": "owner",
    "x-meridian-check": "check",
}
_OWN_FIELD = "x-meridian-field-"
_NAME = re.compile(r"(?:[A-Za-z0-9-]+\.)?([A-Za-z0-9-]+)")
_PARAMETER = re.compile(
    r';([A-Za-z0-9-]+)(?:=((?:"[^"\x00-\x08]*"|[^";:,\x00-\x08]*)(?:,(?:"[^"\x00-\x08]*"|[^";:,\x00-\x08]*))*))?'
)
_COMPONENT = re.compile(r"((?:[^;\\]|\\.)*)(?:;|$)", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class RawCard(NamedTuple):
    """`line`: of its BEGIN. `properties`: unfolded, the wanted ones only. `trouble`: why it can't be read; '' when it can."""

    line: int
    properties: list[str]
    trouble: str = ""


def cards(lines: Iterable[str]) -> Iterator[RawCard]:
    """Every card of the file. What stands between cards is told as a card that can't be read."""
    begun = 0
    properties: list[str] = []
    trouble = stray = ""
    for number, text in _unfolded(lines):
        word = text.strip().upper()
        if word == "BEGIN:VCARD":
            if begun:
                yield RawCard(begun, properties, "it has no END:VCARD")
            begun, properties, trouble, stray = number, [], "", ""
        elif begun and word == "END:VCARD":
            yield RawCard(begun, properties, trouble)
            begun = 0
        elif begun:
            trouble = trouble or _take(properties, number, text)
        elif word and not stray:
            stray = word
            yield RawCard(number, [text[:200]], "it stands outside of a card (no BEGIN:VCARD before it)")
    if begun:
        yield RawCard(begun, properties, "it has no END:VCARD")


def _unfolded(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Lines that begin with a blank go on with the one before (RFC 6350, 3.2). Pictures aren't kept whole."""
    began, parts, length = 0, [""], 0
    for number, line in enumerate(lines, 1):
        text = line.rstrip("\r\n")
        if text[:1] in (" ", "\t") and began:
            length += len(text)
            if length <= LONGEST_PROPERTY + 1:
                parts.append(text[1:])
            continue
        if began:
            yield began, "".join(parts)
        began, parts, length = number, [text[: LONGEST_PROPERTY + 1]], len(text)
    if began:
        yield began, "".join(parts)


def _take(properties: list[str], number: int, text: str) -> str:
    """Keep the property if it is one of ours; what is wrong with the line, else ''."""
    if not text.strip():
        return ""
    found = _NAME.match(text)
    if found is None or text[found.end() : found.end() + 1] not in (":", ";"):
        return f"line {number} is no property"
    name = found[1].lower()
    if name not in _WANTED and name not in _OURS and not name.startswith(_OWN_FIELD):
        return ""
    if len(text) > LONGEST_PROPERTY:
        return f"line {number} is longer than {LONGEST_PROPERTY} characters"
    if len(properties) >= MOST_PROPERTIES:
        return f"it has more than {MOST_PROPERTIES} properties"
    if not text.isascii() and UNDECODED.search(text):
        return f"line {number} is damaged: its characters can't be read"
    properties.append(text)
    return ""


def texts_of(properties: Iterable[str]) -> tuple[dict[str, list[str]], str]:
    """What the card says, by meaning as in bulk_headings, and what is wrong with it ('' when nothing)."""
    texts: dict[str, list[str]] = {}
    given: dict[str, str] = {}
    for text in properties:
        name, value, encoded = _split(text)
        if encoded:
            return texts, f"{name.upper()} is encoded as vCard 2.1 does; export the cards as version 3.0 or 4.0"
        if name == "version":
            given[name] = value.strip()
        elif name in ("fn", "n", "org", "prodid") or name.endswith("kind"):
            given.setdefault(name.removeprefix("x-addressbookserver-"), value)
        else:
            _add(texts, name, value)
    if given.get("version") not in ("3.0", "4.0"):
        said = given.get("version", "")
        return texts, f"it is vCard {said[:10]}; 3.0 and 4.0 can be read" if said else "it says no VERSION"
    _name(texts, given)
    return texts, ""


def _split(text: str) -> tuple[str, str, bool]:
    """(name in lower case, raw value, whether it bears an encoding that only 2.1 has)."""
    found = _NAME.match(text)
    if found is None:
        return "", "", False
    at, encoded = found.end(), False
    while parameter := _PARAMETER.match(text, at):
        at = parameter.end()
        word = (parameter[2] or parameter[1]).upper()
        encoded |= word == "QUOTED-PRINTABLE"
    return found[1].lower(), text[at + 1 :], encoded


def _add(texts: dict[str, list[str]], name: str, value: str) -> None:
    meaning = {"uid": "key", "tel": "number", "note": "note", "lang": "language", "tz": "timezone"}.get(name)
    meaning = meaning or _OURS.get(name) or name
    plain = _plain(value)
    if name == "tel" and plain[:4].lower() == "tel:":
        plain = plain[4:].partition(";")[0]
    if name == "email" and plain[:7].lower() == "mailto:":
        plain = plain[7:]
    if name == "tz" and "/" not in plain and plain.upper() != "UTC":
        return  # an offset says nothing about summer
    if name.startswith(_OWN_FIELD):
        meaning = FIELD + name.removeprefix(_OWN_FIELD)
    texts.setdefault(meaning, []).append(plain)


def _name(texts: dict[str, list[str]], given: Mapping[str, str]) -> None:
    organisation = _plain(_components(given.get("org", ""))[0])
    family, first, middle, *_ = (*(_plain(part) for part in _components(given.get("n", ""))), "", "", "")
    name = _plain(given.get("fn", "")).strip() or " ".join(part for part in (first, middle, family) if part)
    kind = given.get("kind", "").strip().lower()
    is_organisation = kind in ("org", "organization") or (
        not kind and bool(organisation) and name in ("", organisation)
    )
    texts["kind"] = ["organisation" if is_organisation else "person"]
    texts["name"] = [name or (organisation if is_organisation else "")]
    if organisation and not is_organisation:
        texts["organisation"] = [organisation]


def _components(value: str) -> list[str]:
    """Split at every ; that isn't escaped; still escaped inside."""
    return [found[1] for found in _COMPONENT.finditer(value)] if "\\" in value else value.split(";")


def _plain(value: str) -> str:
    """RFC 6350, 3.4: \\n is a new line, every other escaped character itself."""
    if "\\" not in value:
        return value
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)


def card_of(texts: Mapping[str, Sequence[str]]) -> str:
    """One vCard 4.0, by meaning as in bulk_headings; lines folded at 75 octets and ended by CRLF."""
    one = {target: values[0] for target, values in texts.items() if values and values[0]}
    organisation = one.get("kind") == "organisation"
    name = one.get("name", "")
    lines = ["BEGIN:VCARD", "VERSION:4.0", f"PRODID:{PRODUCT}"]
    lines.append(f"KIND:{'org' if organisation else 'individual'}")
    lines.append(f"FN:{_escaped(name)}")
    lines += [f"ORG:{_escaped(one['organisation'])}"] if "organisation" in one else []
    lines += [f"TEL:{_escaped(number)}" for number in texts.get("number", ())]
    lines += [f"EMAIL:{_escaped(email)}" for email in texts.get("email", ())]
    for target, name_of in (("note", "NOTE"), ("language", "LANG"), ("timezone", "TZ"), ("key", "UID")):
        lines += [f"{name_of}:{_escaped(one[target])}"] if target in one else []
    for ours, target in _OURS.items():
        lines += [f"{ours.upper()}:{_escaped(one[target])}"] if target in one else []
    for target, value in one.items():
        if target.startswith(FIELD):
            lines.append(f"{_OWN_FIELD.upper()}{target.removeprefix(FIELD)}:{_escaped(value)}")
    return "".join(_folded(line) for line in [*lines, "END:VCARD"])


def _escaped(value: str) -> str:
    for mark, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\n", "\\n"), ("\r", "\\n")):
        value = value.replace(mark, written)
    return value


def _folded(line: str) -> str:
    if len(line) <= 75 and line.isascii():
        return line + "\r\n"
    parts, octets = [""], 0
    for char in line:
        width = len(char.encode("utf-8", "replace"))
        if octets + width > 75:
            parts.append(" ")
            octets = 1
        parts[-1] += char
        octets += width
    return "\r\n".join(parts) + "\r\n"
