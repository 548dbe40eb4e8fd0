"""A supervisor listens in on a talk of the simulated PBX (ChanSpy), until that talk or the listening ends."""

from telephony.simulated_channels import Channel
from telephony.simulated_line import HungUp, Line
from telephony.simulated_stage import Story

_LOOKS_EVERY_S = 1.0


def spying(line: Line, spyer: Channel, data: str) -> Story:
    """`data` as ChanSpy takes it: the beginning of a channel's name, then options."""
    switch, prefix = line.switch, data.partition(",")[0]
    switch.runs(spyer, "ChanSpy", data)
    spied = next((c for c in switch.channels.values() if c.name.startswith(prefix) and c.bridge), None)
    by_phone = False
    try:
        if spied is not None:
            _tell(line, "ChanSpyStart", spyer, spied)
            while spied.name in switch.channels and spied.bridge:
                yield from line.wait(_LOOKS_EVERY_S, HungUp)
    except HungUp as gone:
        by_phone = gone.by_phone
    if spied is not None:
        _tell(line, "ChanSpyStop", spyer, spied)
    line.client_ends(spyer, 16, by_phone=by_phone)


def _tell(line: Line, event: str, spyer: Channel, spied: Channel) -> None:
    line.switch.event("call", event, spyer.snapshot("Spyer"), spied.snapshot("Spyee"))
