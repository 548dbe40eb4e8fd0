"""Callbacks and messages for tests: whole ones, with everything filled in, so that what a store forgets shows."""

from dataclasses import replace
from typing import Any

from core.callback import Attempt, AttemptOutcome, Callback, CallbackState, First
from core.voicemail import Voicemail
from tests.cards import card, instant


def callback(n: int = 1, **changes: Any) -> Callback:
    whole = Callback(
        callback_id=f"callback-{n}",
        site="riga",
        pbx="pbx1",
        queue="support",
        number=f"+3712000000{n}",
        name="Жанна O'Brien <b>",
        entered_at=instant(n),
        asked_at=instant(n + 60),
        first=First.CLIENT,
        state=CallbackState.PLANNED,
        not_before=instant(n + 100),
        due_at=instant(n + 200),
        expires_at=instant(n + 3_600),
        zone="America/Argentina/Buenos_Aires",
        offset=2.5,
        asked_on=card(n).card_id,
        asked_by="wanda",
        times_asked=2,
        reason="not_reached",
        reached_for=1,
        attempts=(
            Attempt(
                at=instant(70),
                agent="1001",
                login="anna",
                leg_id=f"cb.{n}.1795262400.0",
                call_id="card-of-it",
                outcome=AttemptOutcome.UNANSWERED,
                why="busy",
                ended_at=instant(80.125),
            ),
        ),
        closed_at=instant(n + 300),
        closed_by="boris",
        revision=3,
    )
    return replace(whole, **changes)


def voicemail(n: int = 1, **changes: Any) -> Voicemail:
    whole = Voicemail(
        voicemail_id=f"voicemail-{n}",
        site="riga",
        queue="support",
        card_id=card(n).card_id,
        reference=f"meridian/1795262400.{n}.wav",
        seconds=12.5,
        left_at=instant(n),
    )
    return replace(whole, **changes)
