"""`meridian replay`: the documented JSON, the text, the figures, and one clear sentence for what can't be read."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from commands.cli import main
from commands.replay import Replay, as_contract, as_text
from core.model import Direction, Leg, LegOutcome
from tests import cards, streams
from tests.servers.ami_messages import hangup, live_channel, newchannel
from tests.unit.telephony.test_capture import LOGIN, lists, told

TYPES: dict[str, tuple[type, ...]] = {
    "uniqueid": (str,), "direction": (str,), "caller_number": (str,), "caller_name": (str,), "dialled": (str,),
    "queue": (str, type(None)), "rang": (list,), "answered_by": (str, type(None)), "wait_s": (float, type(None)),
    "talk_s": (float, type(None)), "hold_s": (float, type(None)), "transfers": (list,), "legs": (list,),
    "ended_by": (str, type(None)), "cause": (int, type(None)), "inferred": (bool,),
}  # fmt: skip
OUTCOMES = {"answered", "noanswer", "busy", "rejected", "unavailable", "cancelled"}
SHAPES = [shape for shape in streams.shapes() if not shape.startswith("burst")]


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    path = tmp_path / "one.ami"
    path.write_bytes(streams.raw("attended_transfer"))
    return path


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def of_contract(card: dict[str, Any]) -> None:
    assert list(card) == list(TYPES)
    wrong = {key: value for key, value in card.items() if not isinstance(value, TYPES[key])}
    assert not wrong
    assert card["direction"] in ("inbound", "outbound", "internal")
    assert card["ended_by"] in ("caller", "agent", "called", "system", None)
    assert all(list(r) == ["agent", "outcome"] and r["outcome"] in OUTCOMES for r in card["rang"])
    assert all(list(x) == ["agent", "talk_s"] for x in card["legs"])
    for step in card["transfers"]:
        assert list(step) == ["kind", "from", "to", "answered"]
        assert step["kind"] in ("blind", "attended") and isinstance(step["answered"], bool)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_keeps_the_contract(shape: str) -> None:
    replay = Replay(("PJSIP/1???",))
    replay.feed(streams.raw(shape))
    replay.end()
    found = [json.loads(json.dumps(as_contract(card))) for card in replay.finished()]
    for card in found:
        of_contract(card)


def test_json_is_one_object_a_line_in_order_of_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "two.ami"
    path.write_bytes(LOGIN + newchannel(2) + newchannel(1) + hangup(1) + hangup(2))
    assert main(["replay", str(path), "--json"]) == 0
    assert [card["uniqueid"] for card in lines(capsys)] == ["1795289549.2", "1795289549.1"]


def test_the_whole_card_as_json(capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(capture), "--json"]) == 0
    (card,) = lines(capsys)
    of_contract(card)
    assert card | {"wait_s": 0, "talk_s": 0, "hold_s": 0, "legs": 0} == {
        "uniqueid": "1795295218.0", "direction": "inbound", "caller_number": "79161240003", "caller_name": "Transferee",
        "dialled": "500", "queue": "support", "rang": [{"agent": "1001", "outcome": "answered"}], "answered_by": "1001",
        "wait_s": 0, "talk_s": 0, "hold_s": 0,
        "transfers": [{"kind": "attended", "from": "1001", "to": "1002", "answered": True}], "legs": 0,
        "ended_by": "caller", "cause": 16, "inferred": False,
    }  # fmt: skip
    assert [leg["agent"] for leg in card["legs"]] == ["1001", "1002"]


def test_names_are_written_as_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "names.ami"
    path.write_bytes(LOGIN + newchannel(1) + hangup(1))
    main(["replay", str(path), "--json"])
    assert '"caller_name": "Жанна"' in capsys.readouterr().out


def test_agents_may_be_named_several_times(capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(capture), "--json", "--agents", "PJSIP/1001", "--agents", "PJSIP/1002"]) == 0
    (both,) = lines(capsys)
    assert both["transfers"][0]["to"] == "1002"
    assert main(["replay", str(capture), "--json", "--agents", "SIP/nobody"]) == 0
    nobody = lines(capsys)
    assert all(not card["rang"] and not card["legs"] for card in nobody)
    assert all(not card["transfers"] for card in nobody)


def test_text_for_people(capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(capture)]) == 0
    text = capsys.readouterr().out
    assert re.search(r"inbound +79161240003 'Transferee' -> 500  queue support", text)
    assert re.search(
        r"waited \d+\.\d s, answered by 1001, talked \d+\.\d s, held \d+\.\d s, ended by caller, cause 16", text
    )
    assert "1002: answered" in text and "attended transfer 1001 -> 1002" in text


def test_text_of_a_call_that_nobody_took() -> None:
    card = cards.card(answered_at=None, answered_by=None, ended_by=None, cause=None, hold_s=0.0, queues=(), legs=())
    text = as_text(card)
    assert "not answered" in text and "end not seen" in text and "queue" not in text and "held" not in text


def test_stats_are_one_line(capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(capture), "--stats"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert re.search(r"\d+ messages in .* messages/s \(parse \+ track \+ card\), 1 cards, peak memory \d+ MB", line)


def test_odd_messages_are_said_on_the_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "odd.ami"
    path.write_bytes(LOGIN + b"rubbish\r\n\r\n" + newchannel(1) + hangup(1))
    assert main(["replay", str(path)]) == 0
    assert "1 message(s) were not as Asterisk writes them" in capsys.readouterr().err
    assert main(["replay", str(path), "--json"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("content", [b"", b"\x00\xff\x00" * 999, b"GREETINGS\n\nThis is no capture.\n\n" * 40, None])
def test_what_is_no_capture_is_refused_in_one_sentence(
    content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.ami"
    if content is not None:
        path.write_bytes(content)
    for mode in ([], ["--json"], ["--stats"]):
        assert main(["replay", str(path), *mode]) == 1
        told = capsys.readouterr()
        assert told.out == "" and len(told.err.splitlines()) == 1
        assert str(path) in told.err and "Traceback" not in told.err


def test_a_folder_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(tmp_path)]) == 1
    assert "name a readable file" in capsys.readouterr().err


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537])
def test_line_ends_are_judged_whatever_the_size_of_the_pieces(size: int, tmp_path: Path) -> None:
    """Bare line feeds and CRLF, with a message across the border between two reads."""
    filler = LOGIN + b"".join(newchannel(n) + hangup(n) for n in range(1, 80))
    data = (
        (filler + b"Event: Pad\r\nX: " + b"x" * (size - len(filler) - 30) + b"\r\n\r\n") + newchannel(99) + hangup(99)
    )
    found = []
    for name, content in (("crlf.ami", data), ("lf.ami", data.replace(b"\r\n", b"\n"))):
        path = tmp_path / name
        path.write_bytes(content)
        replay = Replay(("PJSIP/1???",))
        from commands.replay import read_capture

        for piece in read_capture(path):
            replay.feed(piece)
        replay.end()
        found.append([card.uniqueid for card in replay.finished()])
    assert found[0] == found[1] and len(found[0]) == 80


def test_outcomes_still_open_and_consultations_are_not_among_those_that_rang() -> None:
    ringing = Leg(leg_id="r", agent="1005", rang_at=cards.NOON, outcome=LegOutcome.RINGING)
    consulted = Leg(leg_id="c", agent="1003", rang_at=cards.NOON, outcome=LegOutcome.ANSWERED, queue=None)
    whole = cards.card()
    told_card = as_contract(cards.card(legs=(*whole.legs, ringing, consulted)))
    assert [r["agent"] for r in told_card["rang"]] == ["1002", "1001"]  # type: ignore[attr-defined]
    assert as_contract(cards.card(direction=Direction.OUTBOUND))["rang"] == []


# ---- recordings over several connections


def test_a_recording_that_began_in_mid_call_is_told_right(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mid.ami"
    path.write_bytes(LOGIN + lists(live_channel(1)) + hangup(1))
    assert main(["replay", str(path), "--json"]) == 0
    (card,) = lines(capsys)
    assert (card["uniqueid"], card["direction"], card["inferred"], card["cause"]) == (
        "1795289549.1",
        "inbound",
        True,
        16,
    )
    assert card["ended_by"] == "system"


def test_a_call_that_ended_between_two_connections_is_closed_as_inferred(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "gap.ami"
    path.write_bytes(LOGIN + lists() + newchannel(1) + LOGIN + lists() + newchannel(2) + hangup(2))
    assert main(["replay", str(path), "--json"]) == 0
    gone, seen = lines(capsys)
    assert (gone["inferred"], gone["ended_by"], gone["cause"]) == (True, None, None)
    assert (seen["inferred"], seen["cause"]) == (False, 16)


def test_after_a_restart_of_the_pbx_the_same_uniqueid_is_another_call(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = lists().replace(b"08:00:00", b"09:00:00")
    path = tmp_path / "restart.ami"
    path.write_bytes(LOGIN + lists() + newchannel(1) + LOGIN + again + newchannel(1) + hangup(1))
    assert main(["replay", str(path), "--json"]) == 0
    assert [card["inferred"] for card in lines(capsys)] == [True, False]


def test_recordings_in_this_file_are_read_without_anything_odd() -> None:
    assert not told(LOGIN + lists(live_channel(1)) + hangup(1))[1].odd
