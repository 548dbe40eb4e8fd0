"""Cards from call detail records: for conversations that came and went unseen, and to mend those whose end was only inferred.

Pure. Owns what the records can tell (parties, legs, times to the second) and what they can't (holds, transfers, who hung
up). Never touches what a card that was seen to its end says.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from callcards.card import natural_key
from callcards.cdr import CdrRow, Conversation
from core.ids import epoch_of, interaction_id
from core.model import Card, Direction, Leg, LegOutcome

END_REASON = "cdr"
# How a card ended whose end nobody saw.
_UNSEEN = frozenset({END_REASON, "gone_while_away", "pbx_restart"})
_OUTCOMES = {"BUSY": LegOutcome.BUSY, "NO ANSWER": LegOutcome.NOANSWER}
# The number that really went out, past the prefix that agents dial: `PJSIP/79161112233@trunk,30,tT`.
_DIALLED_OUT = re.compile(r"^[A-Za-z0-9]+/([^@,&/]*\d[^@,&/]*)@")
# Where the dialplan that we ship takes a message (telephony/dialplan.py).
_MESSAGE_CONTEXT = "meridian-message"
_NAME = re.compile(r'^\s*"?(.*?)"?\s*<')


@dataclass(frozen=True, slots=True, kw_only=True)
class BackFill:
    """Where the records come from. `agents` are globs of agents' endpoints; `boot_at` tells the PBX's boot id at an instant."""

    site: str
    pbx: str
    timezone: str
    agents: tuple[str, ...]
    boot_at: Callable[[datetime], str]

    def card(self, conversation: Conversation) -> Card:
        """The card of a conversation that nobody saw."""
        first = _primary(conversation.rows)
        began = _began(first)
        boot_id = self.boot_at(began)
        direction = self._direction(conversation.rows, first)
        legs = self._legs(conversation.rows)
        talk = self._talk(conversation.rows, direction)
        queues = tuple(dict.fromkeys(q for q in map(_queue, conversation.rows) if q))
        return Card(
            card_id=interaction_id(site=self.site, pbx=self.pbx, boot_id=boot_id, uniqueid=first.uniqueid),
            natural_key=natural_key(site=self.site, pbx=self.pbx, boot_id=boot_id, uniqueid=first.uniqueid),
            site=self.site,
            pbx=self.pbx,
            boot_id=boot_id,
            uniqueid=first.uniqueid,
            linkedids=conversation.linkedids,
            channel="voice",
            direction=direction,
            caller_number=first.src if direction is Direction.INBOUND else self._agent(first.channel) or first.src,
            caller_name=_caller_name(first.clid) if direction is Direction.INBOUND else "",
            client_number=_client_number(direction, first, talk or conversation.rows),
            dialled=_dialled(first),
            started_at=began,
            timezone=self.timezone,
            agent=None if direction is Direction.INBOUND else self._agent(first.channel),
            queues=queues,
            # Since when it waited the records don't say: a dialplan that answers before the queue makes both of
            # the row's instants meaningless. Unknown is better than a wait of nought.
            queued_at=None,
            answered_at=min((row.answer for row in talk if row.answer), default=None),
            answered_by=self._party(talk[0]) if talk else None,
            talk_ended_at=max((row.end for row in talk), default=None),
            legs=legs,
            voicemail=any(_leaves_message(row) for row in conversation.rows),
            ended_at=conversation.ended_at,
            end_reason=END_REASON,
            inferred=True,
        )

    def mended(self, card: Card, conversation: Conversation) -> Card | None:
        """The card with what the records know better; None where there is nothing to add. Mending twice changes nothing."""
        missing = tuple(linkedid for linkedid in conversation.linkedids if linkedid not in card.linkedids)
        better = self._told(card, conversation) if card.end_reason in _UNSEEN and card.ended_at is not None else card
        better = replace(better, linkedids=(*card.linkedids, *missing))
        return None if better == card else replace(better, revision=card.revision + 1)

    def _told(self, card: Card, conversation: Conversation) -> Card:
        told = self.card(conversation)
        known = {leg.agent for leg in card.legs}
        unseen_from = card.ended_at or conversation.ended_at
        legs = tuple(_mended_leg(leg, told.legs) if leg.ended_at == card.ended_at else leg for leg in card.legs)
        legs += tuple(leg for leg in told.legs if leg.agent not in known or leg.rang_at > unseen_from)
        answered_at = card.answered_at or told.answered_at
        return replace(
            card,
            queues=card.queues or told.queues,
            answered_at=answered_at,
            answered_by=card.answered_by or told.answered_by,
            talk_ended_at=(told.talk_ended_at or card.talk_ended_at) if answered_at else None,
            legs=legs,
            voicemail=card.voicemail or told.voicemail,
            ended_at=max(conversation.ended_at, card.started_at),
        )

    def _agent(self, channel: str) -> str | None:
        """The agent's name where this is the channel of an agent's phone."""
        endpoint = _endpoint(channel)
        if any(fnmatchcase(endpoint, pattern) for pattern in self.agents):
            return endpoint.partition("/")[2]
        return None

    def _direction(self, rows: Sequence[CdrRow], first: CdrRow) -> Direction:
        if self._agent(first.channel) is None:
            return Direction.INBOUND
        others = [row.dstchannel for row in rows if row.dstchannel and not row.dstchannel.startswith("Local/")]
        if any(self._agent(channel) is None for channel in others):
            return Direction.OUTBOUND
        dialled_agent = any(fnmatchcase(f"{_technology(first.channel)}/{first.dst}", glob) for glob in self.agents)
        return Direction.INTERNAL if others or dialled_agent or _queue(first) else Direction.OUTBOUND

    def _legs(self, rows: Sequence[CdrRow]) -> tuple[Leg, ...]:
        """One for each channel of an agent that was called."""
        rung: dict[str, list[CdrRow]] = {}
        for row in rows:
            channel = row.channel if row.is_offer else row.dstchannel
            if self._agent(channel):
                rung.setdefault(channel, []).append(row)
        picked_up = _picked_up_elsewhere(rows)
        return tuple(self._leg(channel, calls, missed=channel in picked_up) for channel, calls in rung.items())

    def _leg(self, channel: str, rows: Sequence[CdrRow], *, missed: bool) -> Leg:
        answered = [row for row in rows if row.answered and row.dstchannel and not missed]
        first = rows[0]
        return Leg(
            leg_id=first.uniqueid if first.is_offer else channel,
            agent=self._agent(channel) or channel,
            rang_at=min(row.start for row in rows),
            outcome=LegOutcome.ANSWERED if answered else _outcome(first),
            answered_at=min((row.answer for row in answered if row.answer), default=None),
            ended_at=max(row.end for row in answered or rows),
            queue=next((queue for queue in map(_queue, rows) if queue), None),
        )

    def _talk(self, rows: Sequence[CdrRow], direction: Direction) -> list[CdrRow]:
        """The rows in which the client (or the colleague) really had somebody: not the agent's own phone in click-to-call."""
        picked_up = _picked_up_elsewhere(rows)
        talk = [row for row in rows if row.answered and row.dstchannel and row.dstchannel not in picked_up]
        whole = [row for row in talk if not row.dstchannel.startswith("Local/")] or talk
        if direction is Direction.OUTBOUND:
            return [row for row in whole if self._agent(row.dstchannel) is None] or whole
        return whole

    def _party(self, row: CdrRow) -> str:
        return self._agent(row.channel if row.is_offer else row.dstchannel) or _outside_number(row) or row.dst


def _picked_up_elsewhere(rows: Sequence[CdrRow]) -> set[str]:
    """Phones whose own row says that they weren't answered: somebody else took the call from them."""
    return {row.channel for row in rows if row.disposition.upper() == "NO ANSWER" and not row.dstchannel}


def _primary(rows: Sequence[CdrRow]) -> CdrRow:
    """The row of the channel that began it: the conversation bears its id."""
    own = [row for row in rows if row.uniqueid in {r.linkedid for r in rows} and not row.channel.startswith("Local/")]
    real = own or [row for row in rows if not row.channel.startswith("Local/")]
    return (real or list(rows))[0]


def _began(row: CdrRow) -> datetime:
    """A queue's row starts when the agent is called, but the id of a channel holds the second in which it was made."""
    epoch = epoch_of(row.uniqueid)
    if epoch is None:
        return row.start
    made = datetime.fromtimestamp(epoch, UTC)
    return made if made <= row.start and (row.start - made).total_seconds() < 86_400 else row.start


def _mended_leg(leg: Leg, told: Sequence[Leg]) -> Leg:
    """A leg whose end was never seen gets outcome and end of the same agent's leg in the records."""
    same = next((other for other in reversed(told) if leg.leg_id == other.leg_id), None)
    same = same or next((other for other in reversed(told) if leg.agent == other.agent), None)
    if same is None or same.ended_at is None:
        return leg
    if leg.outcome is LegOutcome.ANSWERED and leg.answered_at is not None:
        return replace(leg, ended_at=max(same.ended_at, leg.answered_at))
    return replace(leg, outcome=same.outcome, answered_at=same.answered_at, ended_at=max(same.ended_at, leg.rang_at))


def _client_number(direction: Direction, first: CdrRow, rows: Sequence[CdrRow]) -> str | None:
    match direction:
        case Direction.INBOUND:
            return first.src or None
        case Direction.INTERNAL:
            return None
    return next((number for number in map(_outside_number, rows) if number), None) or _dialled(first)


def _outside_number(row: CdrRow) -> str | None:
    found = _DIALLED_OUT.match(row.lastdata) if row.lastapp.lower() == "dial" else None
    return found[1] if found else None


def _dialled(first: CdrRow) -> str:
    """A click-to-call that never got as far as the number shows it as the caller id on the agent's phone."""
    return first.src if first.lastapp == "AppDial2" and not any(char.isdigit() for char in first.dst) else first.dst


def _outcome(row: CdrRow) -> LegOutcome:
    """Of a phone that wasn't answered. An offer that was, by its row, came too late: the caller was gone or taken."""
    if row.answered:
        return LegOutcome.CANCELLED if row.is_offer else LegOutcome.NOANSWER
    return _OUTCOMES.get(row.disposition.upper(), LegOutcome.UNAVAILABLE)


def _queue(row: CdrRow) -> str | None:
    return row.lastdata.split(",")[0] or None if row.lastapp.lower() == "queue" else None


def _caller_name(clid: str) -> str:
    found = _NAME.match(clid)
    return found[1] if found else ""


def _endpoint(channel: str) -> str:
    """`PJSIP/1001-0000002a` -> `PJSIP/1001`."""
    return channel.rpartition("-")[0] or channel


def _technology(channel: str) -> str:
    return channel.partition("/")[0]


def _leaves_message(row: CdrRow) -> bool:
    return row.lastapp.lower() == "voicemail" or row.dcontext == _MESSAGE_CONTEXT
