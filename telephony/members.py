"""What a snapshot tells of the members of Asterisk's own queues. Pure; never decides who should be paused."""

from collections.abc import Iterable

from core.events import MembersSeen
from core.model import QueueMembership
from telephony.facts import InStep
from telephony.live import ChannelRole, Endpoints


def members_seen(step: InStep, endpoints: Endpoints) -> Iterable[MembersSeen]:
    """The operators' phones among the members; nothing where the PBX gave no list of them."""
    if "QueueStatus" in step.snapshot.missing:
        return ()
    found: list[QueueMembership] = []
    for member in step.snapshot.members:
        role, agent = endpoints.role(f"{member.interface}-")
        if role is ChannelRole.AGENT:
            found.append(QueueMembership(agent, member.queue, member.paused, member.reason))
    return (MembersSeen(at=step.snapshot.at, pbx=step.pbx, members=tuple(found)),)
