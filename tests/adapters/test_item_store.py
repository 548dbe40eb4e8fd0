"""What the record promises of callbacks and of messages: in memory, on SQLite and on a real PostgreSQL."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from callcards.callbacks import CallbackStore
from callcards.memory import MemoryCardStore
from callcards.ports import CardStore
from callcards.sql import SqlCardStore
from callcards.sql_callbacks import SqlCallbacks
from callcards.sql_voicemails import SqlVoicemails
from callcards.voicemails import VoicemailStore
from core.callback import CallbackState
from core.effects import DiscardCard, SaveCallback, SaveCard, SaveVoicemail
from core.voicemail import VoicemailState
from tests.adapters.test_card_store import rooms, store  # noqa: F401  # the same stores, by the same fixtures
from tests.cards import card, instant
from tests.items import callback, voicemail

S, V = CallbackState, VoicemailState


@pytest.fixture
def callbacks(store: CardStore) -> CallbackStore:  # noqa: F811
    if isinstance(store, MemoryCardStore):
        return store.callbacks
    assert isinstance(store, SqlCardStore)
    return SqlCallbacks(store._database)


@pytest.fixture
def voicemails(store: CardStore) -> VoicemailStore:  # noqa: F811
    if isinstance(store, MemoryCardStore):
        return store.voicemails
    assert isinstance(store, SqlCardStore)
    return SqlVoicemails(store._database)


def ids(found: Any) -> list[str]:
    return [getattr(each, "callback_id", None) or each.voicemail.voicemail_id for each in found]


async def test_a_callback_comes_back_exactly_as_it_was_saved(store: CardStore, callbacks: CallbackStore) -> None:  # noqa: F811
    bare = callback(2, zone=None, asked_on=None, attempts=(), closed_at=None, number="")
    await store.apply([SaveCallback(callback=callback(1)), SaveCallback(callback=bare)])
    assert await callbacks.callback("callback-1") == callback(1)
    assert await callbacks.callback("callback-2") == bare
    assert await callbacks.callback("nobody's") is None


async def test_the_latest_state_counts_in_whatever_order_they_come(store: CardStore, callbacks: CallbackStore) -> None:  # noqa: F811
    states = [callback(1, revision=r, reason=str(r)) for r in (1, 2, 3)]
    for told in permutations(states):
        await store.apply([SaveCallback(callback=told[0])])
        await store.apply([SaveCallback(callback=each) for each in told[1:]])
        found = await callbacks.callback("callback-1")
        assert found is not None and (found.revision, found.reason) == (3, "3")


async def test_the_open_ones_by_their_place_and_the_closed_ones_newest_first(
    store: CardStore,  # noqa: F811
    callbacks: CallbackStore,
) -> None:
    kept = [
        callback(1, state=S.FAILED, closed_at=instant(10)),
        callback(2, state=S.DONE, closed_at=instant(30)),
        callback(3, state=S.FAILED, closed_at=instant(20)),
        callback(4, state=S.WAITING, entered_at=instant(9)),
        callback(5, state=S.UNKNOWN, entered_at=instant(8)),
        callback(6, state=S.WAITING, site="omsk"),
    ]
    await store.apply([SaveCallback(callback=each) for each in kept])
    assert ids(await callbacks.callbacks("riga", {S.WAITING, S.UNKNOWN})) == ["callback-5", "callback-4"]
    assert ids(await callbacks.callbacks("riga", {S.FAILED, S.DONE})) == ["callback-2", "callback-3", "callback-1"]
    assert ids(await callbacks.callbacks("riga", {S.FAILED, S.DONE}, limit=1)) == ["callback-2"]


async def test_whether_one_was_asked_for_in_a_call(store: CardStore, callbacks: CallbackStore) -> None:  # noqa: F811
    await store.apply([SaveCallback(callback=callback(1))])
    assert await callbacks.callback_asked_on(card(1).card_id)
    assert not await callbacks.callback_asked_on(card(2).card_id)


async def test_a_message_is_added_once_and_knows_its_caller(store: CardStore, voicemails: VoicemailStore) -> None:  # noqa: F811
    await store.apply([SaveVoicemail(voicemail=voicemail(1)), SaveCard(card=card(1))])
    taken = voicemail(1, state=V.TAKEN, owner="anna", revision=1)
    assert await voicemails.change(voicemail(1), taken)
    await store.apply([SaveVoicemail(voicemail=voicemail(1))])
    shown = await voicemails.one("voicemail-1")
    assert shown is not None and shown.voicemail == taken
    assert (shown.pbx, shown.number, shown.caller_name) == ("pbx1", card(1).client_number, card(1).caller_name)
    assert await voicemails.one("nobody's") is None


async def test_who_is_slower_changes_nothing(store: CardStore, voicemails: VoicemailStore) -> None:  # noqa: F811
    await store.apply([SaveVoicemail(voicemail=voicemail(1))])
    seen = voicemail(1)
    assert await voicemails.change(seen, replace(seen, state=V.TAKEN, owner="anna", revision=1))
    assert not await voicemails.change(seen, replace(seen, state=V.TAKEN, owner="boris", revision=1))
    shown = await voicemails.one("voicemail-1")
    assert shown is not None and (shown.voicemail.owner, shown.pbx, shown.number) == ("anna", "", "")


async def test_lists_by_queue_owner_and_state(store: CardStore, voicemails: VoicemailStore) -> None:  # noqa: F811
    kept = [
        voicemail(1),
        voicemail(2, queue="sales"),
        voicemail(3, queue="sales", state=V.PASSED_ON, owner="anna"),
        voicemail(4, state=V.TAKEN, owner="boris"),
        voicemail(5, site="omsk"),
        voicemail(6, state=V.DONE),
        voicemail(7, state=V.DONE),
    ]
    await store.apply([SaveVoicemail(voicemail=each) for each in reversed(kept)])
    undone = {V.OPEN, V.TAKEN, V.PASSED_ON}
    numbers = lambda found: [int(each.rpartition("-")[2]) for each in ids(found)]  # noqa: E731
    assert numbers(await voicemails.listed("riga", states=undone)) == [1, 2, 3, 4]
    assert numbers(await voicemails.listed("riga", states=undone, limit=2)) == [1, 2]
    assert numbers(await voicemails.listed("riga", states=undone, queues={"support"}, owner="anna")) == [1, 3]
    assert numbers(await voicemails.listed("riga", states=undone, queues={"support"})) == [1]
    assert numbers(await voicemails.listed("riga", states=undone, queues=(), owner="boris")) == [4]
    assert numbers(await voicemails.listed("riga", states={V.DONE})) == [7, 6]


async def test_messages_follow_a_card_that_became_part_of_another(store: CardStore, voicemails: VoicemailStore) -> None:  # noqa: F811
    main, gone = card(1), card(2)
    await store.apply([SaveCard(card=main), SaveCard(card=gone), SaveVoicemail(voicemail=voicemail(2))])
    await store.apply([DiscardCard(card_id=gone.card_id, into=main.card_id, linkedids=gone.linkedids)])
    await store.apply([SaveVoicemail(voicemail=voicemail(3, card_id=gone.card_id))])
    for asked in (main.card_id, gone.card_id):
        found = await voicemails.of_card(asked)
        assert [each.voicemail.card_id for each in found] == [main.card_id] * 2


async def test_nothing_from_outside_keeps_them_out(
    store: CardStore,  # noqa: F811
    callbacks: CallbackStore,
    voicemails: VoicemailStore,
) -> None:
    odd = "\x00\ud800'; --"
    await store.apply(
        [SaveCallback(callback=callback(1, name=odd, number=odd)), SaveVoicemail(voicemail=voicemail(1, reference=odd))]
    )
    assert await callbacks.callback("callback-1") and await voicemails.one("voicemail-1")
