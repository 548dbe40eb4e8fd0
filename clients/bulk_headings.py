"""Which column of a table means what: as said with --map, else guessed from the headings, in English and in Russian. Pure."""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.desk import CustomField
from core.errors import Rejected

# What a column can mean. Several columns may give names (joined by a space), numbers and addresses; one the rest.
TARGETS = (
    "key", "name", "kind", "organisation", "number", "email", "note", "vip", "warning", "language", "timezone", "owner",
    "check",
)  # fmt: skip
_SEVERAL = {"name", "number", "email"}
FIELD = "field."
# What Meridian itself adds to the rows that it gives back.
OWN = ("rejected line", "rejected because")
# The first heading of what Meridian exports.
OWN_KEY = "client_id"

_WORDS: dict[str, str] = {
    "key": "client id|customer id|contact id|external id|id клиента|код клиента|внешний код|ид клиента",
    "name": "name|full name|display name|contact|contact name|client|client name|customer|customer name|fn|имя клиента"
    "|клиент|контакт|фио|ф и о|полное имя|наименование|название|имя и фамилия|фамилия и имя|фамилия имя отчество"
    "|контактное лицо|заказчик",
    "given": "first name|given name|forename|имя",
    "middle": "middle name|additional name|patronymic|отчество",
    "family": "last name|family name|surname|фамилия",
    "kind": "kind|client kind|вид|вид клиента",
    "organisation": "organisation|organization|company|company name|organisation name|organization name|employer|account"
    "|account name|организация|компания|название компании|фирма|место работы|юрлицо",
    "number": "number|numbers|phone|phones|phone number|phone numbers|telephone|telephone number|tel|mobile|mobile phone"
    "|mobile number|cell|cell phone|business phone|company main phone|home phone|work phone|other phone|primary phone"
    "|main phone|phone mobile|phone work|phone home|телефон|телефоны|тел|номер|номера|номер телефона|мобильный"
    "|мобильный телефон|сотовый|сотовый телефон|рабочий телефон|домашний телефон|телефон мобильный|телефон рабочий"
    "|телефон домашний|другой телефон|основной телефон|контактный телефон|моб телефон|моб тел|раб телефон|раб тел",
    "email": "email|emails|e mail|e mails|mail|email address|e mail address|email addresses|почта|эл почта"
    "|электронная почта|адрес почты|адрес электронной почты|имейл|емейл",
    "note": "note|notes|comment|comments|remark|remarks|description|примечание|примечания|заметка|заметки|комментарий"
    "|комментарии|описание",
    "vip": "vip|вип|важный",
    "warning": "warning|alert|предупреждение|внимание",
    "language": "language|lang|язык",
    "timezone": "timezone|time zone|tz|часовой пояс|таймзона",
    "owner": "owner|account owner|account manager|responsible|ответственный|менеджер|куратор",
    "check": "check|ask check|проверка|проверять",
}
_MEANING = {word: target for target, words in _WORDS.items() for word in words.split("|")}
_PARTS_OF_NAME = ("given", "middle", "family")
_BETWEEN = re.compile(r"[\W_]+")
# "Phone 1 - Value" (Google), "E-mail 2 Address" (Outlook), "Телефон №2".
_COUNTED = re.compile(r"\b(\d+|value|значение)\b|№")


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Target -> the columns it is read from, counted from 0. `ignored`: the headings that nothing is read from."""

    of: Mapping[str, tuple[int, ...]]
    headings: tuple[str, ...]
    guessed: bool

    @property
    def ignored(self) -> tuple[str, ...]:
        used = {index for indexes in self.of.values() for index in indexes}
        return tuple(text for i, text in enumerate(self.headings) if i not in used and text and text not in OWN)

    def told(self) -> str:
        """`name <- "Full name"; number <- "Mobile", "Work phone"`."""
        return "; ".join(
            f"{target} <- {_quoted(self.headings[i] for i in places)}" for target, places in self.of.items()
        )


def said(asked: Sequence[str], headings: Sequence[str], fields: Mapping[str, CustomField]) -> Columns:
    """The columns of `--map TARGET=HEADING[,HEADING]`, each heading as it stands in the file (case doesn't matter)."""
    places = {_tidy(text): index for index, text in reversed(list(enumerate(headings)))}
    of: dict[str, tuple[int, ...]] = {}
    for text in asked:
        target, equals, names = text.partition("=")
        target = target.strip()
        if not equals or not names.strip():
            raise Rejected(f'--map {text}: write it as TARGET="Heading", e.g. --map name="Full name"')
        if target not in TARGETS and target.removeprefix(FIELD) not in fields:
            own = [FIELD + code for code in fields]
            raise Rejected(f"--map {text}: there is no {target!r}; choose from {', '.join([*TARGETS, *own])}")
        wanted = next(csv.reader([names], skipinitialspace=True))
        of[target] = of.get(target, ()) + tuple(_place(name, places, headings) for name in wanted)
        if len(of[target]) > 1 and target not in _SEVERAL:
            raise Rejected(f"--map {text}: {target} can be read from one column only")
    return Columns(of=of, headings=tuple(headings), guessed=False)


def guessed(headings: Sequence[str], fields: Mapping[str, CustomField]) -> Columns:
    """What the headings seem to mean. Rejected when neither a name nor a number, an address or a key is among them."""
    own = {
        _plain(text): FIELD + code
        for code, field in fields.items()
        for text in (field.en, field.ru, code, FIELD + code)
    }
    found: dict[str, list[int]] = {}
    for index, heading in enumerate(headings):
        plain = _plain(heading)
        target = own.get(plain) or _MEANING.get(plain) or _MEANING.get(_plain(_COUNTED.sub(" ", plain)))
        if target in TARGETS and target not in _SEVERAL and target in found:
            continue  # the first column of that meaning; the others are told as ignored
        if target:
            found.setdefault(target, []).append(index)
    parts = [index for part in _PARTS_OF_NAME for index in found.pop(part, [])]
    if "name" in found:
        found["name"] = found["name"][:1]
    elif parts:
        found["name"] = parts
    if not found.keys() & {"name", "number", "email"}:
        shown = _quoted(headings[:12])
        raise Rejected(
            f"the first line should have headings, and I know none of these: {shown}. "
            'Say what they mean, e.g. --map name="Full name" --map number="Mobile,Work phone"'
        )
    order = [target for target in TARGETS if target in found] + [target for target in found if target not in TARGETS]
    return Columns(of={t: tuple(found[t]) for t in order}, headings=tuple(headings), guessed=True)


def with_key(columns: Columns, heading: str) -> Columns:
    """The same with `--key HEADING` as the column that names each client."""
    places = {_tidy(text): index for index, text in reversed(list(enumerate(columns.headings)))}
    return Columns(
        of={"key": (_place(heading, places, columns.headings),)} | {t: i for t, i in columns.of.items() if t != "key"},
        headings=columns.headings,
        guessed=columns.guessed,
    )


def _place(name: str, places: Mapping[str, int], headings: Iterable[str]) -> int:
    try:
        return places[_tidy(name)]
    except KeyError:
        raise Rejected(f'there is no column "{name.strip()}"; the file has {_quoted(headings)}') from None


def _quoted(headings: Iterable[str]) -> str:
    return ", ".join(f'"{text}"' for text in headings)


def _tidy(heading: str) -> str:
    return " ".join(heading.split()).casefold()


def _plain(heading: str) -> str:
    return _BETWEEN.sub(" ", heading.casefold().replace("ё", "е")).strip()
