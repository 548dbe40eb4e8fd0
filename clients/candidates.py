"""Who of several may be the one that calls, best first and with the reason. Pure: the directory brings the facts."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from clients.ports import MOST_CANDIDATES
from core.model import Candidate, CandidateReason, ClientKind

_NEVER = datetime.min.replace(tzinfo=UTC)
_ORDER = (
    CandidateReason.LAST_SPOKEN,
    CandidateReason.OWN_NUMBER,
    CandidateReason.SHARED_NUMBER,
    CandidateReason.MEMBER,
)


class Known(NamedTuple):
    """A client who has something to do with a number: `owns` it, or belongs to an organisation that does. `spoke_at`: when a
    conversation from this very number was last with this client."""

    client_id: str
    name: str
    kind: ClientKind
    organisation_id: str | None
    organisation: str | None
    vip: bool
    last_contact_at: datetime | None
    spoke_at: datetime | None
    owns: bool


class Owner(NamedTuple):
    client_id: str
    kind: ClientKind
    organisation_id: str | None


def whose(owners: Iterable[Owner]) -> str | None:
    """The client whom a number stands for: its only owner, or the organisation where all others are its own people."""
    owning = list(owners)
    if len(owning) == 1:
        return owning[0].client_id
    organisations = [owner.client_id for owner in owning if owner.kind is ClientKind.ORGANISATION]
    if len(organisations) != 1:
        return None
    (organisation,) = organisations
    ours = all(owner.organisation_id == organisation for owner in owning if owner.client_id != organisation)
    return organisation if ours else None


def ranked(known: Iterable[Known], *, client_id: str | None) -> tuple[Candidate, ...]:
    """All but `client_id`, who is shown as the client already. First who spoke from this number, the latest before the others."""
    candidates = [
        Candidate(
            client_id=each.client_id,
            name=each.name,
            kind=each.kind,
            organisation=each.organisation,
            reason=_reason(each, client_id),
            last_contact_at=each.spoke_at or each.last_contact_at,
            vip=each.vip,
        )
        for each in known
        if each.client_id != client_id
    ]
    return tuple(sorted(candidates, key=_place)[:MOST_CANDIDATES])


def _reason(each: Known, client_id: str | None) -> CandidateReason:
    if each.spoke_at is not None:
        return CandidateReason.LAST_SPOKEN
    if not each.owns:
        return CandidateReason.MEMBER
    return CandidateReason.SHARED_NUMBER if client_id is None else CandidateReason.OWN_NUMBER


def _place(candidate: Candidate) -> tuple[int, float, bool, str, str]:
    since = (_NEVER if candidate.last_contact_at is None else candidate.last_contact_at) - _NEVER
    # A candidate's rank, then the latest contact, then VIPs, then the name: the same question has the same answer.
    return (
        _ORDER.index(candidate.reason),
        -since.total_seconds(),
        not candidate.vip,
        candidate.name.casefold(),
        candidate.client_id,
    )
