"""What may be said on the socket, and that the document says the same."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.errors import Rejected
from core.model import (
    AgentState,
    AgentStatus,
    Candidate,
    CandidateReason,
    ClientKind,
    ClientSummary,
    Direction,
    FollowUpLine,
    PastInteraction,
    Pop,
)
from runtime.wire import encode
from screenpop.protocol import (
    MOST_CHARS,
    TYPE_NAMES,
    Ack,
    Agent,
    CloseCode,
    Colleagues,
    Dismiss,
    Items,
    LinkState,
    Mode,
    PageMessage,
    PopChanged,
    PopRemoved,
    PopShown,
    Pulse,
    Resume,
    ServerMessage,
    Tick,
    Welcome,
    parse,
    plain,
)

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DOCUMENT = Path(__file__).parents[3] / "docs" / "asyncapi.yaml"
LINK = LinkState(kind="pbx", name="main", live=False, since=NOON, why="no answer")
STATUS = AgentStatus(agent="1001", site="moscow", state=AgentState.PAUSED, since=NOON, login="anna", reason="lunch")
POP = Pop(
    pop_id="x/1",
    card_id="x",
    leg_id="1",
    agent="1001",
    state="ringing",
    direction=Direction.INBOUND,
    number="89161234567",
    caller_name='<b>"Ivan"</b>',
    dialled="+74951234567",
    queue="support",
    offered_at=NOON,
    waiting_since=None,
    client=ClientSummary(client_id="c", name="Ivan", number="+79161234567", note="n" * 5000),
    history=(
        PastInteraction(
            card_id="old",
            channel="voice",
            direction=Direction.OUTBOUND,
            started_at=NOON,
            queue=None,
            agent="1002",
            talk_s=1.5,
            disposition=None,
            notes="y" * 5000,
            answered=True,
        ),
    ),
    candidates=(Candidate("c-2", "Olga", ClientKind.PERSON, "Acme", CandidateReason.MEMBER, None, True),),
    follow_ups=(FollowUpLine("f", NOON, "call back", "anna"),),
    story="s" * 5000,
    story_by="Anna",
)
SERVER: list[ServerMessage] = [
    Welcome(epoch="e", version=7, following=2, mode=Mode.REPLAY, agent="1001", at=NOON, links=(LINK,)),
    LINK,
    PopShown(version=1, pop=POP, unseen=False),
    PopChanged(version=2, pop=POP, unseen=True),
    PopRemoved(version=3, pop_id="x/1"),
    Agent(status=STATUS),
    Colleagues(statuses=(STATUS,), whole=True),
    Items(channels=("callback", "voicemail")),
    Tick(at=NOON),
]


@pytest.mark.parametrize(
    "value, message",
    [
        ({"type": "resume", "epoch": None, "version": None}, Resume(epoch=None, version=None)),
        ({"type": "resume", "epoch": "e", "version": 7}, Resume(epoch="e", version=7)),
        ({"type": "ack", "version": 0}, Ack(version=0)),
        ({"type": "ack", "version": 3, "rendered_ms": 20}, Ack(version=3, rendered_ms=20)),
        ({"type": "pulse"}, Pulse()),
        ({"type": "dismiss", "pop_id": "x/1"}, Dismiss(pop_id="x/1")),
    ],
)
def test_the_four_messages_of_a_page(value: object, message: PageMessage) -> None:
    assert parse(value) == message


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        "pulse",
        {},
        {"type": None},
        {"type": "welcome"},
        {"type": "pulse", "more": 1},
        {"type": "resume"},
        {"type": "resume", "epoch": 1, "version": 1},
        {"type": "resume", "epoch": "e", "version": 1, "more": True},
        {"type": "resume", "epoch": "e" * 301, "version": 1},
        {"type": "ack", "version": "1"},
        {"type": "ack", "version": 1.0},
        {"type": "ack", "version": True},
        {"type": "ack", "version": -1},
        {"type": "ack", "version": 2**53},
        {"type": "ack", "version": 3, "rendered_ms": -1},
        {"type": "ack", "version": 3, "rendered_ms": True},
        {"type": "ack", "version": 3, "rendered_ms": 1.5},
        {"type": "ack", "version": 3, "rendered_ms": 10**9},
        {"type": "ack", "version": 3, "rendered": 1},
        {"type": "dismiss", "pop_id": "x" * 301},
        {"type": "dismiss", "pop_id": ["x"]},
    ],
)
def test_anything_else_is_rejected(value: object) -> None:
    with pytest.raises(Rejected):
        parse(value)


@pytest.mark.parametrize("message", SERVER, ids=lambda m: TYPE_NAMES[type(m)])
def test_what_the_server_says_is_json_and_names_its_type(message: ServerMessage) -> None:
    said = plain(message)
    assert said["type"] == TYPE_NAMES[type(message)]
    assert json.loads(encode(said))["type"] == said["type"]


def test_a_pop_carries_readable_numbers_its_history_and_only_the_beginning_of_long_notes() -> None:
    said: Any = plain(SERVER[2])
    assert said["pop"]["number_text"] == "+7 916 123-45-67"
    assert said["pop"]["caller_name"] == '<b>"Ivan"</b>'
    assert b'"offered_at":"2026-11-21T12:00:00Z"' in encode(said)
    assert len(said["pop"]["history"][0]["notes"]) == len(said["pop"]["client"]["note"]) == 1000
    assert len(said["pop"]["story"]) == 4000
    assert "history" not in plain(SERVER[3])["pop"]  # type: ignore[operator]


def test_a_pop_carries_candidates_promises_and_what_the_colleague_wrote() -> None:
    said: Any = json.loads(encode(plain(SERVER[3])))["pop"]
    assert said["candidates"] == [
        {
            "client_id": "c-2",
            "name": "Olga",
            "kind": "person",
            "organisation": "Acme",
            "reason": "member",
            "last_contact_at": None,
            "vip": True,
        }
    ]
    due = "2026-11-21T12:00:00Z"
    assert said["follow_ups"] == [{"follow_up_id": "f", "due_at": due, "text": "call back", "owner": "anna"}]
    assert said["story_by"] == "Anna"


def test_the_document_names_the_same_messages_fields_and_close_codes() -> None:
    """docs/asyncapi.yaml is written by hand; here it is held to the code. (Read as text: no YAML library is needed.)"""
    text = DOCUMENT.read_text()
    schemas = dict(re.findall(r"^    (\w+):\n((?:      .*\n|\n)+)", text[text.index("\n  schemas:") :], re.MULTILINE))
    said = {str(plain(m)["type"]): set(plain(m)) for m in SERVER}
    for value in (
        {"type": "resume", "epoch": "e", "version": 1},
        {"type": "ack", "version": 1, "rendered_ms": 1},
        {"type": "pulse"},
    ):
        said[str(value["type"])] = set(value)
    said["dismiss"] = {"type", "pop_id"}
    assert set(said) == set(TYPE_NAMES.values())
    for name, fields in said.items():
        assert fields_of(schemas[name]) == fields, name
    assert fields_of(schemas["pop_content"]) == set(said_pop()) | {"history"}
    assert fields_of(schemas["client"]) == set(said_pop()["client"])  # type: ignore[call-overload]
    assert fields_of(schemas["status"]) == set(plain(SERVER[5])["agent"])  # type: ignore[call-overload]
    assert set(map(int, re.findall(r"`(\d{4})`", text))) == {*map(int, CloseCode), 1009}
    assert f"maxLength: {MOST_CHARS}" in text


def said_pop() -> dict[str, object]:
    pop = plain(SERVER[3])["pop"]
    assert isinstance(pop, dict)
    return pop


def fields_of(schema: str) -> set[str]:
    return set(re.findall(r"^        (\w+):", schema[schema.index("      properties:") :], re.MULTILINE))
