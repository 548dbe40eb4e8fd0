"""Callbacks and messages in memory, beside the cards of memory.py. Same contract as in SQL."""

from collections.abc import Callable, Collection
from dataclasses import replace

from callcards.ports import StoredCard
from callcards.voicemails import ShownVoicemail
from core.callback import Callback, CallbackState
from core.effects import SaveCallback, SaveVoicemail
from core.voicemail import Voicemail, VoicemailState

_CLOSED = frozenset({CallbackState.DONE, CallbackState.CANCELLED, CallbackState.FAILED})


class MemoryCallbacks:
    def __init__(self) -> None:
        self._kept: dict[str, Callback] = {}

    def save(self, change: SaveCallback) -> None:
        known = self._kept.get(change.callback.callback_id)
        if known is None or known.revision < change.callback.revision:
            self._kept[change.callback.callback_id] = change.callback

    async def callback(self, callback_id: str) -> Callback | None:
        return self._kept.get(callback_id)

    async def callbacks(self, site: str, states: Collection[CallbackState], *, limit: int = 20_000) -> list[Callback]:
        found = sorted(
            (one for one in self._kept.values() if one.site == site and one.state in states),
            key=lambda one: (one.entered_at, one.callback_id),
        )
        if set(states) <= _CLOSED:
            found.sort(key=lambda one: one.callback_id)
            found.sort(key=lambda one: one.closed_at or one.asked_at, reverse=True)
        return found[:limit]

    async def callback_asked_on(self, card_id: str) -> bool:
        return any(one.asked_on == card_id for one in self._kept.values())


class MemoryVoicemails:
    """`card_of` finds a card by its id, or by that of one which was merged into it."""

    def __init__(self, card_of: Callable[[str], StoredCard | None]) -> None:
        self._card_of = card_of
        self._kept: dict[str, Voicemail] = {}

    def add(self, change: SaveVoicemail) -> None:
        self._kept.setdefault(change.voicemail.voicemail_id, change.voicemail)

    async def one(self, voicemail_id: str) -> ShownVoicemail | None:
        found = self._kept.get(voicemail_id)
        return None if found is None else self._shown(found)

    async def of_card(self, card_id: str) -> list[ShownVoicemail]:
        card = self._card_of(card_id)
        known_as = card_id if card is None else card.card.card_id
        shown = (self._shown(each) for each in self._kept.values())
        return sorted((s for s in shown if s.voicemail.card_id == known_as), key=_place)

    async def listed(
        self,
        site: str,
        *,
        states: Collection[VoicemailState],
        queues: Collection[str] | None = None,
        owner: str | None = None,
        limit: int = 200,
    ) -> list[ShownVoicemail]:
        def asked_for(each: Voicemail) -> bool:
            mine = owner is not None and each.owner == owner
            ours = queues is not None and each.queue in queues and not each.owner
            return mine or ours or (owner is None and queues is None)

        found = [e for e in self._kept.values() if e.site == site and e.state in states and asked_for(e)]
        shown = sorted((self._shown(each) for each in found), key=_place)
        if set(states) == {VoicemailState.DONE}:
            shown.sort(key=lambda each: each.voicemail.left_at, reverse=True)
        return shown[:limit]

    async def change(self, before: Voicemail, after: Voicemail) -> bool:
        known = self._kept.get(before.voicemail_id)
        if known is None or known.revision != before.revision:
            return False
        self._kept[before.voicemail_id] = after
        return True

    def _shown(self, voicemail: Voicemail) -> ShownVoicemail:
        stored = self._card_of(voicemail.card_id)
        if stored is None:
            return ShownVoicemail(voicemail=voicemail)
        card = stored.card
        return ShownVoicemail(
            voicemail=replace(voicemail, card_id=card.card_id),
            pbx=card.pbx,
            number=card.client_number or card.caller_number,
            caller_name=card.caller_name,
            client_id=stored.client_id,
            client_name=stored.client_name,
        )


def _place(shown: ShownVoicemail) -> tuple[object, str]:
    return shown.voicemail.left_at, shown.voicemail.voicemail_id
