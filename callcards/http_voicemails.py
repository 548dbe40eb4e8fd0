"""Routes of the messages that callers left: the list, hearing one, taking it, passing it on, done. Operators see those of their
queues and what was passed on to them, supervisors all of their site's. Hearing is in the audit trail like everything that is
done."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path as FilePath
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Header, Path, Query
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from callcards.audio import MEDIA_TYPES, file_of, part_asked
from callcards.http_lines import CardId, Id, RegionOf, card_of_site, number_text
from callcards.ports import CardStore
from callcards.voicemails import TABLE, Act, ShownVoicemail, VoicemailStore, after
from core.errors import Conflict, NotFound, Rejected
from core.model import Role
from core.voicemail import VoicemailState
from web.access import Door, Operator
from web.accounts import Accounts
from web.people import SignedIn

_BLOCK = 64 * 1024
_UNDONE = frozenset(VoicemailState) - {VoicemailState.DONE}


class VoicemailLine(BaseModel):
    """`owner`: the login of whoever sees to it. `can`: what the asker may do with it now. `playable`: its file can be heard
    here."""

    voicemail_id: str
    queue: str
    card_id: str
    number: str
    number_text: str
    caller_name: str
    client_id: str | None
    client_name: str
    left_at: datetime
    seconds: float
    state: VoicemailState
    owner: str
    passed_by: str
    note: str
    changed_at: datetime | None
    changed_by: str
    playable: bool
    can: list[str]


class VoicemailList(BaseModel):
    """The oldest first; `done`: the newest. `queues`: to which a message can be passed on."""

    at: datetime
    queues: list[str]
    voicemails: list[VoicemailLine]
    done: list[VoicemailLine]


class PassOn(BaseModel):
    """To a person (a login) or to a queue."""

    model_config = ConfigDict(extra="forbid")
    to: str | None = Field(default=None, min_length=1, max_length=100)
    queue: str | None = Field(default=None, min_length=1, max_length=80)
    note: str = Field(default="", max_length=500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """`queues_of` a login: those whose messages are theirs (None: all). `folders`: per PBX where its recordings lie. `changed`
    hears that a list is another one now."""

    queues_of: Callable[[str], Collection[str] | None]
    queues: Callable[[], Collection[str]]
    works_at: Callable[[str, str], Awaitable[bool]]
    folders: Mapping[str, FilePath | None]
    region_of: RegionOf
    changed: Callable[[], None]
    now: Callable[[], datetime]


def router(store: VoicemailStore, cards: CardStore, around: Around) -> APIRouter:
    routes = APIRouter(prefix="/api", tags=["voicemails"])
    desk = _Desk(store, cards, around)

    @routes.get("/voicemails")
    async def listed(who: Operator) -> VoicemailList:
        """The messages of your queues, those in your hands, and what was done lately. A supervisor's: all."""
        return await desk.listed(who)

    @routes.post("/voicemails/{voicemail_id}/pass-on")
    async def pass_on(voicemail_id: Annotated[Id, Path()], asked: PassOn, who: Operator, door: Door) -> VoicemailLine:
        """Give it to a colleague or to another queue."""
        return await desk.pass_on(voicemail_id, asked, who, door)

    @routes.post("/voicemails/{voicemail_id}/{act}")
    async def act(voicemail_id: Annotated[Id, Path()], act: Act, who: Operator, door: Door) -> VoicemailLine:
        """take: you see to it; release: you don't after all; done; reopen."""
        if act is Act.PASS_ON:
            raise Rejected("Say to whom: exactly one of to, queue.", code="nobody")
        return await desk.act(await desk.theirs(voicemail_id, who, door), act, who, door)

    @routes.get("/cards/{card_id}/voicemail", response_class=StreamingResponse)
    async def play(
        card_id: CardId,
        who: Operator,
        door: Door,
        part: Annotated[str | None, Header(alias="Range", max_length=100)] = None,
        voicemail_id: Annotated[str | None, Query(max_length=64)] = None,
    ) -> Response:
        """The message itself. Of several left in one call the last, unless `voicemail_id` says which."""
        return await desk.play(card_id, voicemail_id, part, who, door)

    return routes


class _Desk:
    def __init__(self, store: VoicemailStore, cards: CardStore, around: Around) -> None:
        self._store, self._cards, self._around = store, cards, around

    async def listed(self, who: SignedIn) -> VoicemailList:
        queues = None if who.is_at_least(Role.SUPERVISOR) else self._around.queues_of(who.login)
        owner = None if queues is None else who.login
        undone = await self._store.listed(who.site, states=_UNDONE, queues=queues, owner=owner)
        done = await self._store.listed(who.site, states={VoicemailState.DONE}, queues=queues, owner=owner, limit=20)
        return VoicemailList(
            at=self._around.now(),
            queues=sorted(self._around.queues()),
            voicemails=[self._line(each, who) for each in undone],
            done=[self._line(each, who) for each in done],
        )

    async def pass_on(self, voicemail_id: str, asked: PassOn, who: SignedIn, door: Accounts) -> VoicemailLine:
        shown = await self.theirs(voicemail_id, who, door)
        if (asked.to is None) == (asked.queue is None):
            raise Rejected("Say to whom: exactly one of to, queue.", code="nobody")
        if asked.queue is not None and asked.queue not in self._around.queues():
            raise Rejected("There is no such queue.", code="no_such_queue")
        if asked.to is not None and not await self._around.works_at(who.site, asked.to):
            raise Rejected(f"Nobody with the login {asked.to} works here.", code="unknown_owner")
        more = {"to": asked.to or "", "queue": asked.queue or "", "note": asked.note.strip()}
        return await self.act(shown, Act.PASS_ON, who, door, **more)

    async def act(self, shown: ShownVoicemail, act: Act, who: SignedIn, door: Accounts, **more: str) -> VoicemailLine:
        before = shown.voicemail
        voicemail_id = before.voicemail_id
        now = after(before, act, by=who.login, at=self._around.now(), **more)
        told = {name: value for name, value in more.items() if value and name != "note"}
        await door.changed(who, what=f"voicemail_{act}", voicemail_id=voicemail_id, **told)
        if not await self._store.change(before, now):
            raise Conflict("Somebody else was faster: look at the list again.", code="overtaken")
        self._around.changed()
        return self._line(await self._store.one(voicemail_id) or shown, who)

    async def play(
        self, card_id: str, voicemail_id: str | None, part: str | None, who: SignedIn, door: Accounts
    ) -> Response:
        await card_of_site(self._cards, card_id, who, door)
        found = [v for v in await self._store.of_card(card_id) if voicemail_id in (None, v.voicemail.voicemail_id)]
        if not found:
            raise NotFound("No message was left in this call.")
        shown = found[-1]
        if not self._may_hear(shown, who):
            await door.refused_access(who, f"voicemail {shown.voicemail.voicemail_id} of {shown.voicemail.queue}")
            raise NotFound("No message was left in this call.")
        path = await asyncio.to_thread(file_of, self._around.folders.get(shown.pbx), shown.voicemail.reference)
        file = await asyncio.to_thread(path.open, "rb")
        try:
            size = await asyncio.to_thread(lambda: path.stat().st_size)
            asked = part_asked(part, size)
        except Rejected as error:
            file.close()
            body = {"code": error.code, "message": str(error)}
            return _json(body, 416, {"Content-Range": f"bytes */{size}"})
        except BaseException:
            file.close()
            raise
        first, last = asked or (0, size - 1)
        if first == 0:  # a player asks for the rest piece by piece
            heard = {"voicemail_id": shown.voicemail.voicemail_id, "card_id": card_id}
            await door.audit(self._around.now(), actor=who.login, action="voicemail_heard", **heard)
        headers = {
            "Accept-Ranges": "bytes",
            "Content-Length": str(last - first + 1),
            "Cache-Control": "private, no-store",
            "Content-Disposition": "inline",
        }
        if asked is not None:
            headers["Content-Range"] = f"bytes {first}-{last}/{size}"
        media = MEDIA_TYPES[path.suffix.lower()]
        return StreamingResponse(_bytes(file, first, last), 206 if asked else 200, headers, media_type=media)

    async def theirs(self, voicemail_id: str, who: SignedIn, door: Accounts) -> ShownVoicemail:
        shown = await self._store.one(voicemail_id)
        if shown is not None and shown.voicemail.site == who.site and self._may_hear(shown, who):
            return shown
        if shown is not None:
            await door.refused_access(who, f"voicemail {voicemail_id} of site {shown.voicemail.site}")
        raise NotFound("There is no such message.")

    def _may_hear(self, shown: ShownVoicemail, who: SignedIn) -> bool:
        queues = None if who.is_at_least(Role.SUPERVISOR) else self._around.queues_of(who.login)
        return queues is None or shown.voicemail.owner == who.login or shown.voicemail.queue in queues

    def _line(self, shown: ShownVoicemail, who: SignedIn) -> VoicemailLine:
        one = shown.voicemail
        plain = {name: getattr(one, name) for name in VoicemailLine.model_fields if hasattr(one, name)}
        can = [str(act) for act, state in TABLE[one.state].items() if state is not None]
        if one.state is VoicemailState.PASSED_ON and one.owner not in ("", who.login):
            can.remove(Act.TAKE)
        return VoicemailLine(
            **plain,
            number=shown.number,
            number_text=number_text(shown.number, one.site, self._around.region_of),
            caller_name=shown.caller_name,
            client_id=shown.client_id,
            client_name=shown.client_name,
            playable=self._around.folders.get(shown.pbx) is not None,
            can=can,
        )


async def _bytes(file: BinaryIO, first: int, last: int) -> AsyncIterator[bytes]:
    """In blocks, each read off the loop. Whoever goes away in the middle leaves nothing open."""
    try:
        await asyncio.to_thread(file.seek, first)
        left = last - first + 1
        while left > 0 and (block := await asyncio.to_thread(file.read, min(_BLOCK, left))):
            left -= len(block)
            yield block
    finally:
        file.close()


def _json(body: Mapping[str, str], status: int, headers: Mapping[str, str]) -> Response:
    return JSONResponse(dict(body), status, dict(headers))
