"""Messages that callers left, as items of their queues: how one comes to be, who may do what with it, what the record is asked.

Pure. The states and what leads from one to another are one table; nobody has to remember a mailbox.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Protocol

from core.effects import AnnounceItems, Effect, SaveVoicemail
from core.errors import Conflict
from core.events import VoicemailLeft
from core.values import changed
from core.voicemail import Voicemail, VoicemailState

S = VoicemailState
CHANNEL = "voicemail"


class Act(StrEnum):
    """`take`: I see to it; `release`: I don't after all; `pass_on`: to a person or a queue; `done`; `reopen`: it isn't done."""

    TAKE = "take"
    RELEASE = "release"
    PASS_ON = "pass_on"
    DONE = "done"
    REOPEN = "reopen"


TABLE: Mapping[S, Mapping[Act, S | None]] = {
    S.OPEN: {Act.TAKE: S.TAKEN, Act.RELEASE: None, Act.PASS_ON: S.PASSED_ON, Act.DONE: S.DONE, Act.REOPEN: None},
    S.TAKEN: {Act.TAKE: None, Act.RELEASE: S.OPEN, Act.PASS_ON: S.PASSED_ON, Act.DONE: S.DONE, Act.REOPEN: None},
    S.PASSED_ON: {Act.TAKE: S.TAKEN, Act.RELEASE: S.OPEN, Act.PASS_ON: S.PASSED_ON, Act.DONE: S.DONE, Act.REOPEN: None},
    S.DONE: {Act.TAKE: None, Act.RELEASE: None, Act.PASS_ON: None, Act.DONE: None, Act.REOPEN: S.OPEN},
}
"""None: refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownVoicemail:
    """A message with who called, from its card. `pbx` is where its file lies."""

    voicemail: Voicemail
    pbx: str = ""
    number: str = ""
    caller_name: str = ""
    client_id: str | None = None
    client_name: str = ""


class VoicemailStore(Protocol):
    """Everything raises Unavailable when the database can't be reached."""

    async def one(self, voicemail_id: str) -> ShownVoicemail | None: ...

    async def of_card(self, card_id: str) -> list[ShownVoicemail]:
        """The first first; also by the id of a card that was merged into it."""

    async def listed(
        self,
        site: str,
        *,
        states: Collection[VoicemailState],
        queues: Collection[str] | None = None,
        owner: str | None = None,
        limit: int = 200,
    ) -> list[ShownVoicemail]:
        """Of these queues (None: of all), or in the hands of `owner`; the oldest first, but done ones the newest first."""

    async def change(self, before: Voicemail, after: Voicemail) -> bool:
        """False: somebody was faster, and nothing was changed."""


def after(
    voicemail: Voicemail, act: Act, *, by: str, at: datetime, to: str = "", queue: str = "", note: str = ""
) -> Voicemail:
    """The message after a person's act. `to` (a login) or `queue`: where it is passed on to."""
    state = TABLE[voicemail.state][act]
    if state is None:
        raise Conflict(
            f"This message is {voicemail.state.value}: that can't be done with it now.", code="voicemail_state"
        )
    if act is Act.TAKE and voicemail.state is S.PASSED_ON and voicemail.owner not in ("", by):
        raise Conflict("This message was passed on to somebody else.", code="voicemail_of_other")
    owner = {Act.TAKE: by, Act.DONE: by, Act.PASS_ON: to}.get(act, "")
    passed = {"passed_by": by, "note": note, "queue": queue or voicemail.queue} if act is Act.PASS_ON else {}
    revision = voicemail.revision + 1
    return changed(voicemail, state=state, owner=owner, changed_at=at, changed_by=by, revision=revision, **passed)


class Voicemails:
    """The rule: a message that was left is an open item of its queue."""

    def __init__(self, *, site: str) -> None:
        self._site = site

    def on_voicemail_left(self, event: VoicemailLeft) -> Iterable[Effect]:
        """Once, whoever tells it and how often: its id follows from the call and the file."""
        name = blake2b(event.reference.encode(errors="replace"), digest_size=4).hexdigest()
        new = Voicemail(
            voicemail_id=f"{event.call_id}.{name}",
            site=self._site,
            queue=event.queue,
            card_id=event.call_id,
            reference=event.reference,
            seconds=event.seconds,
            left_at=event.at,
        )
        return [SaveVoicemail(voicemail=new), AnnounceItems(channel=CHANNEL)]
