"""The table: which rule hears which event, and in which order. What the commands and the service share of the composition."""

from collections.abc import Iterable

from callcards.card import Cards, OpenCardsLoaded
from callcards.voicemails import Voicemails
from core import events as e
from core.effects import AnnouncePbx, Audit, Effect, FillFromCdr
from core.engine import Rule
from queues.agents import Agents, AgentsLoaded
from queues.wishes import AgentAsked
from routing.callback_events import (
    CallbackOrdered,
    CallbackPickedUp,
    CallbacksLoaded,
    CallbackTaken,
    CallbackWaits,
    CallbackWaitsNoMore,
    CallbackWished,
)
from routing.callback_lines import CallbackLines
from routing.callbacks import Callbacks
from routing.dispatcher import Dispatcher
from routing.live_plan import PlanChanged
from routing.native import NativeMembers
from routing.resume import CutOffs
from routing.wishes import PriorityAsked
from screenpop.pops import Pops
from telephony.facts import FromPbx, InStep, LinkLost, StreamTainted
from telephony.members import members_seen
from telephony.tracker import CallTracker


def card_rules(cards: Cards) -> dict[type, list[Rule]]:
    """Event -> what the cards make of it."""
    return {
        OpenCardsLoaded: [cards.on_open_cards_loaded],
        e.CallbackOffered: [cards.on_callback_offered],
        e.CallbackGivenUp: [cards.on_callback_given_up],
        e.CallArrived: [cards.on_call_arrived],
        e.CallLinked: [cards.on_call_linked],
        e.CallQueued: [cards.on_call_queued],
        e.CallUnqueued: [cards.on_call_unqueued],
        e.CallToVoicemail: [cards.on_call_to_voicemail],
        e.CallOffered: [cards.on_call_offered],
        e.CallOfferEnded: [cards.on_call_offer_ended],
        e.CallAnswered: [cards.on_call_answered],
        e.CallHeld: [cards.on_call_held],
        e.CallResumed: [cards.on_call_resumed],
        e.LegEnded: [cards.on_leg_ended],
        e.CallTransferred: [cards.on_call_transferred],
        e.CallRecorded: [cards.on_call_recorded],
        e.CallMerged: [cards.on_call_merged],
        e.CallDropped: [cards.on_call_dropped],
        e.CallEnded: [cards.on_call_ended],
        e.PbxConnected: [cards.on_pbx_connected],
    }


def pop_rules(pops: Pops) -> dict[type, list[Rule]]:
    """Event -> what operators see of it."""
    return {
        e.CallbackOffered: [pops.on_callback_offered],
        e.CallbackGivenUp: [pops.on_callback_given_up],
        e.CallArrived: [pops.on_call_arrived],
        e.CallRecalled: [pops.on_call_recalled],
        e.CallQueued: [pops.on_call_queued],
        e.OfferMade: [pops.on_offer_made],
        e.OfferEnded: [pops.on_offer_ended],
        e.CallOffered: [pops.on_call_offered],
        e.CallOfferEnded: [pops.on_call_offer_ended],
        e.CallAnswered: [pops.on_call_answered],
        e.CallHeld: [pops.on_call_held],
        e.CallResumed: [pops.on_call_resumed],
        e.CallTransferred: [pops.on_call_transferred],
        e.LegEnded: [pops.on_leg_ended],
        e.CallMerged: [pops.on_call_merged],
        e.CallDropped: [pops.on_call_dropped],
        e.CallEnded: [pops.on_call_ended],
        e.ClientIdentified: [pops.on_client_identified],
        e.CardTyped: [pops.on_card_typed],
        e.LegMuted: [pops.on_leg_muted],
        e.RecordingChanged: [pops.on_recording_changed],
        e.CallParked: [pops.on_call_parked],
        e.CallUnparked: [pops.on_call_unparked],
    }


def agent_rules(agents: Agents) -> dict[type, list[Rule]]:
    """Event -> what operators are doing after it."""
    return {
        AgentsLoaded: [agents.on_agents_loaded],
        AgentAsked: [agents.on_agent_asked],
        e.AgentSignedIn: [agents.on_agent_signed_in],
        e.AgentSignedOut: [agents.on_agent_signed_out],
        e.AgentGone: [agents.on_agent_gone],
        e.AgentBack: [agents.on_agent_back],
        e.CallbackOffered: [agents.on_callback_offered],
        e.CallbackGivenUp: [agents.on_callback_given_up],
        e.CallArrived: [agents.on_call_arrived],
        e.CallRecalled: [agents.on_call_recalled],
        e.CallQueued: [agents.on_call_queued],
        e.CallOffered: [agents.on_call_offered],
        e.CallOfferEnded: [agents.on_call_offer_ended],
        e.CallAnswered: [agents.on_call_answered],
        e.LegEnded: [agents.on_leg_ended],
        e.LegGone: [agents.on_leg_gone],
        e.CallMerged: [agents.on_call_merged],
        e.CallDropped: [agents.on_call_dropped],
        e.CallEnded: [agents.on_call_ended],
        e.CardTyped: [agents.on_card_typed],
        e.Woke: [agents.on_woke],
        e.PbxConnected: [agents.on_pbx_connected],
        e.MembersSeen: [agents.on_members_seen],
    }


def routing_rules(dispatcher: Dispatcher) -> dict[type, list[Rule]]:
    """Event -> who is offered what. After the screens and the operators' states: the pop goes first, and facts are settled."""
    return {
        e.CallArrived: [dispatcher.on_call_arrived],
        e.CallQueued: [dispatcher.on_call_queued],
        e.CallUnqueued: [dispatcher.on_call_unqueued],
        e.CallToVoicemail: [dispatcher.on_call_to_voicemail],
        e.ClientIdentified: [dispatcher.on_client_identified],
        e.OfferMade: [dispatcher.on_offer_made],
        e.RingFailed: [dispatcher.on_ring_failed],
        e.SendFailed: [dispatcher.on_send_failed],
        e.CallOffered: [dispatcher.on_call_offered],
        e.CallOfferEnded: [dispatcher.on_call_offer_ended],
        e.CallAnswered: [dispatcher.on_call_answered],
        e.CallTransferred: [dispatcher.on_call_transferred],
        e.CallMerged: [dispatcher.on_call_merged],
        e.CallDropped: [dispatcher.on_call_dropped],
        e.CallEnded: [dispatcher.on_call_ended],
        e.AgentChanged: [dispatcher.on_agent_changed],
        e.AgentGone: [dispatcher.on_agent_gone],
        e.AgentBack: [dispatcher.on_agent_back],
        e.PbxConnected: [dispatcher.on_pbx_connected],
        e.PbxLost: [dispatcher.on_pbx_lost],
        e.Woke: [dispatcher.on_woke],
        PlanChanged: [dispatcher.on_plan_changed],
        PriorityAsked: [dispatcher.on_priority_asked],
    }


def resume_rules(cut_offs: CutOffs) -> dict[type, list[Rule]]:
    """Event -> who was cut off, and who is back. Before the dispatcher, which asks for the old place."""
    return {
        e.CallArrived: [cut_offs.on_call_arrived],
        e.CallQueued: [cut_offs.on_call_queued],
        e.CallUnqueued: [cut_offs.on_call_unqueued],
        e.CallToVoicemail: [cut_offs.on_call_to_voicemail],
        e.CallbackAsked: [cut_offs.on_callback_asked],
        e.CallMerged: [cut_offs.on_call_merged],
        e.CallDropped: [cut_offs.on_call_dropped],
        e.CallEnded: [cut_offs.on_call_ended],
    }


def callback_rules(callbacks: Callbacks) -> dict[type, list[Rule]]:
    """Event -> what becomes of promised callbacks."""
    return {
        CallbacksLoaded: [callbacks.on_callbacks_loaded],
        CallbackWished: [callbacks.on_callback_wished],
        CallbackOrdered: [callbacks.on_callback_ordered],
        CallbackTaken: [callbacks.on_callback_taken],
        e.CallbackNotDialled: [callbacks.on_callback_not_dialled],
        e.CallbackOffered: [callbacks.on_callback_offered],
        e.CallbackAsked: [callbacks.on_callback_asked],
        e.CallArrived: [callbacks.on_call_arrived],
        e.CallQueued: [callbacks.on_call_queued],
        e.ClientIdentified: [callbacks.on_client_identified],
        e.CallAnswered: [callbacks.on_call_answered],
        e.CallEnded: [callbacks.on_call_ended],
        e.PbxLost: [callbacks.on_pbx_lost],
        PlanChanged: [callbacks.on_plan_changed],
        e.Woke: [callbacks.on_woke],
    }


def callback_line_rules(lines: CallbackLines) -> dict[type, list[Rule]]:
    """Event -> where callbacks stand among those who wait. After the dispatcher, whose people and queues they are."""
    return {
        CallbackWaits: [lines.on_callback_waits],
        CallbackWaitsNoMore: [lines.on_callback_waits_no_more],
        CallbackPickedUp: [lines.on_callback_picked_up],
        e.PbxConnected: [lines.on_pbx_connected],
        e.PbxLost: [lines.on_pbx_lost],
        PlanChanged: [lines.on_plan_changed],
    }


def voicemail_rules(voicemails: Voicemails) -> dict[type, list[Rule]]:
    return {e.VoicemailLeft: [voicemails.on_voicemail_left]}


def native_rules(native: NativeMembers) -> dict[type, list[Rule]]:
    """Event -> who is a member of Asterisk's own queues. After the operators' states, which say who is paused there."""
    return {
        PlanChanged: [native.on_plan_changed],
        e.AgentChanged: [native.on_agent_changed],
        e.MembersSeen: [native.on_members_seen],
        e.PbxLost: [native.on_pbx_lost],
        e.Woke: [native.on_woke],
    }


def pbx_rules(trackers: dict[str, CallTracker]) -> dict[type, list[Rule]]:
    """What comes from a PBX -> its tracker; and what its coming and going means."""
    return {
        FromPbx: [lambda told: trackers[told.pbx].on_from_pbx(told)],
        InStep: [
            lambda step: trackers[step.pbx].on_in_step(step),
            lambda step: members_seen(step, trackers[step.pbx].floor.endpoints),
        ],
        LinkLost: [lambda lost: trackers[lost.pbx].on_link_lost(lost)],
        StreamTainted: [on_stream_tainted],
        e.PbxConnected: [on_pbx_connected],
        e.PbxLost: [on_pbx_lost],
    }


def on_stream_tainted(tainted: StreamTainted) -> Iterable[Effect]:
    facts = {"pbx": tainted.pbx, "why": tainted.odd.why, "excerpt": tainted.odd.excerpt}
    return [Audit(at=tainted.at, actor=f"pbx {tainted.pbx}", action="ami_stream_tainted", facts=facts)]


def on_pbx_connected(event: e.PbxConnected) -> Iterable[Effect]:
    return [
        AnnouncePbx(pbx=event.pbx, live=True, at=event.at),
        FillFromCdr(pbx=event.pbx, since=event.lost_at),
    ]


def on_pbx_lost(event: e.PbxLost) -> Iterable[Effect]:
    return [AnnouncePbx(pbx=event.pbx, live=False, at=event.at, why=event.why)]


def joined(*tables: dict[type, list[Rule]]) -> dict[type, list[Rule]]:
    """One table of several; a rule of an earlier table hears its event first."""
    whole: dict[type, list[Rule]] = {}
    for table in tables:
        for kind, rules in table.items():
            whole.setdefault(kind, []).extend(rules)
    return whole
