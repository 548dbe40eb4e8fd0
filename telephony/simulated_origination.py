"""An Originate on the simulated PBX: one phone rings, at the PBX's own call. What the channel does once answered is others'."""

from collections.abc import Generator
from dataclasses import dataclass

from telephony.simulated_channels import Channel, Pairs
from telephony.simulated_line import HungUp, Line
from telephony.simulated_plan import SIP_REFUSALS, Hand, Ring
from telephony.simulated_switch import Switch

ANSWERED, RANG_OUT, FAILED = 4, 3, 0
"""The Reason of OriginateResponse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origination:
    """What an Originate asked for."""

    agent: str
    context: str
    exten: str
    number: str = ""
    name: str = ""
    channel_id: str | None = None
    timeout_s: float = 30.0
    action_id: str = ""
    variables: tuple[tuple[str, str], ...] = ()
    application: str = ""
    data: str = ""

    def variable(self, name: str) -> str:
        return next((value for key, value in self.variables if key == name), "")


def dialled(line: Line, asked: Origination) -> Channel:
    """The phone's channel, from Newchannel to DialBegin."""
    switch, agent = line.switch, asked.agent
    leg = switch.new_channel(
        agent,
        context="from-agent",
        exten="s",
        number=agent,
        name=line.exchange.agent_name(agent),
        uniqueid=asked.channel_id,
        story=line.performance,
    )
    leg.application, leg.data = "AppDial2", "(Outgoing Line)"
    for name, value in reversed(asked.variables):
        switch.set_variable(leg, name, value)
    if asked.number:
        switch.caller_id(leg, asked.number, asked.name)
        switch.connected(leg, leg.number, leg.caller_name)
    switch.dial("DialBegin", None, leg.snapshot("Dest"), ("DialString", agent))
    return leg


def rings(line: Line, leg: Channel, asked: Origination, ring: Ring) -> Generator[float, None, int]:
    """Until it is answered or comes to nothing; the Reason, told in OriginateResponse."""
    reason = yield from _rings(line, leg, asked, ring)
    responds(line.switch, leg, asked, reason)
    return reason


def _rings(line: Line, leg: Channel, asked: Origination, ring: Ring) -> Generator[float, None, int]:
    switch = line.switch
    try:
        yield from line.wait(0.02, HungUp)
        if ring.outcome != Hand.UNREACHABLE:
            switch.state(leg, 5)
            switch.dial("DialState", None, leg.snapshot("Dest"), ("DialStatus", "RINGING"))
            line.queues.refresh(asked.agent)
        acts = ring.outcome in (Hand.ANSWERED, *SIP_REFUSALS) and ring.after_s < asked.timeout_s
        yield from line.wait(ring.after_s if acts else asked.timeout_s, HungUp)
    except HungUp as gone:
        _fails(line, leg, "NOANSWER", gone.cause, None)
        return FAILED
    if not acts:
        _fails(line, leg, "", 19, 480)
        return RANG_OUT
    if ring.outcome in SIP_REFUSALS:
        cause, sip = SIP_REFUSALS[ring.outcome]
        switch.about("HangupRequest", leg, ("Cause", str(cause)), ("TechCause", str(sip)))
        _fails(line, leg, "BUSY" if cause == 17 else "NOANSWER", cause, sip)
        return FAILED
    switch.state(leg, 6)
    switch.dial("DialEnd", None, leg.snapshot("Dest"), ("DialStatus", "ANSWER"))
    return ANSWERED


def _fails(line: Line, leg: Channel, status: str, cause: int, sip: int | None) -> None:
    if status:
        line.switch.dial("DialEnd", None, leg.snapshot("Dest"), ("DialStatus", status))
    line.switch.hang_up(leg, cause, sip)
    line.queues.refresh(leg.endpoint)
    line.truth.ended_by, line.truth.cause = "agent", cause


def responds(switch: Switch, leg: Channel | None, asked: Origination, reason: int) -> None:
    """OriginateResponse; without a `leg`, of an Originate that rang nothing."""
    told: Pairs = [("ActionID", asked.action_id)] if asked.action_id else []
    told += [
        ("Response", "Success" if reason == ANSWERED else "Failure"),
        ("Channel", leg.name if leg and reason == ANSWERED else f"PJSIP/{asked.agent}"),
        ("Context", asked.context),
        ("Exten", asked.exten),
        ("Reason", str(reason)),
        ("Uniqueid", leg.uniqueid if leg else asked.channel_id or "<unknown>"),
        ("CallerIDNum", asked.number or "<unknown>"),
        ("CallerIDName", asked.name or "<unknown>"),
    ]
    switch.event("call", "OriginateResponse", told)
