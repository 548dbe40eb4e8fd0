"""Who is doing what, told to newcomers whole and to everybody else by changes."""

from datetime import UTC, datetime

from core.model import AgentState, AgentStatus
from screenpop.protocol import Colleagues
from screenpop.roster import Roster

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def status(agent: str, state: AgentState = AgentState.READY) -> AgentStatus:
    return AgentStatus(agent=agent, site="moscow", state=state, since=NOON)


def encoded(message: Colleagues) -> str:
    return ("whole: " if message.whole else "") + ", ".join(f"{s.agent} {s.state}" for s in message.statuses)


def test_changes_come_together_and_the_last_one_counts() -> None:
    roster = Roster(encode=encoded)
    assert roster.changes() is None
    roster.put(status("1001"))
    roster.put(status("1002"))
    roster.put(status("1001", AgentState.BUSY))
    assert roster.changes() == "1001 busy, 1002 ready"
    assert roster.changes() is None
    assert roster.of("1001") == status("1001", AgentState.BUSY) and roster.of("1009") is None


def test_a_newcomer_gets_the_present_ones_and_what_changed_since() -> None:
    roster = Roster(encode=encoded)
    roster.put(status("1001"))
    roster.put(status("1002", AgentState.SIGNED_OUT))
    assert roster.frames() == ["whole: 1001 ready"]
    roster.changes()
    roster.put(status("1002"))
    assert roster.frames()[0] == "whole: 1001 ready"  # its change is on its way to everybody
    roster.changes()
    assert roster.frames()[-1] == "1002 ready"


def test_the_whole_is_encoded_once_for_many_newcomers() -> None:
    wholes = 0

    def counted(message: Colleagues) -> str:
        nonlocal wholes
        wholes += message.whole
        return encoded(message)

    roster = Roster(encode=counted)
    for n in range(1000):
        roster.put(status(f"a{n}"))
        if n % 2:
            roster.changes()
        roster.frames()
    assert wholes < 60
    last = {part.split()[-2]: part for frame in roster.frames() for part in frame.split(", ")}
    roster.changes()
    assert len({part.split()[-2] for frame in roster.frames() for part in frame.split(", ")}) == 1000 >= len(last)
