"""The simulated PBX's queues: members, who waits, and app_queue's messages. Chooses nobody; knows no sockets."""

from dataclasses import dataclass, field

from telephony.simulated_channels import Channel, Pairs
from telephony.simulated_switch import Switch


@dataclass(eq=False)
class Member:
    """An agent's phone in one queue. `status` as app_queue counts: 1 not in use, 3 busy."""

    queue: str
    interface: str
    name: str
    login_at: int
    penalty: int = 0
    paused: bool = False
    reason: str = ""
    calls_taken: int = 0
    last_call: int = 0
    last_pause: int = 0
    in_call: bool = False
    status: int = 1

    def described(self) -> Pairs:
        """The headers of member events (lists name some of them differently)."""
        return [
            ("Queue", self.queue),
            ("MemberName", self.name),
            ("Interface", self.interface),
            *self._standing(),
            ("Ringinuse", "0"),
            ("Wrapuptime", "0"),
        ]

    def listed(self) -> Pairs:
        """The same as QueueStatus lists it."""
        return [
            ("Queue", self.queue),
            ("Name", self.name),
            ("Location", self.interface),
            *self._standing(),
            ("Wrapuptime", "0"),
        ]

    def _standing(self) -> Pairs:
        return [
            ("StateInterface", self.interface),
            ("Membership", "dynamic"),
            ("Penalty", str(self.penalty)),
            ("CallsTaken", str(self.calls_taken)),
            ("LastCall", str(self.last_call)),
            ("LastPause", str(self.last_pause)),
            ("LoginTime", str(self.login_at)),
            ("InCall", str(int(self.in_call))),
            ("Status", str(self.status)),
            ("Paused", str(int(self.paused))),
            ("PausedReason", self.reason),
        ]


@dataclass(eq=False)
class Entry:
    """A caller in a queue. `entered_s`: since when they have been waiting, there or elsewhere, if that decides who is first."""

    channel: Channel
    joined_at: float
    original_position: int
    entered_s: int | None = None


@dataclass(eq=False)
class Queue:
    name: str
    strategy: str = "rrmemory"
    ring_s: float = 15.0
    members: dict[str, Member] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    completed: int = 0
    abandoned: int = 0

    def position(self, entry: Entry) -> int:
        return self.entries.index(entry) + 1


class Queues:
    """All queues of the switch. Members outlive a restart, as with persistentmembers=yes."""

    def __init__(self, switch: Switch, names: tuple[str, ...]) -> None:
        self._switch = switch
        self.by_name = {name: Queue(name) for name in names}

    def boot(self) -> None:
        for queue in self.by_name.values():
            queue.entries.clear()
            queue.completed = queue.abandoned = 0
            for member in queue.members.values():
                member.login_at, member.calls_taken, member.last_call = self._switch.wall(), 0, 0
                member.in_call, member.status = False, 1

    # -- members

    def add(self, queue: Queue, interface: str, name: str, *, penalty: int = 0, paused: bool = False) -> None:
        member = Member(queue.name, interface, name, self._switch.wall(), penalty=penalty, paused=paused)
        member.status = 3 if self._switch.busy(interface.removeprefix("PJSIP/")) else 1
        queue.members[interface] = member
        self._about("QueueMemberAdded", member)

    def remove(self, queue: Queue, interface: str) -> None:
        self._about("QueueMemberRemoved", queue.members.pop(interface))

    def pause(self, member: Member, *, paused: bool, reason: str) -> None:
        member.paused, member.reason = paused, reason if paused else ""
        if paused:
            member.last_pause = self._switch.wall()
        self._about("QueueMemberPause", member)

    def set_penalty(self, member: Member, penalty: int) -> None:
        member.penalty = penalty
        self._about("QueueMemberPenalty", member)

    def of_agent(self, agent: str) -> list[Member]:
        interface = f"PJSIP/{agent}"
        return [q.members[interface] for q in self.by_name.values() if interface in q.members]

    def refresh(self, agent: str) -> None:
        """The agent's phone changed its state: tell it in every queue."""
        status = 3 if self._switch.busy(agent) else 1
        for member in self.of_agent(agent):
            if member.status != status:
                member.status = status
                member.in_call = member.in_call and status == 3
                self._about("QueueMemberStatus", member)

    def _about(self, event: str, member: Member) -> None:
        self._switch.event("agent", event, member.described())

    # -- callers

    def join(self, queue: Queue, channel: Channel, *, entered_s: int | None = None) -> Entry:
        place = len(queue.entries)
        if entered_s is not None:
            place = sum(e.entered_s is not None and e.entered_s <= entered_s for e in queue.entries)
        entry = Entry(channel, self._switch.now(), place + 1, entered_s)
        queue.entries.insert(place, entry)
        self._caller(
            "QueueCallerJoin",
            channel,
            ("Queue", queue.name),
            ("Position", str(place + 1)),
            ("Count", str(len(queue.entries))),
        )
        return entry

    def leave(self, queue: Queue, entry: Entry) -> None:
        position = queue.position(entry)
        queue.entries.remove(entry)
        self._caller(
            "QueueCallerLeave",
            entry.channel,
            ("Queue", queue.name),
            ("Position", str(position)),
            ("Count", str(len(queue.entries))),
        )

    def abandon(self, queue: Queue, entry: Entry) -> None:
        """Left unserved, for whatever reason; QueueCallerLeave follows."""
        queue.abandoned += 1
        self._caller(
            "QueueCallerAbandon",
            entry.channel,
            ("Queue", queue.name),
            ("Position", str(queue.position(entry))),
            ("OriginalPosition", str(entry.original_position)),
            ("HoldTime", str(int(self._switch.now() - entry.joined_at))),
        )

    def about_agent(self, event: str, caller: Channel, leg: Pairs, agent: str, *more: tuple[str, str]) -> None:
        """AgentCalled, AgentConnect, AgentComplete, AgentRingNoAnswer; `more` begins with the queue's name."""
        queue, *rest = more
        who = [queue, ("Interface", f"PJSIP/{agent}"), ("MemberName", self.member_name(queue[1], agent)), *rest]
        self._switch.event("agent", event, caller.snapshot(), leg, who)

    def member_name(self, queue: str, agent: str) -> str:
        member = self.by_name[queue].members.get(f"PJSIP/{agent}")
        return member.name if member else f"PJSIP/{agent}"

    def _caller(self, event: str, channel: Channel, *more: tuple[str, str]) -> None:
        self._switch.event("agent", event, channel.snapshot(), list(more))
