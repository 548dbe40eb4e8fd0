"""Routes of what an operator does with calls: what they ask of the telephone system, and how its answers are told."""

import pytest

from core.destination import Destination, DestinationKind, RecordingAct
from core.errors import Conflict, ContactCentreError, Forbidden, NotFound, ResultUnknown, Unavailable
from tests.servers.desk import Desk, running_desk

CARD = "card-0001"
TALK = ("moscow", "1001", CARD)
ACTS: list[tuple[str, object, str, tuple[object, ...]]] = [
    (
        "/transfer",
        {"kind": "blind", "to": {"agent": "1002"}},
        "transferred",
        ("transfer", Destination(DestinationKind.AGENT, "1002"), False, "anna"),
    ),
    (
        "/transfer",
        {"kind": "attended", "to": {"queue": "sales"}},
        "asking",
        ("transfer", Destination(DestinationKind.QUEUE, "sales"), True, "anna"),
    ),
    (
        "/transfer",
        {"kind": "blind", "to": {"number": "+7\u00a0903\u00a0555\u20110001"}},
        "transferred",
        ("transfer", Destination(DestinationKind.NUMBER, "+7\u00a0903\u00a0555\u20110001"), False, "anna"),
    ),
    ("/transfer/complete", None, "transferred", ("complete",)),
    ("/transfer/cancel", None, "taken_back", ("cancel",)),
    ("/park", None, "parking", ("park",)),
    ("/recording", {"action": "start"}, "on", ("record", RecordingAct.START)),
    ("/recording", {"action": "pause"}, "paused", ("record", RecordingAct.PAUSE)),
    ("/recording", {"action": "resume"}, "on", ("record", RecordingAct.RESUME)),
    ("/recording", {"action": "stop"}, "off", ("record", RecordingAct.STOP)),
    ("/mute", {"muted": True}, "muted", ("mute", True)),
    ("/mute", {"muted": False}, "unmuted", ("mute", False)),
]


def audited(desk: Desk) -> list[tuple[str, str | None, str | None]]:
    return [(action, facts.get("what"), facts.get("why")) for _, _, action, facts in desk.audit.lines][-2:]


async def test_each_act_is_asked_for_with_ones_own_phone_and_written_down() -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        anna = await desk.signed_in("anna")
        for path, body, status, asked in ACTS:
            answer = await anna.post(f"/api/calls/{CARD}{path}", json=body)
            assert (answer.status_code, answer.json()) == (202, {"status": status}), answer.text
            assert desk.calls.acts[-1] == (*TALK, *asked)
            assert audited(desk)[-1][0] == "did"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/transfer", {"kind": "blind", "to": {}}),
        ("/transfer", {"kind": "blind", "to": {"agent": "1002", "number": "+79035550001"}}),
        ("/transfer", {"kind": "blonde", "to": {"agent": "1002"}}),
        ("/transfer", {"kind": "blind", "to": {"agent": "1002\r\nAction: Command"}}),
        ("/transfer", {"kind": "blind", "to": {"agent": "1002&PJSIP/trunk"}}),
        ("/transfer", {"kind": "blind", "to": {"number": "7903,1"}}),
        ("/transfer", {"kind": "blind", "to": {"number": "sip:x@y"}}),
        ("/transfer", {"kind": "blind", "to": {"agent": "1002"}, "context": "evil"}),
        ("/recording", {"action": "delete"}),
        ("/recording", {"action": "start", "file": "/etc/passwd"}),
        ("/mute", {"muted": "maybe"}),
        ("/mute", {}),
        ("/mute", {"muted": True, "agent": "1002"}),
    ],
)
async def test_odd_wishes_are_refused_before_anything_is_asked(path: str, body: object) -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        answer = await (await desk.signed_in("anna")).post(f"/api/calls/{CARD}{path}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid") and not desk.calls.acts


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ResultUnknown("Park was sent, but no answer came: it may have happened."), 503, "result_unknown"),
        (Unavailable("not sent"), 503, "unavailable"),
        (NotFound("over"), 404, "not_found"),
        (Conflict("not now", code="asking"), 409, "asking"),
        (Forbidden("no", code="number_not_allowed"), 403, "number_not_allowed"),
        (Forbidden("no", code="too_many_calls"), 403, "too_many_calls"),
    ],
)
async def test_what_came_to_nothing_is_said_and_written_down(error: ContactCentreError, status: int, code: str) -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        anna = await desk.signed_in("anna")

        async def fails(site: str, agent: str, call_id: str) -> None:
            raise error

        desk.calls.park = fails  # type: ignore[method-assign]
        answer = await anna.post(f"/api/calls/{CARD}/park")
        assert (answer.status_code, answer.json()) == (status, {"code": code, "message": str(error)})
        assert audited(desk) == [("did", "park", None), ("refused", "park", code)]
