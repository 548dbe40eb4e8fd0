"""What an operator does with a live call, through HTTP, on a real Asterisk: it happens, the screen and the card tell it right, and
nobody else can do it. And what may not be called: the PBX never hears of it."""

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.e2e.test_desk_on_asterisk import PASSWORD, employ
from tests.rig.instance import Asterisk
from tests.rig.meridian import CardSeen, Meridian
from tests.rig.phone import Phone
from tests.rig.stage import Stage

pytestmark = [pytest.mark.real("asterisk"), pytest.mark.timeout(240)]
do = asyncio.to_thread


@dataclass
class Screen:
    """An operator's browser, without the browser: signed in, with the pops that came."""

    web: httpx.AsyncClient
    pops: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def ask(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
        answer = await self.web.request(method, path, json=body)
        return answer.status_code, answer.json()

    async def act(self, card_id: str, what: str, body: object = None) -> None:
        status, said = await self.ask("POST", f"/api/calls/{card_id}/{what}", body)
        assert status == 202, said

    async def until(self, holds: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        """The first pop of which this holds."""
        for _ in range(200):
            if found := next((pop for pop in self.pops.values() if holds(pop)), None):
                return found
            await asyncio.sleep(0.05)
        raise AssertionError(f"no pop {what}: {list(self.pops.values())}")

    async def read(self, socket: ClientConnection) -> None:
        await socket.send('{"type":"resume","epoch":null,"version":null}')
        async for frame in socket:
            said = json.loads(frame)
            if said["type"] == "tick":
                await socket.send('{"type":"pulse"}')
            elif said["type"] in ("pop", "pop_changed"):
                self.pops[said["pop"]["pop_id"]] = said["pop"]


@contextlib.asynccontextmanager
async def screen(meridian: Meridian, login: str) -> AsyncIterator[Screen]:
    async with httpx.AsyncClient(base_url=meridian.url, headers={"Origin": meridian.url}, timeout=15) as web:
        (await web.post("/api/session", json={"login": login, "password": PASSWORD})).raise_for_status()
        ticket = (await web.post("/api/socket-ticket")).json()["ticket"]
        async with connect(
            f"{meridian.url.replace('http', 'ws')}/api/socket",
            origin=meridian.url,  # type: ignore[arg-type]
            subprotocols=["meridian.v1", f"ticket.{ticket}"],  # type: ignore[list-item]
            additional_headers={"Cookie": f"meridian_session={web.cookies['meridian_session']}"},
            proxy=None,
        ) as socket:
            made = Screen(web)
            reading = asyncio.get_running_loop().create_task(made.read(socket))
            try:
                yield made
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)


@dataclass
class Scene:
    asterisk: Asterisk
    meridian: Meridian
    stage: Stage
    anna: Screen
    boris: Screen
    phone: Phone
    colleague: Phone
    count: int = 0

    async def talk(self) -> tuple[Phone, str]:
        """A client talks with anna: the client's phone, the card's id."""
        self.count += 1
        number = f"7916123{self.count:04}"
        for phone in (self.phone, self.colleague):
            phone.news()
        client, _ = await do(self.stage.call, number, "500", '"Client"', queue="support")
        await do(self.phone.wait, "RINGING")
        await do(self.phone.answer)
        pop = await self.anna.until(lambda p: p["number"] == number and p["state"] == "talking", "talks")
        return client, pop["card_id"]

    async def card(self, card_id: str) -> CardSeen:
        """As stored, once the call is over."""
        for _ in range(100):
            found = next((card for card in await do(self.meridian.cards) if card.card_id == card_id), None)
            if found is not None and found.ended_at:
                return found
            await asyncio.sleep(0.1)
        raise AssertionError(f"card {card_id} is not over")

    async def pop_of(self, card_id: str, holds: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        return await self.anna.until(lambda p: p["card_id"] == card_id and holds(p), what)

    async def ask_colleague(self, card_id: str) -> None:
        """The client hears music, boris's phone rings."""
        await self.anna.act(card_id, "transfer", {"kind": "attended", "to": {"agent": "1002"}})
        await do(self.phone.speak, 60)  # Asterisk times the keys by the operator's sound; SIPp's phones are silent
        await do(self.colleague.wait, "RINGING")


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    with Asterisk() as asterisk:
        meridian = Meridian(asterisk, tmp_path)
        text = meridian.config.read_text()
        more = 'call_prefix = "9"\nqueue_extensions = { sales = "501" }\nparking_s = 5'
        ready_at_once = '[desk.queues.support]\nwrap_up = "none"\n[desk.queues.sales]\nwrap_up = "none"\n'
        meridian.config.write_text(text.replace('call_prefix = "9"', more) + ready_at_once)
        with meridian:
            for login, extension in (("anna", "1001"), ("boris", "1002")):
                await do(employ, meridian, login, extension)
            stage = await do(Stage, asterisk.ports.ami, asterisk.ports.sip)
            try:
                await do(stage.member, 1001)
                phone, colleague = await do(stage.agents, 1001, 1002)
                async with screen(meridian, "anna") as anna, screen(meridian, "boris") as boris:
                    yield Scene(asterisk, meridian, stage, anna, boris, phone, colleague)
            finally:
                await do(stage.close)


async def test_a_client_is_passed_on_at_once(scene: Scene) -> None:
    # to a colleague
    client, card_id = await scene.talk()
    await scene.anna.act(card_id, "transfer", {"kind": "blind", "to": {"agent": "1002"}})
    await do(scene.colleague.wait, "RINGING")
    await do(scene.colleague.answer)
    await scene.boris.until(lambda p: p["card_id"] == card_id and p["state"] == "talking", "of the colleague")
    await do(client.hangup)
    (step,) = (await scene.card(card_id)).transfers
    assert (step["kind"], step["from_agent"], step["to"], step["answered"]) == ("blind", "1001", "1002", True)

    # to a queue, as the configuration says it is dialled
    await do(scene.stage.member, 1002, "sales")
    client, card_id = await scene.talk()
    status, said = await scene.anna.ask(
        "POST", f"/api/calls/{card_id}/transfer", {"kind": "blind", "to": {"queue": "billing"}}
    )
    assert (status, said["code"]) == (400, "no_such_queue")
    await scene.anna.act(card_id, "transfer", {"kind": "blind", "to": {"queue": "sales"}})
    await do(scene.colleague.wait, "RINGING")
    await do(scene.colleague.answer)
    await scene.boris.until(lambda p: p["card_id"] == card_id and p["state"] == "talking", "of the queue")
    await do(client.hangup)
    card = await scene.card(card_id)
    assert (card.queues, card.transfers[0]["to"]) == (("support", "sales"), "501")

    # to an outside number, and not to one that may not be called
    far = await do(scene.stage.phones.trunk)
    client, card_id = await scene.talk()
    for number in ("+7 809 505 12 34", "+49 30 123456", "112"):
        refused = await scene.anna.ask(
            "POST", f"/api/calls/{card_id}/transfer", {"kind": "blind", "to": {"number": number}}
        )
        assert (refused[0], refused[1]["code"]) == (403, "number_not_allowed")
    await scene.anna.act(card_id, "transfer", {"kind": "blind", "to": {"number": "8 (903) 555-00-77"}})
    await do(far.wait, "RINGING")
    assert "79035550077" in far.last
    await do(far.answer)
    await do(client.hangup)
    assert (await scene.card(card_id)).transfers[0]["to"] == "979035550077"


async def test_a_colleague_is_asked_first_and_takes_the_client_over(scene: Scene) -> None:
    client, card_id = await scene.talk()
    status, said = await scene.anna.ask("POST", f"/api/calls/{card_id}/transfer/complete")
    assert (status, said["code"]) == (409, "not_asking")  # it would have hung up on the client
    await scene.ask_colleague(card_id)
    await do(scene.colleague.answer)
    await asyncio.sleep(0.5)
    await scene.anna.act(card_id, "transfer/complete")
    await do(scene.phone.wait, "ENDED")
    await asyncio.sleep(0.5)
    await do(client.hangup)
    await do(scene.colleague.wait, "ENDED")
    card = await scene.card(card_id)
    (step,) = card.transfers
    assert (step["kind"], step["to"], step["answered"], card.ended_by) == ("attended", "1002", True, "caller")


async def test_an_asked_colleague_is_let_go_and_the_client_taken_back(scene: Scene) -> None:
    client, card_id = await scene.talk()
    await scene.ask_colleague(card_id)
    await do(scene.colleague.answer)
    await asyncio.sleep(0.3)
    await scene.anna.act(card_id, "transfer/cancel")
    await do(scene.colleague.wait, "ENDED")
    await scene.pop_of(card_id, lambda p: p["state"] == "talking", "talks again")
    # And one who declines leaves the client where they were.
    await asyncio.sleep(2)
    await scene.ask_colleague(card_id)
    await do(scene.colleague.reject)
    await asyncio.sleep(1.5)
    for act in ("complete", "cancel"):
        assert (await scene.anna.ask("POST", f"/api/calls/{card_id}/transfer/{act}"))[0] == 409
    await do(client.hangup)
    card = await scene.card(card_id)
    assert card.transfers == () and card.ended_by == "caller"


async def test_a_client_is_parked_fetched_and_comes_back(scene: Scene) -> None:
    client, card_id = await scene.talk()
    await scene.anna.act(card_id, "park")
    slot = (await scene.pop_of(card_id, lambda p: bool(p["parked"]), "tells the slot"))["parked"]
    assert slot == "701"
    fetching, _ = await do(scene.stage.call, "1002", slot)
    await do(fetching.wait, "ANSWERED")
    await scene.boris.until(lambda p: p["card_id"] == card_id and p["state"] == "talking", "of who fetched them")
    await scene.pop_of(card_id, lambda p: not p["parked"], "no longer parked")
    await do(client.hangup)
    assert (await scene.card(card_id)).answered_by == "1001"

    client, card_id = await scene.talk()
    await scene.anna.act(card_id, "park")
    await do(scene.phone.wait, "RINGING")  # nobody came; back to who parked, not to the client's own trunk
    await do(scene.phone.answer)
    await scene.pop_of(card_id, lambda p: p["state"] == "talking" and not p["parked"], "is back")
    await do(client.hangup)
    await scene.card(card_id)


async def test_a_talk_is_recorded_paused_and_a_microphone_is_off(scene: Scene) -> None:
    client, card_id = await scene.talk()
    assert (await scene.anna.ask("POST", f"/api/calls/{card_id}/recording", {"action": "pause"}))[0] == 409
    for action, shown in (("start", "on"), ("pause", "paused"), ("resume", "on"), ("stop", "")):
        await scene.anna.act(card_id, "recording", {"action": action})
        await scene.pop_of(card_id, lambda p, shown=shown: p["recording"] == shown, f"recording {shown!r}")  # type: ignore[misc]
    assert list(scene.asterisk.directory.rglob(f"{card_id}-*.wav"))
    for muted in (True, False):
        await scene.anna.act(card_id, "mute", {"muted": muted})
        await scene.pop_of(card_id, lambda p, muted=muted: p["muted"] is muted, f"muted {muted}")  # type: ignore[misc]
    # One that the dialplan (here: somebody else) began is seen, and can be paused.
    channel = next(m for m in await do(scene.stage.ami.listing, "CoreShowChannels") if "trunk" in m.get("Channel", ""))
    await do(scene.stage.ami.action, "MixMonitor", Channel=channel["Channel"], File="theirs.wav")
    await scene.pop_of(card_id, lambda p: p["recording"] == "on", "recorded by others")
    mark = scene.stage.ami.mark()
    await scene.anna.act(card_id, "recording", {"action": "pause"})
    await do(lambda: scene.stage.ami.event("MixMonitorMute", since=mark, State="1"))
    await do(client.hangup)
    await scene.card(card_id)


ACTS: tuple[tuple[str, str, object], ...] = (
    ("DELETE", "", None),
    ("POST", "/transfer", {"kind": "blind", "to": {"agent": "1003"}}),
    ("POST", "/transfer", {"kind": "attended", "to": {"agent": "1003"}}),
    ("POST", "/transfer/complete", None),
    ("POST", "/transfer/cancel", None),
    ("POST", "/park", None),
    ("POST", "/recording", {"action": "start"}),
    ("POST", "/recording", {"action": "pause"}),
    ("POST", "/mute", {"muted": True}),
)


async def test_whoever_has_no_part_in_a_call_can_do_nothing_to_it(scene: Scene) -> None:
    client, card_id = await scene.talk()
    mark = scene.stage.ami.mark()
    for method, act, body in ACTS:
        status, said = await scene.boris.ask(method, f"/api/calls/{card_id}{act}", body)
        assert (status, said["code"]) == (404, "not_found"), act
    await asyncio.sleep(0.5)
    happened = {m["Event"] for m in scene.stage.ami.events(mark)} & {"Hangup", "BlindTransfer", "ParkedCall"}
    assert not happened and not {m["Event"] for m in scene.stage.ami.events(mark)} & {"MixMonitorStart", "Hold"}
    # Two clicks at once do it once, and then it is over for everybody.
    both = await asyncio.gather(*(scene.anna.ask("DELETE", f"/api/calls/{card_id}") for _ in range(2)))
    assert [status for status, _ in both] == [202, 202]
    await do(client.wait, "ENDED")
    await asyncio.sleep(2)
    for method, act, body in ACTS:
        assert (await scene.anna.ask(method, f"/api/calls/{card_id}{act}", body))[0] == 404, act


async def test_what_may_not_be_called_the_pbx_never_hears_of(scene: Scene) -> None:
    mark = scene.stage.ami.mark()
    premium, foreign, emergency, odd = "+7 809 505 12 34", "+49 30 123456", "112", "123"
    for number in (premium, "+979 123 456 789", foreign, "8 10 49 30 123456", emergency, "911", odd):
        status, said = await scene.anna.ask("POST", "/api/calls", {"number": number})
        assert (status, said["code"]) == (403, "number_not_allowed"), number
    await asyncio.sleep(0.5)
    assert not [m for m in scene.stage.ami.events(mark) if m["Event"] in ("Newchannel", "DialBegin")]

    # Somebody signs in with another "phone" than an operator's: the trunk itself.
    await do(employ, scene.meridian, "mallory", "trunk")
    async with screen(scene.meridian, "mallory") as mallory:
        status, said = await mallory.ask("POST", "/api/calls", {"number": "+7 903 555 00 01"})
        assert (status, said["code"]) == (403, "not_a_phone")
    # A number of anybody else's phone can't even be said.
    status, _ = await scene.anna.ask("POST", "/api/calls", {"number": "+79035550001", "agent": "1002"})
    assert status == 422
    assert not [m for m in scene.stage.ami.events(mark) if m["Event"] in ("Newchannel", "DialBegin")]

    # A hundred calls in a minute are six; what comes to the PBX is the digits, in the context.
    statuses = [(await scene.anna.ask("POST", "/api/calls", {"number": f"+7 903 555 {n:04}"}))[0] for n in range(100)]
    assert (statuses.count(202), statuses.count(403)) == (6, 94)
    await asyncio.sleep(1)
    made = [m for m in scene.stage.ami.events(mark) if m["Event"] == "Newchannel"]
    assert len(made) == 6 and all(m["Channel"].startswith("PJSIP/1001-") for m in made)
    lines = audit_lines(scene.meridian)
    assert sum(line == ("did", "call") for line in lines) == 7 + 1 + 100
    assert sum(line[0] == "refused" for line in lines) == 7 + 1 + 94

    metrics = (await scene.anna.web.get("/metrics")).text
    assert 'meridian_call_acts_refused_total{why="too_many_calls"} 94' in metrics

    # A restart gives nobody a new day.
    await do(scene.meridian.stop)
    text = scene.meridian.config.read_text()
    scene.meridian.config.write_text(text + "\n[dialling]\nper_user_minute = 100\nper_user_day = 7\n")
    await do(scene.meridian.start)
    async with screen(scene.meridian, "anna") as anna:
        answers = [await anna.ask("POST", "/api/calls", {"number": f"+7 903 777 {n:04}"}) for n in range(3)]
        assert [status for status, _ in answers] == [202, 403, 403]
        assert "24 hours" in answers[-1][1]["message"]


def audit_lines(meridian: Meridian) -> list[tuple[str, str]]:
    with contextlib.closing(sqlite3.connect(meridian.folder / "meridian.db")) as database:
        rows = database.execute("select action, facts from audit where action in ('did', 'refused')").fetchall()
    return [(action, json.loads(facts).get("what", "")) for action, facts in rows]
