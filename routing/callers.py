"""The live calls that may wait for an operator: what the dispatcher must remember of each. Pure."""

from dataclasses import dataclass, field
from datetime import datetime

from core.events import CallArrived
from core.ids import epoch_of
from core.model import ClientSummary, Door

OFFER_PREFIX = "cc."


@dataclass(slots=True, kw_only=True)
class Caller:
    """`queue`: the ACD queue in which they wait, `entered_at` since when (offers, steps and overflow leave it). `rung_by_others`:
    phones that ring for them, but not at our bidding: another node's, or our own from before a restart. `by_pbx`: the queue in
    which they wait for an operator whom the PBX itself picks, and since when. `let_in`: although their queue is closed, for
    want of a way out."""

    arrived: CallArrived
    queue: str | None = None
    entered_at: datetime | None = None
    client: ClientSummary | None = None
    preferred: str | None = None
    attempts: int = -1
    sent_to: tuple[Door, str] | None = None
    let_in: bool = False
    rung_by_others: set[str] = field(default_factory=set)
    by_pbx: tuple[str, datetime] | None = None

    @property
    def call_id(self) -> str:
        return self.arrived.call_id

    @property
    def number(self) -> str:
        return self.arrived.client_number or self.arrived.caller_number

    @property
    def name(self) -> str:
        return self.client.name if self.client is not None else self.arrived.caller_name

    def next_offer_id(self, at: datetime) -> str:
        """`cc.<caller's channel>.<attempt>`: two nodes that decide the same in the same second name the same channel, of which
        Asterisk makes one; and a restart doesn't use a name again."""
        began_s = epoch_of(self.arrived.uniqueid) or 0
        self.attempts = max(self.attempts + 1, int(at.timestamp()) - began_s)
        return f"{OFFER_PREFIX}{self.arrived.uniqueid}.{self.attempts}"
