"""Who is outside: what the look-up of a caller and the pages about clients ask for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.model import ClientSummary, PastInteraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A person outside with every number that is known to be theirs (in E.164 where they can be read)."""

    client_id: str
    site: str
    name: str
    note: str
    numbers: tuple[str, ...]
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The answer to a look-up. `history` newest first."""

    client: ClientSummary | None
    history: tuple[PastInteraction, ...] = ()


Answer = Callable[[Found | None, BaseException | None], None]


class ClientDirectory(Protocol):
    """Clients of each site by number. `number` is always as received or typed: punctuation doesn't matter.

    Everything raises Unavailable when the database can't be reached. A `client_id` of another site is NotFound.
    """

    async def find(self, site: str, number: str) -> Found:
        """The client behind a number and the last 20 conversations; Found(client=None) for a stranger."""

    def look_up(self, site: str, number: str, answer: Answer) -> None:
        """The same from within a step: never waits, raises nothing; `answer` is called on the loop after this returned."""

    async def find_or_create(self, site: str, number: str, *, name: str, at: datetime) -> Found:
        """The same, but a stranger becomes a client. Numbers that stand for nobody (anonymous) never do."""

    async def client(self, site: str, client_id: str) -> Client: ...

    async def search(self, site: str, text: str, *, limit: int = 20) -> list[Client]:
        """By number (whole, any punctuation) or by part of the name; newest first, everything for an empty text."""

    async def create(self, site: str, *, name: str, numbers: Sequence[str], at: datetime, note: str = "") -> Client:
        """Conflict when a number is somebody else's, Rejected when it stands for nobody."""

    async def change(
        self, site: str, client_id: str, *, name: str | None = None, note: str | None = None
    ) -> Client: ...

    async def add_number(self, site: str, client_id: str, number: str, *, at: datetime) -> Client: ...

    async def remove_number(self, site: str, client_id: str, number: str) -> Client: ...
