"""Routes of callbacks and messages on the whole service as composed: whose they are, what is refused, what is written down."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from routing.settings import Mode, PersonSetting, QueueSetting
from tests.servers import house as houses
from tests.servers.house import House, running_house

SOUND = b"RIFF" + bytes(range(100))


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    """A callback and a message of support, where boris doesn't work; anna isn't in the plan, eva is a supervisor."""
    made = houses.configuration

    def with_plan(folder: Path) -> Any:
        queues = {name: QueueSetting(mode=Mode.ACD) for name in ("support", "sales")}
        people = {"boris": PersonSetting(queues=("sales",)), "carmen": PersonSetting(queues=("support",))}
        return replace(made(folder), queues=queues, people=people)

    monkeypatch.setattr(houses, "configuration", with_plan)
    (tmp_path / "recordings").mkdir()
    (tmp_path / "recordings" / "secret note.wav").write_bytes(SOUND)
    async with running_house(tmp_path) as running:
        yield running


async def test_of_other_queues_nothing_is_there_and_trying_is_written_down(house: House) -> None:
    callback, message, card = (house.ids[name] for name in ("callback_id", "voicemail_id", "card_id"))
    async with house.signed_in("boris") as boris, house.signed_in("eva") as eva, house.signed_in("anna") as anna:
        for client, seen in ((boris, 0), (eva, 1), (anna, 1)):
            assert len((await client.get("/api/callbacks")).json()["open"]) == seen
            assert len((await client.get("/api/voicemails")).json()["voicemails"]) == seen
        for method, url in (
            ("POST", f"/api/callbacks/{callback}/take"),
            ("POST", f"/api/callbacks/{callback}/cancel"),
            ("POST", f"/api/voicemails/{message}/take"),
            ("GET", f"/api/cards/{card}/voicemail"),
        ):
            before = len(await house.audit())
            answer = await boris.request(method, url)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), url
            assert ("boris", "access_refused") in (await house.audit())[before:], url
        passed = await anna.post(f"/api/voicemails/{message}/pass-on", json={"to": "boris"})
        assert passed.json()["state"] == "passed_on"
        assert (await boris.get(f"/api/cards/{card}/voicemail")).content == SOUND, "now it is his"
        assert (await anna.post(f"/api/voicemails/{message}/take")).json()["code"] == "voicemail_of_other"


async def test_hearing_is_written_down_once_a_hearing(house: House) -> None:
    url = f"/api/cards/{house.ids['card_id']}/voicemail"
    async with house.signed_in("anna") as anna:
        for header, status in ((None, 200), ("bytes=0-", 206), ("bytes=50-60", 206), ("bytes=900-", 416)):
            answer = await anna.get(url, headers={"Range": header} if header else {})
            assert answer.status_code == status
        assert (await anna.get(url, headers={"Range": "bytes=50-60"})).content == SOUND[50:61]
        assert [line for line in await house.audit() if line[1] == "voicemail_heard"] == [
            ("anna", "voicemail_heard")
        ] * 2
        assert (await anna.get(url + "?voicemail_id=another")).status_code == 404


async def test_two_who_take_the_same_message(house: House) -> None:
    url = f"/api/voicemails/{house.ids['voicemail_id']}"
    async with house.signed_in("anna") as anna, house.signed_in("eva") as eva:
        assert (await anna.post(f"{url}/take")).json()["owner"] == "anna"
        assert (await eva.post(f"{url}/take")).json()["code"] == "voicemail_state"
        assert (await eva.post(f"{url}/release")).json()["state"] == "open"
        for wrong in ({}, {"to": "anna", "queue": "sales"}):
            assert (await anna.post(f"{url}/pass-on", json=wrong)).json()["code"] == "nobody"
        assert (await anna.post(f"{url}/pass-on", json={"to": "otto"})).json()["code"] == "unknown_owner"
        assert (await anna.post(f"{url}/pass-on", json={"queue": "nowhere"})).json()["code"] == "no_such_queue"
        assert (await anna.post(f"{url}/pass_on")).json()["code"] == "nobody"
        assert (await anna.post(f"{url}/pass-on", json={"queue": "sales"})).json()["queue"] == "sales"
    async with house.signed_in("boris") as boris:
        assert (await boris.post(f"{url}/take")).json()["owner"] == "boris", "in his queue now"
        assert ("boris", "did") in await house.audit()


async def test_somebody_is_promised_a_callback_by_hand(house: House) -> None:
    async with house.signed_in("eva") as eva:
        for body, code in (
            ({"number": "+79161230099", "queue": "nowhere"}, "no_such_queue"),
            ({"number": "+4930123456", "queue": "sales"}, "number_not_allowed"),
            ({"number": "112", "queue": "sales"}, "number_not_allowed"),
        ):
            assert (await eva.post("/api/callbacks", json=body)).json()["code"] == code
        made = await eva.post(
            "/api/callbacks", json={"number": "8 (916) 123-00-99", "queue": "sales", "name": " Pyotr "}
        )
        assert made.status_code == 201
        one = made.json()
        assert (one["number"], one["name"], one["asked_by"], one["times_asked"]) == ("+79161230099", "Pyotr", "eva", 1)
        again = (await eva.post("/api/callbacks", json={"number": "+79161230099", "queue": "sales"})).json()
        assert (again["callback_id"], again["times_asked"]) == (one["callback_id"], 2)
        assert (await eva.post(f"/api/callbacks/{one['callback_id']}/take")).json()["code"] == "no_extension"
        assert "take" not in one["can"]
        closed = (await eva.post(f"/api/callbacks/{one['callback_id']}/cancel")).json()
        assert (closed["state"], closed["closed_by"], closed["can"]) == ("cancelled", "eva", [])
        refused = await eva.post(f"/api/callbacks/{one['callback_id']}/again")
        assert (refused.status_code, refused.json()["code"]) == (409, "callback_state")
        await house.service.writer.drained()
        kept = (await eva.get("/api/callbacks")).json()["kept"]
        assert [each["callback_id"] for each in kept] == [one["callback_id"]]


async def test_taken_while_the_pbx_is_away_it_waits_on(house: House) -> None:
    async with house.signed_in("anna") as anna:
        taken = await anna.post(f"/api/callbacks/{house.ids['callback_id']}/take")
        assert taken.status_code == 200
        for _ in range(100):
            one = (await anna.get("/api/callbacks")).json()["open"][0]
            if one["state"] != "ringing":
                break
        assert one["state"] in ("waiting", "planned") and one["attempts"][-1]["outcome"] == "operator_missed"
