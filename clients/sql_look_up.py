"""The statements of the look-up, and what their rows mean. Runs while a phone rings: prepared once, read as the driver gives it.

One statement answers for a stranger and for a number with one owner, the rule by far. Only where a number stands for several,
or for an organisation, two more tell who it may be and what was spoken from that number.
"""

import json
from functools import reduce
from operator import attrgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from clients.candidates import Known, Owner, ranked, whose
from clients.ports import MOST_CANDIDATES, Found
from core.model import ClientKind, ClientSummary, Direction, FollowUpLine, PastInteraction
from core.phone_zone import zone_of
from runtime.prepared import Prepared, PreparedList, instant
from runtime.schema import client_numbers, clients, follow_ups, interactions

HISTORY = 20
_MOST_OWNERS = 50
_MOST_PROMISED = 10
_LATELY = 200  # conversations of a number among which those who spoke from it are looked for
_DIRECTIONS = {direction.value: direction for direction in Direction}
_OWNER, _PAST, _PROMISED = 0, 1, 2
_VIP, _CHECK, _ORGANISATION = 1, 2, 4
_SEPARATOR = "\x1f"


class LookUp:
    """Answers in the reader's thread."""

    def __init__(self, dialect: str) -> None:
        self._by_number = PreparedList(look_up_query(dialect), dialect)
        self._by_id = PreparedList(_about_query(dialect), dialect)
        self._of_number = Prepared(_number_query(), dialect)
        self._candidates = Prepared(_candidates_query(), dialect)

    def found(self, connection: Connection, site: str, key: str, *, is_new: bool = False) -> Found:
        """Who is behind a number (as a key)."""
        owners, history, promised = _sorted_out(self._by_number.rows(connection, site=site, number=key))
        if not owners:
            return Found(client=None)
        if len(owners) == 1 and _kind(owners[0]) is ClientKind.PERSON:
            return Found(client=_summary(owners[0], key, is_new=is_new), history=history, follow_ups=promised)
        client_id = whose(Owner(row[1], _kind(row), row[6]) for row in owners)
        client = next((_summary(row, key) for row in owners if row[1] == client_id), None)
        known = [_known(row) for row in self._candidates.rows(connection, site=site, number=key)]
        spoken = {past.card_id: past for past in history}
        spoken |= {row[1]: _past(row) for row in self._of_number.rows(connection, site=site, number=key)}
        return Found(
            client=client,
            history=_newest(list(spoken.values()))[:HISTORY],
            candidates=ranked(known, client_id=client_id),
            follow_ups=promised,
        )

    def about(self, connection: Connection, site: str, client_id: str, key: str) -> Found:
        """A client whom a person confirmed, whoever has the number."""
        rows = self._by_id.rows(connection, site=site, client_id=client_id)
        owners, history, promised = _sorted_out(rows)
        client = _summary(owners[0], key) if owners else None
        return Found(client=client, history=history, follow_ups=promised)


def _sorted_out(
    rows: list[tuple[Any, ...]],
) -> tuple[list[tuple[Any, ...]], tuple[PastInteraction, ...], tuple[FollowUpLine, ...]]:
    owners: list[tuple[Any, ...]] = []
    history: list[PastInteraction] = []
    promised: list[FollowUpLine] = []
    for row in rows:
        kind = row[0]
        if kind == _PAST:
            history.append(_past(row))
        elif kind == _OWNER:
            owners.append(row)
        else:
            promised.append(FollowUpLine(row[1], instant(row[4]), row[9], row[6] or ""))
    promised.sort(key=attrgetter("due_at"))
    return owners, _newest(history), tuple(promised)


def _newest(history: list[PastInteraction]) -> tuple[PastInteraction, ...]:
    history.sort(key=attrgetter("started_at"), reverse=True)
    return tuple(history)


def _past(row: tuple[Any, ...]) -> PastInteraction:
    _, card_id, channel, direction, started_at, queue, agent, talk_s, disposition, notes, answered_at = row
    began, answered = instant(started_at), answered_at is not None
    return PastInteraction(
        card_id, channel, _DIRECTIONS[direction], began, queue, agent, talk_s, disposition, notes, answered
    )


def _summary(row: tuple[Any, ...], number: str, *, is_new: bool = False) -> ClientSummary:
    _, client_id, name, note, _, more, organisation_id, flags, organisation, warning, _ = row
    language, zone, rest = more.split(_SEPARATOR, 2)
    owner, own = rest.rsplit(_SEPARATOR, 1)
    return ClientSummary(
        client_id=client_id,
        name=name,
        number=number,
        is_new=is_new,
        note=note,
        kind=_kind(row),
        organisation=organisation,
        organisation_id=organisation_id,
        vip=bool(int(flags) & _VIP),
        warning=warning,
        language=language or None,
        timezone=zone or zone_of(number),
        owner=owner or None,
        fields=() if own == "{}" else tuple(sorted(json.loads(own).items())),
        check=bool(int(flags) & _CHECK),
    )


def _kind(row: tuple[Any, ...]) -> ClientKind:
    return ClientKind.ORGANISATION if int(row[7]) & _ORGANISATION else ClientKind.PERSON


def _known(row: tuple[Any, ...]) -> Known:
    client_id, name, kind, organisation_id, organisation, vip, last_at, spoke_at, owns = row
    return Known(
        client_id,
        name,
        ClientKind(kind),
        organisation_id,
        organisation,
        bool(vip),
        None if last_at is None else instant(last_at),
        None if spoke_at is None else instant(spoke_at),
        bool(owns),
    )


def look_up_query(dialect: str) -> sa.SelectBase:
    """One round trip: every owner's row, and of a number's only owner the last conversations (in index order) and open promises."""
    n = client_numbers.c
    mine = sa.and_(n.site == sa.bindparam("site"), n.number == sa.bindparam("number"))
    only = sa.select(sa.func.min(n.client_id)).where(mine).having(sa.func.count() == sa.literal_column("1"))
    owners = _described(
        client_numbers.join(clients, clients.c.client_id == n.client_id), mine, postgres=dialect == "postgresql"
    )
    return _with_past(owners.limit(sa.literal_column(str(_MOST_OWNERS))), only)


def _about_query(dialect: str) -> sa.SelectBase:
    """The same of one client by its id."""
    k = clients.c
    mine = sa.and_(k.client_id == sa.bindparam("client_id"), k.site == sa.bindparam("site"))
    return _with_past(_described(clients, mine, postgres=dialect == "postgresql"), sa.select(k.client_id).where(mine))


def _described(source: sa.FromClause, where: sa.ColumnElement[bool], *, postgres: bool) -> sa.Select[Any]:
    k, o = clients.c, clients.alias("o")
    nought, vip, check, firm = (sa.literal_column(str(flag), sa.Integer) for flag in (0, _VIP, _CHECK, _ORGANISATION))
    flags = sa.case((k.vip, vip), else_=nought) + sa.case((k.asks_check, check), else_=nought)
    flags += sa.case((k.kind == sa.literal_column("'organisation'"), firm), else_=nought)
    # In one column what few clients have: the union is as wide as its history, twenty rows that all pay for it.
    separator = sa.literal_column("chr(31)" if postgres else "char(31)", sa.Text)
    nothing = sa.literal_column("''", sa.Text)
    told = [sa.func.coalesce(column, nothing) for column in (k.language, k.timezone, k.owner)]
    return (
        sa.select(
            *(k.client_id, k.name, k.note, k.organisation_id, flags.label("flags")),
            reduce(lambda text, more: text.concat(separator).concat(more), [*told, sa.cast(k.fields, sa.Text)]).label(
                "more"
            ),
            *(o.c.name.label("organisation"), k.warning),
        )
        .select_from(source.outerjoin(o, o.c.client_id == k.organisation_id))
        .where(where)
    )


def _with_past(owners: sa.Select[Any], only: sa.Select[Any]) -> sa.SelectBase:
    i, f = interactions.c, follow_ups.c
    past = (
        sa.select(*_OF_PAST)
        .where(i.client_id == only.scalar_subquery())
        .order_by(i.started_at.desc())
        .limit(sa.literal_column(str(HISTORY)))
    )
    promised = (
        sa.select(f.follow_up_id, f.due_at, f.owner, f.text)
        .where(f.client_id == only.scalar_subquery(), f.state == sa.literal_column("'open'"))
        .order_by(f.due_at)
        .limit(sa.literal_column(str(_MOST_PROMISED)))
    )
    return sa.union_all(
        _row(
            _OWNER,
            owners,
            "client_id name note - more organisation_id flags organisation warning -",
        ),
        _row(_PAST, past, " ".join(column.name for column in _OF_PAST)),
        _row(_PROMISED, promised, "follow_up_id - - due_at - owner - - text -"),
    )


def _row(kind: int, part: sa.Select[Any], places: str) -> sa.Select[Any]:
    """One part of the union: its columns where the other parts have theirs of the same type, nothing (-) elsewhere."""
    c = part.subquery().c
    of_part = (sa.null() if name == "-" else c[name] for name in places.split())
    columns = (sa.literal_column(str(kind), sa.Integer), *of_part)
    return sa.select(*(column.label(f"c{n}") for n, column in enumerate(columns)))


_I = interactions.c
_OF_PAST = (
    *(_I.card_id, _I.channel, _I.direction, _I.started_at, _I.last_queue, _I.served_by, _I.talk_s),
    *(_I.disposition, _I.notes, _I.answered_at),
)


def _number_query() -> sa.Select[Any]:
    """What was spoken from a number, whoever it was."""
    return (
        sa.select(sa.literal_column(str(_PAST)), *_OF_PAST)
        .where(_I.site == sa.bindparam("site"), _I.client_key == sa.bindparam("number"))
        .order_by(_I.started_at.desc())
        .limit(sa.literal_column(str(HISTORY)))
    )


def _candidates_query() -> sa.SelectBase:
    """Owners, those of their people who spoke from this number lately, and some more of their people by name."""
    n, k = client_numbers.c, clients.c
    own = (
        sa.select(n.client_id)
        .where(n.site == sa.bindparam("site"), n.number == sa.bindparam("number"))
        .limit(sa.literal_column(str(_MOST_OWNERS)))
        .cte("own")
    )
    lately = (
        sa.select(_I.client_id, _I.started_at)
        .where(_I.site == sa.bindparam("site"), _I.client_key == sa.bindparam("number"), _I.client_id.is_not(None))
        .order_by(_I.started_at.desc())
        .limit(sa.literal_column(str(_LATELY)))
        .subquery("lately")
    )
    spoke = (
        sa.select(lately.c.client_id, sa.func.max(lately.c.started_at).label("at"))
        .group_by(lately.c.client_id)
        .cte("spoke")
    )
    theirs = k.organisation_id.in_(sa.select(own.c.client_id))
    some = (
        sa.select(k.client_id)
        .where(theirs)
        .order_by(k.folded_name, k.client_id)
        .limit(sa.literal_column(str(MOST_CANDIDATES)))
    )
    people = sa.union(
        sa.select(own.c.client_id),
        sa.select(some.subquery("some").c.client_id),
        sa.select(k.client_id).join(spoke, spoke.c.client_id == k.client_id).where(theirs),
    ).subquery("people")
    o = clients.alias("o")
    last = (
        sa.select(_I.started_at)
        .where(_I.client_id == k.client_id)
        .order_by(_I.started_at.desc())
        .limit(sa.literal_column("1"))
        .scalar_subquery()
    )
    return sa.select(
        *(k.client_id, k.name, k.kind, k.organisation_id, o.c.name.label("organisation"), k.vip),
        *(last.label("last_at"), spoke.c.at.label("spoke_at"), own.c.client_id.is_not(None).label("owns")),
    ).select_from(
        people.join(clients, k.client_id == people.c.client_id)
        .outerjoin(o, o.c.client_id == k.organisation_id)
        .outerjoin(spoke, spoke.c.client_id == k.client_id)
        .outerjoin(own, own.c.client_id == k.client_id)
    )
