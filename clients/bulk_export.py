"""A client as a row of a table or as a vCard, so that importing it gives the same client again. Pure."""

from collections.abc import Mapping, Sequence

from clients.bulk_csv import line_of
from clients.bulk_headings import FIELD, OWN_KEY, TARGETS
from clients.bulk_vcard import card_of
from clients.ports import Client


def headings(fields: Sequence[str], *, raw: bool) -> str:
    """The first row; `fields` are the codes of the administrator's own fields."""
    return line_of((OWN_KEY, *TARGETS[1:], *(FIELD + code for code in fields)), raw=raw)


def row(client: Client, fields: Sequence[str], *, raw: bool) -> str:
    """One row of the table, below `headings`."""
    texts = _texts(client)
    wanted = (*TARGETS, *(FIELD + code for code in fields))
    return line_of((", ".join(texts.get(target, ())) for target in wanted), raw=raw)


def card(client: Client) -> str:
    """One vCard 4.0."""
    return card_of(_texts(client))


def _texts(client: Client) -> Mapping[str, Sequence[str]]:
    one = {
        "key": client.client_id,
        "kind": client.kind.value,
        "name": client.name,
        "organisation": client.organisation,
        "note": client.note,
        "vip": "yes" if client.vip else "",
        "warning": client.warning,
        "language": client.language,
        "timezone": client.timezone,
        "owner": client.owner,
        "check": "yes" if client.check else "",
        **{FIELD + code: value for code, value in client.fields},
    }
    return {target: (text,) for target, text in one.items() if text} | {
        "number": client.numbers,
        "email": client.emails,
    }
