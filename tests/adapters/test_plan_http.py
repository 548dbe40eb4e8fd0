"""The plan over HTTP, on the whole service: trying, saving, two at once, holes, history, a week, coverage, reload, who may."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from service import utc_now
from telephony import facts as f
from tests.servers.plan_centre import ANNA, Centre, running


@pytest.fixture
async def centre(tmp_path: Path) -> AsyncIterator[Centre]:
    async with running(tmp_path) as made:
        yield made


async def test_what_is_in_force(centre: Centre) -> None:
    async with centre.signed_in("eva") as eva:
        plan = (await eva.get("/api/plan")).json()
    assert (plan["version"], plan["site"], plan["timezone"], plan["refuse_holes"]) == (0, "riga", "Europe/Riga", False)
    anna = {"site": "", "skills": {"billing": 3}, "queues": ["support"], "shifts": ["day"], "breaks": []}
    assert {key: plan["people"]["anna"][key] for key in anna} == anna
    assert plan["queues"]["support"]["strategy"] == "scarcity" and plan["skills"]["billing"]["ru"] == "Счета"
    assert plan["hours"]["day"]["week"] == ["daily 09:00-18:00"]
    assert plan["changed"] == {} and plan["left_out"] == [] and plan["may"] == ["people", "forced"]
    assert plan["names"] == {"anna": "Anna", "eva": "Eva", "ada": "Ada"}
    assert set(plan["sites"]) == {"riga", "omsk"} and plan["sites"]["omsk"]["timezone"] == "Asia/Omsk"
    assert plan["now"]["support"]["reason"] == "week"


async def test_a_change_counts_at_once_and_is_written_down_with_before_and_after(centre: Centre) -> None:
    async with centre.signed_in("eva") as eva:
        told = await eva.put("/api/plan/people/anna", json={"value": ANNA, "version": 0})
        assert (told.status_code, told.json()) == (200, {"version": 1, "holes_opened": [], "week": None})
        assert centre.told[-1].plan.tables.people["anna"].skills == {"billing": 5}
        assert centre.service.choosing.plan is centre.told[-1].plan, "the dispatcher has heard of it"
        plan = (await eva.get("/api/plan")).json()
        assert plan["changed"]["people"]["anna"]["by"] == "eva" and plan["people"]["anna"]["skills"] == {"billing": 5}
        (line,) = (await eva.get("/api/plan/changes")).json()["changes"]
        assert (line["by"], line["before"]["skills"], line["after"]["skills"]) == (
            "eva",
            {"billing": 3},
            {"billing": 5},
        )
        back = await eva.put("/api/plan/people/anna", json={"value": None, "version": 1})
        assert back.json()["version"] == 2
        plan = (await eva.get("/api/plan")).json()
        assert plan["people"]["anna"]["skills"] == {"billing": 3} and plan["changed"] == {}
        assert [each["back"] for each in (await eva.get("/api/plan/changes?most=1")).json()["changes"]] == [True]
    did = [facts for facts in await centre.audit("did") if facts["what"] == "plan people anna"]
    assert '"billing": 3' in did[0]["before"] and '"billing": 5' in did[0]["after"]


async def test_changes_survive_a_restart(tmp_path: Path) -> None:
    async with running(tmp_path) as centre, centre.signed_in("eva") as eva:
        (await eva.put("/api/plan/people/anna", json={"value": ANNA, "version": 0})).raise_for_status()
    async with running(tmp_path) as centre:
        assert centre.told[0].plan.tables.people["anna"].skills == {"billing": 5}


async def test_two_admins_at_once(centre: Centre) -> None:
    async with centre.signed_in("eva") as eva, centre.signed_in("ada") as ada:
        (await eva.put("/api/plan/people/anna", json={"value": ANNA, "version": 0})).raise_for_status()
        late = await ada.put("/api/plan/people/anna", json={"value": {**ANNA, "skills": {}}, "version": 0})
        assert late.status_code == 409
        told = late.json()
        assert (told["code"], told["version"], told["theirs"]["by"]) == ("plan_changed", 1, "eva")
        assert told["theirs"]["value"]["skills"] == {"billing": 5} and "eva changed people anna" in told["message"]
        other = await ada.put("/api/plan/skills/vip", json={"value": {"en": "VIP", "ru": "ВИП"}, "version": 0})
        assert other.json()["version"] == 2


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        (["people", "anna", "skills"], {"skills": {"biling": 3}}, "did you mean 'billing'?"),
        (["queues", "support", "requirement"], {"requirement": "billing >= 9"}, "at character 12"),
        (["queues", "support", "relax"], {"relax": [{"after_s": 9, "requirement": ""}]}, "circle"),
        (["queues", "support", "overflow"], {"overflow": "support"}, "circle"),
        (["hours", "day"], {"zone": "Mars/Olympus", "week": []}, "no IANA zone"),
        (["hours", "day"], {"zone": "UTC", "week": ["Mon 26-27"]}, "times from 00:00 to 24:00"),
        (["skills", "a b"], {"en": "x", "ru": "y"}, "can't be a name"),
    ],
)
async def test_what_cant_be_is_refused_with_place_and_mend(
    centre: Centre, place: list[str], value: Any, words: str
) -> None:
    kind, name = place[:2]
    async with centre.signed_in("ada") as ada:
        for answer in (
            await ada.post("/api/plan/check", json={"kind": kind, "name": name, "value": value}),
            await ada.put(f"/api/plan/{kind}/{name}", json={"value": value, "version": 0}),
        ):
            assert answer.status_code == 422, answer.text
            assert answer.json()["place"] == place and words in answer.json()["message"], answer.text
        assert (await ada.get("/api/plan")).json()["version"] == 0


async def test_holes_are_told_in_utc_and_local_time(centre: Centre) -> None:
    async with centre.signed_in("eva") as eva:
        asked = {"kind": "people", "name": "anna", "value": {**ANNA, "shifts": ["half"]}}
        holes = (await eva.post("/api/plan/check", json=asked)).json()["holes_opened"]
        assert len(holes) in (14, 15) and {hole["queue"] for hole in holes} == {"support"}
        whole = holes[2]
        assert whole["from"][10:] == "T11:00:00Z" or whole["from"][10:] == "T10:00:00Z"
        assert whole["from_local"][10:19] == "T13:00:00" and whole["to_local"][10:19] == "T18:00:00"
        saved = await eva.put("/api/plan/people/anna", json={"value": asked["value"], "version": 0})
        assert saved.status_code == 200 and len(saved.json()["holes_opened"]) == len(holes)
        page = (await eva.get("/api/routing/coverage?days=3")).json()
        (queue,) = page["queues"]
        assert (queue["queue"], queue["title"], queue["requirement"]) == ("support", "Support", "billing >= 2")
        assert len(queue["open"]) in (3, 4) and len(queue["holes"]) in (3, 4) and page["timezone"] == "Europe/Riga"
        assert (await eva.get("/api/routing/coverage?days=61")).status_code == 422


async def test_a_centre_that_refuses_holes_wants_an_administrators_consent(tmp_path: Path) -> None:
    async with (
        running(tmp_path, refuse="true") as centre,
        centre.signed_in("eva") as eva,
        centre.signed_in("ada") as ada,
    ):
        away = {"value": {**ANNA, "shifts": ["half"]}, "version": 0}
        for client in (eva, ada):
            refused = await client.put("/api/plan/people/anna", json=away)
            assert (refused.status_code, refused.json()["code"]) == (409, "holes_opened")
            assert len(refused.json()["holes_opened"]) >= 14
        assert (await eva.put("/api/plan/people/anna", json={**away, "accept_holes": True})).status_code == 403
        assert (await ada.put("/api/plan/people/anna", json={**away, "accept_holes": True})).status_code == 200


async def test_supervisors_change_people_of_their_site_and_force_queues_and_nothing_else(centre: Centre) -> None:
    async with centre.signed_in("eva") as eva, centre.signed_in("ada") as ada:
        for kind, name, value in (
            ("skills", "billing", {"en": "x", "ru": "y"}),
            ("hours", "day", {"zone": "UTC", "week": []}),
            ("queues", "support", {}),
            ("people", "olga", {"site": "omsk", "skills": {"billing": 1}}),
            ("people", "anna", {**ANNA, "site": "omsk"}),
            ("people", "olga", None),
        ):
            asked = {"value": value, "version": 0}
            assert (await eva.put(f"/api/plan/{kind}/{name}", json=asked)).status_code == 403, (kind, name)
        forced = await eva.put("/api/plan/forced/support", json={"value": {"open": False}, "version": 0})
        assert forced.status_code == 200
        plan = (await eva.get("/api/plan")).json()
        assert plan["now"]["support"] == {"open": False, "changes_at": None, "reason": "forced", "reason_name": "eva"}
        olga = {"value": {"site": "omsk", "skills": {"billing": 1}}, "version": 0}
        assert (await ada.put("/api/plan/people/olga", json=olga)).status_code == 200
        assert (await eva.post("/api/plan/reload")).status_code == 403
    assert len(await centre.audit("access_refused")) == 7


async def test_a_week_of_a_calendar_saved_or_only_tried(centre: Centre) -> None:
    async with centre.signed_in("eva") as eva:
        week = (await eva.get("/api/plan/hours/day/week?from=2026-10-19")).json()
        assert [day["day"] for day in week["days"]] == [f"2026-10-{n}" for n in range(19, 26)]
        assert week["days"][6]["spans"] == [
            {
                "from": "2026-10-25T07:00:00Z", "to": "2026-10-25T16:00:00Z",
                "calendar": ["09:00", "18:00"], "site": ["09:00", "18:00"], "utc": ["07:00", "16:00"],
            }
        ]  # fmt: skip
        assert [scale["zone"] for scale in week["scales"]] == ["Europe/Riga", "UTC"]
        assert week["days"][0]["reason"] == "week"
        omsk = {"zone": "Asia/Omsk", "week": ["daily 09:00-18:00"], "dated": ["2026-10-20 closed Inventory"]}
        asked = {"kind": "hours", "name": "new", "value": omsk, "start": "2026-10-19"}
        tried = (await eva.post("/api/plan/check", json=asked)).json()["week"]
        assert [scale["zone"] for scale in tried["scales"]] == ["Asia/Omsk", "Europe/Riga", "UTC"]
        assert tried["days"][0]["spans"][0]["site"] == ["06:00", "15:00"]
        assert (tried["days"][1]["reason"], tried["days"][1]["reason_name"]) == ("dated", "Inventory")
        assert (await eva.get("/api/plan/hours/none/week")).status_code == 404
        assert (await eva.get("/api/plan/hours/day/week?from=0001-01-01")).status_code == 400


async def test_a_reload_that_succeeds_counts_at_once_and_names_what_wants_a_restart(centre: Centre) -> None:
    async with centre.signed_in("ada") as ada:
        (await ada.put("/api/plan/people/anna", json={"value": ANNA, "version": 0})).raise_for_status()
        text = centre.path.read_text(encoding="utf-8")
        more = '\n[queues.sales]\nhours = "day"\n'
        centre.path.write_text(text.replace("port = 9\n", "port = 10\n") + more, encoding="utf-8")
        told = (await ada.post("/api/plan/reload")).json()
        assert told == {"version": 1, "changed": ["[queues]"], "needs_restart": ["[pbx.one] port"]}
        assert "sales" in centre.service.choosing.plan.queues
        assert centre.service.choosing.plan.tables.people["anna"].skills == {"billing": 5}, "changes stay"
        assert (await ada.post("/api/plan/reload")).json()["changed"] == []


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("billing >= 2", "biling >= 2", ["line 34: queue support: skill 'biling' is not declared", "did you mean"]),
        ("[queues.support]", "[queues.support", ["mend the line"]),
        ('name = "riga"', 'name = "oslo"', ["restart Meridian for another site"]),
        ("en = ", "eng = ", ["line 23: unknown key 'skills.billing.eng'", "did you mean 'en'"]),
    ],
)
async def test_a_reload_that_fails_keeps_the_old_configuration(
    centre: Centre, before: str, after: str, words: list[str]
) -> None:
    text = centre.path.read_text(encoding="utf-8")
    centre.path.write_text(text.replace(before, after, 1), encoding="utf-8")
    plan, heard = centre.service.choosing.plan, len(centre.told)
    async with centre.signed_in("ada") as ada:
        refused = await ada.post("/api/plan/reload")
        assert refused.status_code == 422 and all(word in refused.json()["message"] for word in words), refused.text
        assert str(centre.path) in refused.json()["message"]
        assert centre.service.choosing.plan is plan and len(centre.told) == heard
        centre.path.write_text(text, encoding="utf-8")
        assert (await ada.post("/api/plan/reload")).json()["needs_restart"] == []


async def test_a_file_that_peoples_changes_dont_fit_is_refused(centre: Centre) -> None:
    async with centre.signed_in("ada") as ada:
        uses = {"value": {**ANNA, "breaks": ["half"]}, "version": 0}
        (await ada.put("/api/plan/people/anna", json=uses)).raise_for_status()
        text = centre.path.read_text(encoding="utf-8")
        without = text.replace('[hours.half]\nzone = "Europe/Riga"\nweek = ["daily 09:00-13:00"]\n', "")
        assert without != text
        centre.path.write_text(without, encoding="utf-8")
        refused = await ada.post("/api/plan/reload")
        assert refused.status_code == 422 and "anna: breaks 'half' is not declared" in refused.json()["message"]


async def test_no_call_notices_a_reload(centre: Centre) -> None:
    """A call that is talked and its card go on, and the lines to the PBX stay as they are, whether it is refused or not."""
    now = utc_now()
    caller, phone = ("PJSIP/trunk-00000001", "1795289549.1"), ("PJSIP/1001-00000002", "1795289549.2")
    for fact in (
        f.ChannelCreated(now, *caller, caller[1], "Ring", "37120000001", "Ieva", "500", "c"),
        f.ChannelCreated(now, *phone, caller[1], "Down", "", "", "", "c"),
        f.DialBegan(now, caller[1], *phone, caller[1], "1001"),
        f.DialRang(now, phone[1]),
        f.BridgeEntered(now, "b", "simple_bridge", "", *phone, caller[1]),
        f.BridgeEntered(now, "b", "simple_bridge", "", *caller, caller[1]),
    ):
        centre.service.engine.step(f.FromPbx("one", fact))
    service, text = centre.service, centre.path.read_text(encoding="utf-8")
    live, link, state = service.trackers["one"].live_call_ids(), service.links["one"], service.links["one"].state
    assert len(live) == 1
    async with centre.signed_in("ada") as ada:
        for words, status in (("[queues.sales]\n", 200), ("[queues.sales\n", 422)):
            centre.path.write_text(text + words, encoding="utf-8")
            assert (await ada.post("/api/plan/reload")).status_code == status
            assert service.trackers["one"].live_call_ids() == live
            assert service.links["one"] is link and link.state is state
        (call_id,) = live
        await service.writer.flush()
        assert (await ada.get(f"/api/cards/{call_id}")).json()["ended_at"] is None
