"""Who is outside: what the look-up of a caller and the pages about clients ask for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.errors import Conflict
from core.model import Candidate, ClientKind, ClientSummary, FollowUpLine, PastInteraction

MOST_CANDIDATES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A person or an organisation outside, with every number and address that is known to be theirs.

    Numbers in E.164 where they can be read, addresses in lower case. `organisation` is the name of the one this person belongs
    to. `fields` are the administrator's own, in the order of their codes. `made_by` is a login, None where a call made it by
    itself. `version` grows with every change.
    """

    client_id: str
    site: str
    name: str
    created_at: datetime
    note: str = ""
    numbers: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    kind: ClientKind = ClientKind.PERSON
    organisation_id: str | None = None
    organisation: str | None = None
    vip: bool = False
    warning: str = ""
    language: str | None = None
    timezone: str | None = None
    owner: str | None = None
    fields: tuple[tuple[str, str], ...] = ()
    check: bool = False
    made_by: str | None = None
    version: int = 1

    @property
    def is_placeholder(self) -> bool:
        """Made by a call and never touched by a person: it stands for "somebody at this number" and no more."""
        return self.made_by is None and self.version == 1 and len(self.numbers) < 2 and not self.emails


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What a person wants to say about a client. None: stays as it is; an empty text: there is none (any more).

    `numbers` and `emails` replace all that were there; `fields` only the codes that it names.
    """

    name: str | None = None
    note: str | None = None
    kind: ClientKind | None = None
    organisation_id: str | None = None
    numbers: tuple[str, ...] | None = None
    emails: tuple[str, ...] | None = None
    vip: bool | None = None
    warning: str | None = None
    language: str | None = None
    timezone: str | None = None
    owner: str | None = None
    fields: Mapping[str, str] | None = None
    check: bool | None = None


NOTHING = Edit()


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """One line of a client's own history: who changed what, and when. Numbers and addresses stand one a line."""

    at: datetime
    by: str
    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The answer to a look-up. `history` newest first, `candidates` best first.

    `client` None: a stranger, or with `candidates` several whom a person has to tell apart. An organisation comes with its
    people as candidates.
    """

    client: ClientSummary | None
    history: tuple[PastInteraction, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    follow_ups: tuple[FollowUpLine, ...] = ()

    @property
    def is_stranger(self) -> bool:
        return self.client is None and not self.candidates


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """A person said who it was. `linked` counts the other cards that became this client's along with it; `card_id` is the one
    that the asked one became part of, if it did; `number` its client's as the PBX gave it; `before` whose card it was."""

    card_id: str
    number: str
    client: Client
    linked: int
    before: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What the check questions gave: code -> right, wrong or not_asked."""

    answers: Mapping[str, str]
    by: str
    at: datetime


class Stale(Conflict):
    """Somebody else changed this client in the meantime; `present` is what it is now."""

    code = "stale"

    def __init__(self, present: Client) -> None:
        super().__init__(
            "Somebody else changed this client in the meantime: look at what it says now, then save again."
        )
        self.present = present


Answer = Callable[[Found | None, BaseException | None], None]


class ClientDirectory(Protocol):
    """Clients of each site. `number` is always as received or typed: punctuation doesn't matter.

    Everything raises Unavailable when the database can't be reached. A `client_id` or `card_id` of another site is NotFound; one
    that was merged into another means that other one. `by` is the login of who does it.
    """

    async def find(self, site: str, number: str) -> Found:
        """Who is behind a number and the last 20 conversations."""

    def look_up(self, site: str, number: str, answer: Answer) -> None:
        """The same from within a step: never waits, raises nothing; `answer` is called on the loop after this returned."""

    async def find_or_create(self, site: str, number: str, *, name: str, at: datetime) -> Found:
        """The same, but a stranger becomes a client. Numbers that stand for nobody (anonymous) never do."""

    async def about(self, site: str, client_id: str, *, number: str) -> Found:
        """What a pop shows of a client whom somebody confirmed, whoever has the number."""

    async def as_confirmed(self, site: str, card_id: str, found: Found, *, number: str) -> Found:
        """`found` by the number, or what a pop shows of the client whose card it is: a person's word goes first."""

    async def client(self, site: str, client_id: str) -> Client: ...

    async def search(
        self, site: str, text: str, *, limit: int = 20, kind: ClientKind | None = None, number: str = ""
    ) -> list[Client]:
        """By number (whole, any punctuation), address or part of the name; newest first, everything for an empty text. `number`
        given: only those who have it."""

    async def members(self, site: str, client_id: str, *, limit: int = 200) -> list[Client]:
        """The people of an organisation, by name."""

    async def changes(self, site: str, client_id: str) -> list[Changed]:
        """What people changed, newest first; what was merged into this client keeps its lines."""

    async def home_of(self, *, client_id: str = "", card_id: str = "") -> str | None:
        """Whose it is, for the audit trail: nobody is told."""

    async def live_calls(self, site: str, client_id: str) -> Sequence[tuple[str, str]]:
        """(card_id, number) of conversations with this client that go on right now."""

    async def create(
        self, site: str, *, name: str, numbers: Sequence[str], at: datetime, by: str = "", more: Edit = NOTHING
    ) -> Client:
        """Rejected where something can't be so: a number that stands for nobody, an unknown zone or field. Several may share a
        number."""

    async def change(
        self, site: str, client_id: str, edit: Edit, *, by: str, at: datetime, version: int | None = None
    ) -> Client:
        """Stale when it isn't `version` any more (None: whatever it is)."""

    async def add_number(self, site: str, client_id: str, number: str, *, by: str, at: datetime) -> Client: ...

    async def remove_number(self, site: str, client_id: str, number: str, *, by: str, at: datetime) -> Client: ...

    async def add_email(self, site: str, client_id: str, email: str, *, by: str, at: datetime) -> Client: ...

    async def remove_email(self, site: str, client_id: str, email: str, *, by: str, at: datetime) -> Client: ...

    async def merge(self, site: str, client_id: str, *, into: str, by: str, at: datetime) -> Client:
        """Two that are one: `into` gets everything that was `client_id`'s. Rejected for a person and an organisation."""

    async def confirm(
        self, site: str, card_id: str, who: str | Edit, *, learn: bool, by: str, at: datetime
    ) -> Confirmed:
        """This conversation was with `who`: a client's id, or a new one. `learn`: the number is theirs from now on; earlier cards
        of it without a client follow when nobody else has it."""

    async def note_check(
        self, site: str, card_id: str, answers: Mapping[str, str], *, by: str, at: datetime
    ) -> Checked: ...

    async def check_of(self, site: str, card_id: str) -> Checked | None: ...
