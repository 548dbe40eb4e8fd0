"""Pops, clients and operators as plain values: what JSON has, and instants. Field for field what docs/asyncapi.yaml says.

Pure. Text from outside goes through as it is (the page shows it as text); only its length is bounded.
"""

from core.model import AgentStatus, CallbackNote, Candidate, ClientSummary, FollowUpLine, PastInteraction, Pop
from core.phone import readable

_MOST_NOTE_CHARS = 1_000
_MOST_STORY_CHARS = 4_000


def pop_form(pop: Pop) -> dict[str, object]:
    return {
        "pop_id": pop.pop_id,
        "card_id": pop.card_id,
        "state": pop.state,
        "direction": pop.direction,
        "number": pop.number,
        "number_text": readable(pop.client.number if pop.client else pop.number),
        "caller_name": pop.caller_name,
        "dialled": pop.dialled,
        "dialled_text": readable(pop.dialled),
        "queue": pop.queue,
        "offered_at": pop.offered_at,
        "waiting_since": pop.waiting_since,
        "answered_at": pop.answered_at,
        "ended_at": pop.ended_at,
        "client": _client(pop.client) if pop.client else None,
        "history_state": pop.history_state,
        "candidates": [_candidate(candidate) for candidate in pop.candidates],
        "follow_ups": [_follow_up(line) for line in pop.follow_ups],
        "story": _cut(pop.story, _MOST_STORY_CHARS),
        "story_by": pop.story_by,
        "muted": pop.muted,
        "recording": pop.recording,
        "parked": pop.parked,
        "callback": _callback(pop.callback) if pop.callback else None,
    }


def _client(client: ClientSummary) -> dict[str, object]:
    return {
        "client_id": client.client_id,
        "name": client.name,
        "number": client.number,
        "is_new": client.is_new,
        "note": _cut(client.note),
        "kind": client.kind,
        "organisation": client.organisation,
        "organisation_id": client.organisation_id,
        "vip": client.vip,
        "warning": _cut(client.warning),
        "language": client.language,
        "timezone": client.timezone,
        "owner": client.owner,
        "fields": dict(client.fields),
        "check": client.check,
    }


def _candidate(candidate: Candidate) -> dict[str, object]:
    client_id, name, kind, organisation, reason, last_contact_at, vip = candidate
    return {
        "client_id": client_id,
        "name": name,
        "kind": kind,
        "organisation": organisation,
        "reason": reason,
        "last_contact_at": last_contact_at,
        "vip": vip,
    }


def _callback(note: CallbackNote) -> dict[str, object]:
    return {
        "callback_id": note.callback_id,
        "asked_at": note.asked_at,
        "entered_at": note.entered_at,
        "zone": note.zone,
        "asked_by": note.asked_by,
        "attempt": note.attempt,
    }


def _follow_up(line: FollowUpLine) -> dict[str, object]:
    follow_up_id, due_at, text, owner = line
    return {"follow_up_id": follow_up_id, "due_at": due_at, "text": _cut(text), "owner": owner}


def past_form(past: PastInteraction) -> dict[str, object]:
    card_id, channel, direction, started_at, queue, agent, talk_s, disposition, notes, answered = past
    return {
        "card_id": card_id,
        "channel": channel,
        "direction": direction,
        "started_at": started_at,
        "queue": queue,
        "agent": agent,
        "talk_s": talk_s,
        "disposition": disposition,
        "notes": _cut(notes),
        "answered": answered,
    }


def status_form(status: AgentStatus) -> dict[str, object]:
    """What an operator is doing, for themselves and for colleagues."""
    return {
        "agent": status.agent,
        "login": status.login,
        "name": status.name,
        "state": status.state,
        "since": status.since,
        "reason": status.reason,
        "until": status.until,
        "card_id": status.card_id,
        "extensions_left": status.extensions_left,
    }


def _cut(text: str, most_chars: int = _MOST_NOTE_CHARS) -> str:
    """A pop carries the beginning of a long note; the card has it whole."""
    return text if len(text) <= most_chars else text[: most_chars - 1] + "…"
