"""What a snapshot tells of the members of Asterisk's own queues. Pure; never decides who should be paused."""

from collections.abc import Iterable

from core.events import MembersSeen
from core.model import QueueMembership
from telephony.facts import InStep, Snapshot
from telephony.live import ChannelRole, Endpoints


def members_seen(step: InStep, endpoints: Endpoints) -> Iterable[MembersSeen]:
    """The operators' phones among the members; nothing where the PBX gave no list of them."""
    if "QueueStatus" in step.snapshot.missing:
        return ()
    found: list[QueueMembership] = []
    for member in step.snapshot.members:
        role, agent = endpoints.role(f"{member.interface}-")
        if role is ChannelRole.AGENT:
            found.append(QueueMembership(agent, member.queue, member.paused, member.reason, member.penalty))
    phones = _phones(step.snapshot, endpoints)
    return (MembersSeen(at=step.snapshot.at, pbx=step.pbx, members=tuple(found), phones=phones),)


def _phones(snapshot: Snapshot, endpoints: Endpoints) -> frozenset[str] | None:
    if "DeviceStateList" in snapshot.missing:
        return None
    roles = (endpoints.role(f"{device.device}-") for device in snapshot.devices)
    return frozenset(agent for role, agent in roles if role is ChannelRole.AGENT)
