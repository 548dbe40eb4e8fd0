"""The desk's routes about cards over real HTTP: typing at once, with the database away, of other sites; dates, my day, search."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callcards.memory import MemoryCardStore
from core.desk import CustomField, Desk, Disposition
from core.errors import Unavailable
from core.events import CardTyped
from tests.servers.desk import running_desk

NOTES = "/api/cards/card-0001/notes"
DECLARED = Desk(
    dispositions={
        "sold": Disposition(en="Sold", ru="Продано"),
        "vip_only": Disposition(en="VIP", ru="ВИП", queues=("vip",)),
    },
    fields={"contract": CustomField(en="Contract", ru="Договор")},
)


async def test_two_operators_typing_at_once_lose_nothing(monkeypatch: Any) -> None:
    async with running_desk() as desk:
        storing = desk.cards.apply

        async def slowly(changes: Any) -> None:
            await asyncio.sleep(0.1)
            await storing(changes)

        monkeypatch.setattr(desk.cards, "apply", slowly)
        await desk.user("anna", "1001")
        await desk.user("boris", "1002")
        anna, boris = await desk.signed_in("anna"), await desk.signed_in("boris")
        await desk.card("card-0001")
        answers = await asyncio.gather(
            anna.put(NOTES, json={"notes": "hers", "base": None}), boris.put(NOTES, json={"notes": "his", "base": None})
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        first, second = sorted(answers, key=lambda answer: answer.status_code)
        won = (await anna.get("/api/cards/card-0001")).json()
        refused = second.json()
        assert (refused["code"], refused["notes"], refused["edited_by"]) == (
            "overtaken",
            won["notes"],
            won["edited_by"],
        )
        assert refused["edited_at"] == first.json()["edited_at"] == won["edited_at"]
        loser = boris if won["edited_by"] == "anna" else anna
        both = {"notes": "hers\nhis", "base": refused["edited_at"]}
        assert (await loser.put(NOTES, json=both)).json()["stored"] is True
        lines = (await anna.get("/api/cards/card-0001/changes")).json()["changes"]
        assert [(line["field"], line["after"]) for line in lines] == [("notes", won["notes"]), ("notes", "hers\nhis")]


async def test_ones_own_saves_follow_each_other_by_base() -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        anna = await desk.signed_in("anna")
        await desk.card("card-0001")
        base = None
        for text in ("h", "he", "hel"):
            answer = await anna.put(NOTES, json={"notes": text, "base": base})
            assert answer.status_code == 200, answer.text
            base = answer.json()["edited_at"]
        assert len((await anna.get("/api/cards/card-0001/changes")).json()["changes"]) == 1


async def test_a_result_must_be_declared_for_its_queue_and_an_old_one_stays() -> None:
    async with running_desk(declared=DECLARED) as desk:
        await desk.user("anna", "1001")
        anna = await desk.signed_in("anna")
        await desk.card("card-0001")
        for wrong in ("resolved", "vip_only"):
            answer = await anna.put(NOTES, json={"disposition": wrong})
            assert (answer.status_code, answer.json()["code"]) == (400, "unknown_disposition")
            assert answer.json()["message"].endswith("choose one of: sold.")
        assert (await anna.put(NOTES, json={"disposition": "sold"})).status_code == 200
        desk.cards._cards["card-0001"] = desk.cards._cards["card-0001"].__class__(
            **{**_fields(desk.cards, "card-0001"), "disposition": "of_last_year"}
        )
        assert (await anna.put(NOTES, json={"disposition": "of_last_year", "notes": "x"})).status_code == 200
        assert (await anna.get("/api/cards/card-0001")).json()["disposition"] == "of_last_year"
        answer = await anna.put(NOTES, json={"fields": {"color": "red"}})
        assert (answer.status_code, answer.json()["code"]) == (400, "unknown_field")
        assert (await anna.put(NOTES, json={"fields": {"contract": "A-7"}})).status_code == 200
        assert (await anna.get("/api/cards/card-0001")).json()["fields"] == {"contract": "A-7"}


def _fields(store: MemoryCardStore, card_id: str) -> dict[str, Any]:
    stored = store._cards[card_id]
    return {name: getattr(stored, name) for name in stored.__dataclass_fields__}


async def test_while_the_database_is_away_everything_typed_is_kept_and_stored_once(monkeypatch: Any) -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        anna = await desk.signed_in("anna")
        await desk.card("card-0001")
        desk.database_away = True
        reading = desk.cards.card

        async def away(_card_id: str) -> Any:
            raise Unavailable("the database is away")

        monkeypatch.setattr(desk.cards, "card", away)
        kept = await anna.put(NOTES, json={"notes": "typed while away", "base": None, "disposition": "resolved"})
        assert (kept.status_code, kept.json()["stored"]) == (200, False)
        due = "2026-12-01T10:00:00+03:00"
        promised = await anna.post("/api/follow-ups", json={"card_id": "card-0001", "due_at": due, "text": "ring"})
        assert (promised.status_code, promised.json()["stored"]) == (201, False)
        answer = await anna.put("/api/cards/no-such-card/notes", json={"notes": "x"})
        assert answer.json()["stored"] is False
        monkeypatch.setattr(desk.cards, "card", reading)
        desk.database_away = False
        await desk.cards.apply(desk.journal)
        await desk.cards.apply(desk.journal)
        card = (await anna.get("/api/cards/card-0001")).json()
        assert (card["notes"], card["disposition"]) == ("typed while away", "resolved")
        assert [(each["text"], each["due_at"]) for each in card["follow_ups"]] == [("ring", "2026-12-01T07:00:00Z")]


async def test_what_is_typed_reaches_the_rules() -> None:
    async with running_desk() as desk:
        heard: list[CardTyped] = []

        def hear(event: CardTyped) -> tuple[()]:
            heard.append(event)
            return ()

        desk.engine._first[CardTyped] = (hear,)
        await desk.user("anna", "1001")
        anna = await desk.signed_in("anna")
        await desk.card("card-0001")
        await anna.put(NOTES, json={"notes": "wants Olga", "disposition": "resolved"})
        await anna.put(NOTES, json={"fields": {}})
        told = [(event.call_id, event.by, event.notes, event.disposition) for event in heard]
        assert told == [("card-0001", "Anna", "wants Olga", "resolved")]


async def test_another_sites_things_dont_exist_and_each_attempt_is_written_down() -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        await desk.user("bruno", "2001", site="berlin")
        anna, bruno = await desk.signed_in("anna"), await desk.signed_in("bruno")
        await desk.card("card-of-berlin", site="berlin")
        berliner = await desk.directory.create("berlin", name="B", numbers=["+4930123456"], at=desk.hub._now())
        due = {"due_at": "2026-12-01T10:00:00Z", "text": "secret"}
        theirs = (await bruno.post("/api/follow-ups", json={"card_id": "card-of-berlin", **due})).json()
        assert theirs["follow_up_id"]
        await bruno.put("/api/cards/card-of-berlin/notes", json={"notes": "secret"})
        for method, path, body in (
            ("GET", "/api/cards/card-of-berlin/changes", None),
            ("PUT", "/api/cards/card-of-berlin/notes", {"notes": "x"}),
            ("GET", f"/api/clients/{berliner.client_id}/timeline", None),
            ("GET", f"/api/follow-ups?client_id={berliner.client_id}", None),
            ("POST", "/api/follow-ups", {"card_id": "card-of-berlin", **due}),
            ("POST", "/api/follow-ups", {"client_id": berliner.client_id, **due}),
            ("PATCH", f"/api/follow-ups/{theirs['follow_up_id']}", {"state": "done"}),
        ):
            answer = await anna.request(method, path, json=body)
            assert answer.status_code == 404, (method, path, answer.text)
        assert (await anna.get("/api/search", params={"q": "secret"})).json() == {
            "clients": [],
            "cards": [],
            "more": False,
        }
        assert (await anna.get("/api/my-day")).json()["overdue"] == []
        refused = [facts["what"] for _, _, action, facts in desk.audit.lines if action == "access_refused"]
        assert len(refused) == 7 and all("berlin" in what for what in refused)
        assert (await bruno.get("/api/follow-ups")).json()["follow_ups"][0]["state"] == "open"


async def test_a_promise_is_made_moved_given_away_and_closed() -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        await desk.user("boris", "1002")
        anna, boris = await desk.signed_in("anna"), await desk.signed_in("boris")
        await desk.card("card-0001", number="8 916 1234567")
        due = datetime.now(UTC) - timedelta(minutes=5)
        asked = {"card_id": "card-0001", "due_at": due.isoformat(), "text": " ring ", "zone": "Asia/Omsk"}
        made = (await anna.post("/api/follow-ups", json=asked)).json()
        shown = {key: made[key] for key in ("text", "zone", "owner", "state", "number_text", "stored")}
        assert shown == {
            "text": "ring",
            "zone": "Asia/Omsk",
            "owner": "anna",
            "state": "open",
            "number_text": "+7 916 123-45-67",
            "stored": True,
        }
        assert [each["text"] for each in (await anna.get("/api/my-day")).json()["overdue"]] == ["ring"]
        path = f"/api/follow-ups/{made['follow_up_id']}"
        later = (datetime.now(UTC) + timedelta(days=40)).isoformat()
        moved = (await anna.patch(path, json={"due_at": later, "owner": "boris"})).json()
        assert (moved["owner"], moved["text"]) == ("boris", "ring")
        assert (await anna.get("/api/my-day")).json()["later"] == []
        assert [each["text"] for each in (await boris.get("/api/my-day")).json()["later"]] == ["ring"]
        assert (await boris.patch(path, json={"state": "done"})).json()["state"] == "done"
        assert (await boris.get("/api/my-day")).json()["later"] == []
        assert (await boris.get("/api/follow-ups", params={"state": "done"})).json()["follow_ups"][0]["text"] == "ring"


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"due_at": "2026-12-01T10:00:00Z"}, 400, "nobody"),
        ({"card_id": "card-0001", "due_at": "tomorrow"}, 422, "invalid"),
        ({"card_id": "card-0001", "due_at": "2026-12-01T10:00:00"}, 422, "invalid"),
        ({"card_id": "card-0001", "due_at": "2026-12-01T10:00:00Z", "zone": "../etc/passwd"}, 400, "bad_zone"),
        ({"card_id": "card-0001", "due_at": "2026-12-01T10:00:00Z", "zone": "Mars/Base"}, 400, "bad_zone"),
        ({"card_id": "card-9999", "due_at": "2026-12-01T10:00:00Z"}, 404, "not_found"),
        ({"client_id": "nobody-at-all", "due_at": "2026-12-01T10:00:00Z"}, 404, "not_found"),
    ],
)
async def test_odd_promises_are_refused(asked: dict[str, str], status: int, code: str) -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        anna = await desk.signed_in("anna")
        await desk.card("card-0001")
        answer = await anna.post("/api/follow-ups", json=asked)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert (await anna.get("/api/follow-ups")).json() == {"follow_ups": []}


async def test_nobody_can_be_given_a_promise_who_does_not_work_here() -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        anna = await desk.signed_in("anna")
        await desk.card("card-0001")
        made = await anna.post("/api/follow-ups", json={"card_id": "card-0001", "due_at": "2026-12-01T10:00:00Z"})
        answer = await anna.patch(f"/api/follow-ups/{made.json()['follow_up_id']}", json={"owner": "olga"})
        assert (answer.status_code, answer.json()["code"]) == (400, "unknown_owner")


async def test_a_clients_whole_time_line_page_by_page() -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        anna = await desk.signed_in("anna")
        ivan = await desk.directory.create("moscow", name="Ivan", numbers=["89161234567"], at=desk.hub._now())
        for n in range(5):
            await desk.card(f"card-000{n}", number="8 916 1234567")
        seen, before = [], None
        while True:
            params = {"limit": "2"} | ({"before": before} if before else {})
            page = (await anna.get(f"/api/clients/{ivan.client_id}/timeline", params=params)).json()
            seen += [item["card_id"] for item in page["items"]]
            before = page["next"]
            if before is None:
                break
        assert seen == [f"card-000{n}" for n in (4, 3, 2, 1, 0)]


async def test_a_typed_date_is_said_back_and_nonsense_gets_examples() -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        anna = await desk.signed_in("anna")
        asked = {"text": "завтра в 10", "zone": "Asia/Omsk", "language": "ru"}
        answer = (await anna.get("/api/when", params=asked)).json()
        assert answer["zone"] == "Asia/Omsk" and answer["at"].endswith("T04:00:00Z")
        assert answer["text_ru"].endswith(", 10:00") and answer["text_en"].endswith(", 10:00")
        refused = await anna.get("/api/when", params={"text": "soon", "zone": "Asia/Omsk"})
        assert (refused.status_code, refused.json()["code"]) == (422, "not_understood")
        assert "tomorrow 10" in refused.json()["examples"]
        for odd in ("", "../x", "Mars/Base", "Europe", "\x00"):
            assert (await anna.get("/api/when/offers", params={"zone": odd})).status_code in (400, 422), odd
        offers = (await anna.get("/api/when/offers", params={"zone": "Asia/Omsk", "language": "ru"})).json()["offers"]
        assert offers[0]["text"] == "через час" and len(offers) >= 3


async def test_search_over_http() -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        anna = await desk.signed_in("anna")
        ivan = await desk.directory.create("moscow", name="Иван", numbers=["89161234567"], at=desk.hub._now())
        await desk.card("card-0001", number="8 916 1234567")
        await anna.put(NOTES, json={"notes": "Ждёт СЧЁТ"})
        for text in ("счет", "4567", "иван"):
            found = (await anna.get("/api/search", params={"q": text})).json()
            assert [each["card_id"] for each in found["cards"]] == ["card-0001"], text
        assert found["clients"] == [
            {"client_id": ivan.client_id, "name": "Иван", "number_text": "+7 916 123-45-67", "organisation": None}
        ]
        assert (await anna.get("/api/search", params={"q": "x" * 201})).status_code == 422
