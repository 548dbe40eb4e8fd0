"""Which client a row of a file means, and what it changes about it. Pure: gets what is known, gives what to store.

A row means, in this order: the client that this very row (its key, or its name and numbers) made or met before; the client
whose id is the key; somebody of that name with one of the numbers (or, without numbers, one of the addresses); an
organisation of that name; the placeholder that a call made for one of the numbers. Else it is a new client.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from clients.bulk_rows import Incoming
from clients.edits import edited
from clients.ports import Client, Edit
from core.model import ClientKind


@dataclass(slots=True)
class Known:
    """What the database has of the clients that a batch may mean. Grows with what the batch itself makes.

    `origins` of rows met before -> (client's id, digest). `claimed`: clients that have a key of the same source already.
    """

    clients: dict[str, Client] = field(default_factory=dict)
    origins: dict[str, tuple[str, int]] = field(default_factory=dict)
    claimed: set[str] = field(default_factory=set)
    by_number: dict[str, list[str]] = field(default_factory=dict)
    by_email: dict[str, list[str]] = field(default_factory=dict)
    organisations: dict[str, list[str]] = field(default_factory=dict)

    def learn(self, client: Client) -> None:
        """From now on this is how the client looks."""
        before = self.clients.get(client.client_id)
        self.clients[client.client_id] = client
        for number in client.numbers:
            if before is None or number not in before.numbers:
                self.by_number.setdefault(number, []).append(client.client_id)
        for email in client.emails:
            if before is None or email not in before.emails:
                self.by_email.setdefault(email, []).append(client.client_id)
        if client.kind is ClientKind.ORGANISATION and (before is None or before.kind is not client.kind):
            self.organisations.setdefault(client.name.casefold(), []).append(client.client_id)


@dataclass(slots=True)
class Plan:
    """What a batch comes to. `changed`: client's id -> (as it was, as it is to be). `joined`: rows that told more of a client whom
    the same batch had made or changed."""

    created: dict[str, Client] = field(default_factory=dict)
    changed: dict[str, tuple[Client, Client]] = field(default_factory=dict)
    absorbed: list[tuple[str, str]] = field(default_factory=list)
    origins: dict[str, tuple[str, int]] = field(default_factory=dict)
    refused: list[tuple[int, str]] = field(default_factory=list)
    same: int = 0
    joined: int = 0
    organisations: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """What all rows of one import share. `by` is told in the clients' histories."""

    site: str
    by: str
    at: datetime
    fresh_id: Callable[[], str]


def planned(rows: Iterable[Incoming], known: Known, about: Import) -> Plan:
    """What to store so that the database says what these rows say. Nothing that is known is taken away."""
    plan = Plan()
    for row in rows:
        met = known.origins.get(row.origin)
        if met is not None and met[1] == row.digest:
            plan.same += 1
            continue
        before = _meant(row, known)
        organisation, trouble = _organisation(row, before, known, plan, about)
        if trouble:
            plan.refused.append((row.line, trouble))
            continue
        if before is None:
            client = _new(row, organisation, about)
            plan.created[client.client_id] = client
        else:
            client = edited(before, _edit(row, before, organisation))
            if organisation is not None and client.organisation_id == organisation.client_id:
                client = replace(client, organisation=organisation.name)
            client = _note_change(plan, before, client)
        known.learn(client)
        _absorb(row, client, known, plan)
        known.origins[row.origin] = plan.origins[row.origin] = (client.client_id, row.digest)
        if row.key:
            known.claimed.add(client.client_id)
    return plan


def _absorb(row: Incoming, client: Client, known: Known, plan: Plan) -> None:
    """Placeholders of the row's other numbers stood for this client, calls and all."""
    for number in row.numbers:
        for client_id in known.by_number.get(number, ()):
            other = known.clients.get(client_id)
            if other is not None and client_id != client.client_id and _stands_for_a_number(other):
                plan.absorbed.append((client_id, client.client_id))
                del known.clients[client_id]


def _stands_for_a_number(client: Client) -> bool:
    return client.is_placeholder and not client.note


def _note_change(plan: Plan, before: Client, after: Client) -> Client:
    """The client as it is now; with the next version, once for all that a batch changes about it."""
    client_id = before.client_id
    if before == after:
        plan.same += 1
    elif client_id in plan.created:
        plan.created[client_id] = after
        plan.joined += 1
    elif client_id in plan.changed:
        plan.changed[client_id] = (plan.changed[client_id][0], after)
        plan.joined += 1
    else:
        after = replace(after, version=before.version + 1)
        plan.changed[client_id] = (before, after)
    return after


def _meant(row: Incoming, known: Known) -> Client | None:
    met = known.origins.get(row.origin)
    if met is not None and met[0] in known.clients:
        return known.clients[met[0]]
    if row.key in known.clients:
        return known.clients[row.key]
    folded = row.name.casefold()
    owners = _owners(row, known)
    for client in owners:
        if client.name.casefold() == folded and row.kind in (None, client.kind):
            return client
    if row.kind is ClientKind.ORGANISATION:
        named = [known.clients[one] for one in known.organisations.get(folded, ()) if one in known.clients]
        return next((one for one in named if one.client_id not in known.claimed), None)
    return next((one for one in owners if _stands_for_a_number(one)), None)


def _owners(row: Incoming, known: Known) -> list[Client]:
    """Who has one of the row's numbers (without any: addresses), but those whom the source calls somebody else."""
    ids: dict[str, None] = {}
    for number in row.numbers:
        ids |= dict.fromkeys(known.by_number.get(number, ()))
    if not row.numbers:
        for email in row.emails:
            ids |= dict.fromkeys(known.by_email.get(email, ()))
    claimed = known.claimed if row.key else ()
    return [known.clients[one] for one in ids if one in known.clients and one not in claimed]


def _organisation(
    row: Incoming, before: Client | None, known: Known, plan: Plan, about: Import
) -> tuple[Client | None, str]:
    """The organisation that the row names, made if there is none; and why it can't be said which it is."""
    folded = row.organisation.casefold()
    if not folded:
        return None, ""
    named = known.organisations.get(folded, [])
    if before is not None and before.organisation_id in named:
        return known.clients.get(before.organisation_id or ""), ""
    if len(named) > 1:
        return (
            None,
            f"there are {len(named)} organisations called “{row.organisation[:60]}”: merge them, or leave it out",
        )
    if named:
        return known.clients[named[0]], ""
    made = Client(
        client_id=about.fresh_id(),
        site=about.site,
        name=row.organisation,
        kind=ClientKind.ORGANISATION,
        created_at=about.at,
        made_by=about.by,
    )
    plan.created[made.client_id] = made
    plan.organisations += 1
    known.learn(made)
    return made, ""


def _new(row: Incoming, organisation: Client | None, about: Import) -> Client:
    return Client(
        client_id=about.fresh_id(),
        site=about.site,
        name=row.name,
        created_at=about.at,
        note=row.note,
        numbers=row.numbers,
        emails=row.emails,
        kind=row.kind or ClientKind.PERSON,
        organisation_id=organisation.client_id if organisation else None,
        organisation=organisation.name if organisation else None,
        vip=bool(row.vip),
        warning=row.warning,
        language=row.language or None,
        timezone=row.timezone or None,
        owner=row.owner or None,
        fields=tuple(sorted(row.fields)),
        check=bool(row.check),
        made_by=about.by,
    )


def _edit(row: Incoming, before: Client, organisation: Client | None) -> Edit:
    """What is empty in the file stays as it is; numbers and addresses come on top of those that are known."""
    return Edit(
        name=row.name or None,
        note=row.note or None,
        kind=row.kind,
        organisation_id=organisation.client_id if organisation else None,
        numbers=tuple(dict.fromkeys((*before.numbers, *row.numbers))),
        emails=tuple(dict.fromkeys((*before.emails, *row.emails))),
        vip=row.vip,
        warning=row.warning or None,
        language=row.language or None,
        timezone=row.timezone or None,
        owner=row.owner or None,
        fields=dict(row.fields) or None,
        check=row.check,
    )
