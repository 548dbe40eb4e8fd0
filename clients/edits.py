"""What people may say about a client, checked; what changed by it; and what two clients are as one. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from clients.ports import Client, Edit
from core.desk import CustomField, FieldKind
from core.errors import Rejected
from core.model import ClientKind

_LANGUAGE = re.compile(r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
_EMAIL = re.compile(r"^[^\s@<>\"(),:;\\\[\]]{1,64}@[^\s@<>\"(),:;\\\[\]]{1,190}$")
_NUMBER = re.compile(r"^[+-]?\d{1,18}([.,]\d{1,9})?$")
_LONGEST = {"name": 200, "note": 2_000, "warning": 200, "owner": 64}
_LONGEST_FIELD = 500
MOST_OF_A_KIND = 50  # numbers, addresses
# What a change is told by, in this order. `organisation_id` is told by its name.
_TOLD = (
    "kind",
    "name",
    "organisation",
    "numbers",
    "emails",
    "note",
    "vip",
    "warning",
    "language",
    "timezone",
    "owner",
    "check",
)


def checked(edit: Edit, fields: Mapping[str, CustomField]) -> Edit:
    """The same, trimmed and known to be sensible; Rejected says what isn't. Numbers are the directory's to check."""
    return replace(
        edit,
        name=_text("name", edit.name),
        note=_text("note", edit.note),
        warning=_text("warning", edit.warning),
        owner=_text("owner", edit.owner),
        language=edit.language and _language(edit.language.strip()),
        timezone=edit.timezone and _zone(edit.timezone.strip()),
        emails=None if edit.emails is None else _few("e-mail addresses", map(email_key, edit.emails)),
        numbers=None if edit.numbers is None else _few("numbers", edit.numbers),
        fields=None if edit.fields is None else {code: _field(code, v, fields) for code, v in edit.fields.items()},
    )


def email_key(email: str) -> str:
    """The form under which an address is kept."""
    key = email.strip().lower()
    if not _EMAIL.match(key) or not key.isprintable():
        raise Rejected(f"“{email[:60]}” is no e-mail address: write one such as anna@example.com", code="bad_email")
    return key


def edited(client: Client, edit: Edit) -> Client:
    """The client as `edit` (checked, numbers as keys) leaves it; organisation names are the directory's to fill in."""
    said = {
        name: value
        for name in ("name", "note", "kind", "numbers", "emails", "vip", "warning", "check")
        if (value := getattr(edit, name)) is not None
    }
    for name in ("language", "timezone", "owner", "organisation_id"):
        if (text := getattr(edit, name)) is not None:
            said[name] = text or None
    if edit.fields is not None:
        kept = dict(client.fields) | dict(edit.fields)
        said["fields"] = tuple(sorted((code, value) for code, value in kept.items() if value))
    result = replace(client, **said)
    if result.kind is ClientKind.ORGANISATION:
        result = replace(result, organisation_id=None, organisation=None)
    return result


def merged(into: Client, other: Client) -> Client:
    """`into` with everything that only `other` knew; where both say something, `into` is right, texts are kept of both."""
    return replace(
        into,
        name=into.name or other.name,
        numbers=tuple(dict.fromkeys((*into.numbers, *other.numbers))),
        emails=tuple(dict.fromkeys((*into.emails, *other.emails))),
        note=_both(into.note, other.note),
        warning=_both(into.warning, other.warning),
        organisation_id=into.organisation_id or other.organisation_id,
        organisation=into.organisation if into.organisation_id else other.organisation,
        vip=into.vip or other.vip,
        check=into.check or other.check,
        language=into.language or other.language,
        timezone=into.timezone or other.timezone,
        owner=into.owner or other.owner,
        fields=tuple(sorted((dict(other.fields) | dict(into.fields)).items())),
    )


def lines(before: Client, after: Client) -> list[tuple[str, str, str]]:
    """(field, before, after) of everything that differs. Own fields as `fields.CODE`."""
    found = [(name, _told(getattr(before, name)), _told(getattr(after, name))) for name in _TOLD]
    old, new = dict(before.fields), dict(after.fields)
    found += [(f"fields.{code}", old.get(code, ""), new.get(code, "")) for code in sorted({*old, *new})]
    return [line for line in found if line[1] != line[2]]


def in_words(client: Client) -> str:
    """All that is known of a client, for the line that says what was merged."""
    nobody = Client(client_id="", site="", name="", created_at=client.created_at)
    return "\n".join(f"{field}: {after}" for field, _, after in lines(nobody, client))


def check_answers(answers: Mapping[str, str], questions: Iterable[str]) -> None:
    """Refuse answers to questions that nobody declared."""
    if unknown := sorted(set(answers) - set(questions)):
        raise Rejected(f"There is no check question “{unknown[0][:40]}”: reload the page.", code="unknown_check")


def _told(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, tuple):
        return "\n".join(map(str, value))
    return "" if value is None else str(value)


def _both(first: str, second: str) -> str:
    return first if second in first else "\n".join(text for text in (first, second) if text)


def _text(name: str, value: str | None) -> str | None:
    text = None if value is None else value.strip()
    if text is not None and len(text) > _LONGEST[name]:
        raise Rejected(f"“{name}” has {len(text)} characters; {_LONGEST[name]} are allowed", code="too_long")
    return text


def _language(code: str) -> str:
    if code and not _LANGUAGE.match(code):
        raise Rejected(f"“{code[:40]}” is no language code: write one such as en or ru", code="bad_language")
    return code


def _zone(name: str) -> str:
    if not name:
        return name
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Rejected(
            f"“{name[:40]}” is no time zone: write an IANA name such as Europe/Moscow", code="bad_zone"
        ) from error
    return name


def _few(what: str, values: Iterable[str]) -> tuple[str, ...]:
    kept = tuple(dict.fromkeys(values))
    if len(kept) > MOST_OF_A_KIND:
        raise Rejected(f"{len(kept)} {what} for one client: {MOST_OF_A_KIND} are allowed", code="too_many_of_them")
    return kept


def _field(code: str, value: str, fields: Mapping[str, CustomField]) -> str:
    declared, text = fields.get(code), value.strip()
    if declared is None:
        raise Rejected(
            f"There is no field “{code[:40]}”: reload the page, the settings have changed.", code="unknown_field"
        )
    if text and not _fits(text, declared):
        wanted = {
            FieldKind.TEXT: f"at most {_LONGEST_FIELD} characters",
            FieldKind.NUMBER: "a number",
            FieldKind.DATE: "a date such as 2026-12-31",
            FieldKind.CHOICE: "one of: " + ", ".join(declared.choices),
        }[declared.kind]
        raise Rejected(f"“{declared.en}” can't be “{text[:40]}”: it takes {wanted}", code="bad_field")
    return text


def _fits(text: str, declared: CustomField) -> bool:
    match declared.kind:
        case FieldKind.NUMBER:
            return _NUMBER.match(text) is not None
        case FieldKind.CHOICE:
            return text in declared.choices
        case FieldKind.TEXT:
            return len(text) <= _LONGEST_FIELD
        case FieldKind.DATE:
            try:
                return date.fromisoformat(text).isoformat() == text
            except ValueError:
                return False
