"""A talk on the simulated PBX from the join to its end or to wherever its client goes: blind and attended transfer, redirect,
parking. Message order as recorded from Asterisk 22.10."""

from collections.abc import Generator

from telephony.simulated_channels import Bridge, Channel, Parking
from telephony.simulated_line import (
    ConsultAsked,
    Goto,
    HungUp,
    Line,
    Moved,
    ParkAsked,
    TransferAsked,
)
from telephony.simulated_plan import Transfer, Truth
from telephony.simulated_ringing import Dialling
from telephony.simulated_stage import Interrupt
from telephony.simulated_talk import Going, Talk

_ANY = (HungUp, Moved, TransferAsked, ConsultAsked, ParkAsked)


def converse(talk: Talk) -> Going:
    """Talk until somebody hangs up or the client goes elsewhere; where to, then."""
    talk.join()
    happened: Interrupt
    try:
        happened = yield from _as_planned(talk)
    except _ANY as asked:
        happened = asked
    match happened:
        case TransferAsked(channel=transferer, context=context, exten=exten):
            return _blind(talk, transferer, context, exten)
        case ConsultAsked(channel=asker, exten=exten):
            plan = talk.line.plan.transfer
            planned = plan if plan and plan.to == exten else Transfer(kind="attended", to=exten)
            yield from _consult(talk, asker, planned)
        case ParkAsked(channel=client, timeout_s=timeout_s):
            return (yield from _park(talk, client, timeout_s))
        case Moved():
            return _redirected(talk, happened)
        case HungUp():
            _ended(talk, happened)
    return None


def _ended(talk: Talk, gone: HungUp) -> None:
    talk.end(gone.channel if gone.channel in (talk.source, talk.leg) else talk.leg, by_phone=gone.by_phone)


def _as_planned(talk: Talk) -> Generator[float, None, Interrupt]:
    """The talk as its people mean it, and what they do at its end."""
    line, plan = talk.line, talk.line.plan
    if not line.transferred:
        if plan.recorded:
            talk.recorded()
        piece = plan.talk_s / (len(plan.holds) + 1)
        yield from line.wait(piece, *_ANY)
        for hold_s in plan.holds:
            yield from _hold(talk, hold_s)
            yield from line.wait(piece, *_ANY)
        transfer = plan.transfer
        if transfer and transfer.to != talk.agent_side.endpoint:
            if transfer.kind == "blind":
                return TransferAsked(talk.agent_side, "from-agent", transfer.to)
            return ConsultAsked(talk.agent_side, transfer.to)
    else:
        yield from line.wait(plan.talk_after_s, *_ANY)
    return HungUp(talk.planned_end(), by_phone=True)


def _hold(talk: Talk, seconds: float) -> Generator[float, None, None]:
    who = talk.agent_side
    began = talk.hold_begins(who)
    try:
        yield from talk.line.wait(seconds, *_ANY)
    finally:
        talk.line.truth.hold_s += talk.line.now() - began
    talk.hold_ends(who)


def _blind(talk: Talk, transferer: Channel, context: str, exten: str) -> Goto:
    line, switch, client = talk.line, talk.line.switch, talk.other(transferer)
    line.transferred = True
    line.truth.transfers.append({"kind": "blind", "from": transferer.endpoint, "to": exten, "answered": False})
    switch.about("Unhold", transferer)
    switch.event(
        "call",
        "BlindTransfer",
        [("Result", "Success")],
        transferer.snapshot("Transferer"),
        client.snapshot("Transferee"),
        talk.bridge.snapshot(),
        [("IsExternal", "Yes"), ("Context", context), ("Extension", exten)],
    )
    talk.complete("transfer")
    talk.passes_on(transferer)
    client.context, client.exten, client.priority = context, exten, 1
    switch.leave(client)
    switch.destroy(talk.bridge)
    return Goto(client, context, exten)


def _redirected(talk: Talk, moved: Moved) -> Goto:
    """Redirect takes one side out of the talk; the PBX hangs the other up."""
    client = moved.channel
    talk.complete("transfer")
    client.context, client.exten, client.priority = moved.context, moved.exten, 1
    talk.line.switch.leave(client)
    talk.passes_on(talk.other(client))
    talk.line.switch.destroy(talk.bridge)
    return Goto(client, moved.context, moved.exten)


def _park(talk: Talk, client: Channel, timeout_s: int) -> Going:
    """Until the time is up (the client goes back to who parked), somebody fetches the call by Redirect, or the client goes."""
    line, switch, parker = talk.line, talk.line.switch, talk.other(client)
    line.transferred = True
    talk.complete("transfer")
    lot = switch.new_bridge()
    lot.technology = "holding_bridge"
    switch.leave(client)
    slot = next(n for n in range(701, 10_000) if n not in switch.parked)
    parking = switch.parked[slot] = Parking(client, f"PJSIP/{parker.endpoint}", line.now(), timeout_s)
    switch.event("call", "ParkedCall", client.snapshot("Parkee"), parking.snapshot(slot, line.now()))
    switch.enter(lot, client)
    switch.music(client, on=True)
    talk.passes_on(parker)
    switch.destroy(talk.bridge)
    went, goto = "ParkedCallTimeOut", Goto(client, "park-dial", parker.endpoint)
    by_phone: bool | None = None
    try:
        yield from line.wait(timeout_s, HungUp, Moved)
    except Moved as moved:
        went, goto = "ParkedCallGiveUp", Goto(client, moved.context, moved.exten)
    except HungUp as gone:
        went, by_phone = "ParkedCallGiveUp", gone.by_phone
    if by_phone:
        switch.about("HangupRequest", client)
    switch.event("call", went, client.snapshot("Parkee"), parking.snapshot(slot, line.now()))
    del switch.parked[slot]
    switch.music(client, on=False)
    switch.leave(client)
    switch.destroy(lot)
    if by_phone is None:
        return goto
    line.client_ends(client, 16, by_phone=by_phone)
    return None


def _consult(talk: Talk, asker: Channel, transfer: Transfer) -> Generator[float, None, None]:
    """Hold the client, ask `transfer.to`, join the two. A refusal leads back to the client."""
    line = talk.line
    line.transferred = True
    began = talk.hold_begins(asker)
    second = line.agent_channel(asker.endpoint, exten=transfer.to, state=4)
    aside = _aside(line, second, transfer.to)
    outside = line.exchange.outside_number(transfer.to)
    target = yield from Dialling(aside, second, None if outside else transfer.to, outside).play(transfer.ring)
    if target is not None:
        yield from _asks(Talk(aside, second, target), transfer)
    line.truth.hold_s += line.now() - began
    aside.truth.ended_at = line.now()
    if aside.parted and aside.parted.channel in (talk.source, talk.leg):
        _ended(talk, aside.parted)
    elif target is None or aside.parted:
        talk.hold_ends(asker)
        yield from _to_the_end(talk)
    else:
        step = {"kind": "attended", "from": asker.endpoint, "to": transfer.to, "answered": True}
        line.truth.transfers.append(step)
        aside.truth.ended_by, aside.truth.cause = "transfer", 16
        yield from _to_the_end(_joined(talk, asker, second, target))


def _aside(line: Line, second: Channel, to: str) -> Line:
    """The consultation is a call of its own until the two are joined."""
    truth = Truth(
        direction="consult",
        caller_number=second.endpoint,
        caller_name="",
        dialled=to,
        started=line.now(),
        channel=second.name,
        uniqueid=second.uniqueid,
    )
    line.exchange.keep(truth)
    aside = Line(line.exchange, line.plan, truth)
    aside.performance = line.performance
    return aside


def _asks(aside: Talk, transfer: Transfer) -> Generator[float, None, None]:
    """The consultation; it ends at once when anybody of the three hangs up."""
    aside.join()
    try:
        yield from aside.line.wait(transfer.consult_s, HungUp)
    except HungUp as gone:
        aside.line.parted = gone
        ours = gone.channel in (aside.source, aside.leg)
        _ended(aside, gone if ours else HungUp(aside.source, by_phone=True))
        return
    aside.put_down()


def _joined(talk: Talk, asker: Channel, second: Channel, target: Channel) -> Talk:
    """AttendedTransfer: the target takes the asker's place in the client's bridge."""
    line, switch, client, bridge = talk.line, talk.line.switch, talk.other(asker), talk.bridge
    aside_bridge = second.bridge or bridge
    switch.about("Unhold", asker)
    switch.about("Unhold", second)
    told = _attended(asker, second, client, target, (bridge, aside_bridge))
    switch.leave(target)
    switch.leave(asker)
    switch.enter(bridge, target, instead_of=asker)
    switch.music(client, on=False)
    switch.about("SoftHangupRequest", second, ("Cause", "1"))
    switch.event("call", "AttendedTransfer", told)
    talk.complete("transfer")
    talk.put_down()
    switch.connected(client, target.number, target.caller_name)
    switch.connected(target, client.number, client.caller_name)
    switch.leave(second)
    switch.about("SoftHangupRequest", second, ("Cause", "16"))
    switch.hang_up(asker, 16)
    switch.destroy(aside_bridge)
    second.exten, second.priority = "h", 2
    switch.hang_up(second, 16)
    line.refresh(asker)
    pair = (talk.source, target) if client is talk.source else (target, talk.leg)
    after = Talk(line, *pair, from_queue=talk.from_queue)
    after.takes_up(bridge)
    return after


def _attended(
    asker: Channel, second: Channel, client: Channel, target: Channel, bridges: tuple[Bridge, Bridge]
) -> list[tuple[str, str]]:
    return [
        ("Result", "Success"),
        *asker.snapshot("OrigTransferer"),
        *bridges[0].snapshot("Orig"),
        *second.snapshot("SecondTransferer"),
        *bridges[1].snapshot("Second"),
        *client.snapshot("Transferee"),
        *target.snapshot("TransferTarget"),
        ("IsExternal", "No"),
        ("DestType", "Bridge"),
        ("DestBridgeUniqueid", bridges[0].bridge_id),
    ]


def _to_the_end(talk: Talk) -> Generator[float, None, None]:
    """The talk after an attended transfer, or after one that came to nothing."""
    gone = HungUp(talk.planned_end(), by_phone=True)
    try:
        yield from talk.line.wait(talk.line.plan.talk_after_s, HungUp)
    except HungUp as happened:
        gone = happened
    _ended(talk, gone)
