"""The Hub over real sockets: who gets what, numbering, resuming, and what happens to those who misbehave."""

import asyncio
import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from core.effects import AnnounceAgent, AnnouncePbx
from core.events import CallOfferEnded, CardTyped
from core.model import AgentState, AgentStatus, LegOutcome, PastInteraction, Role
from screenpop.ws import HubSettings
from tests.patience import PATIENT_S
from tests.servers.desk import Desk, now, running_desk
from web.settings import WebSettings


def missed(desk: Desk, call_id: str, agent: str) -> None:
    desk.engine.step(
        CallOfferEnded(at=now(), call_id=call_id, leg_id=f"{agent}-leg", agent=agent, outcome=LegOutcome.NOANSWER)
    )


async def test_the_rung_operator_and_nobody_else_gets_the_pop() -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        await desk.user("boris", "1002")
        anna, boris = await desk.signed_in("anna"), await desk.signed_in("boris")
        async with desk.socket(anna) as hers, desk.socket(boris) as his:
            welcome: Any = await hers.hear()
            assert (welcome["type"], welcome["mode"], welcome["agent"]) == ("welcome", "resync", "1001")
            await his.hear()
            desk.arrive("call-1", name="Ivan")
            desk.ring("call-1", "1001")
            shown: Any = await hers.hear()
            assert (shown["type"], shown["version"], shown["unseen"]) == ("pop", 1, False)
            assert (shown["pop"]["state"], shown["pop"]["queue"]) == ("ringing", "support")
            assert shown["pop"]["number_text"] == "+7 916 123-45-67"
            await his.silence()


async def test_the_same_extension_at_another_site_is_another_phone() -> None:
    async with running_desk() as desk:
        await desk.user("fritz", "1001", site="berlin")
        async with desk.socket(await desk.signed_in("fritz")) as page:
            welcome: Any = await page.hear()
            assert welcome["agent"] == ""
            desk.arrive("call-1")
            desk.ring("call-1", "1001")
            await page.silence()


async def test_history_comes_with_the_pop_or_right_after_it_and_goes_over_the_line_once() -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        desk.history["+79161234567"] = tuple(past(n) for n in range(25))
        async with desk.socket(await desk.signed_in("anna")) as page:
            await page.hear()
            desk.arrive("call-1")
            desk.ring("call-1", "1001")
            loading: Any = await page.hear()
            assert loading["pop"]["history_state"] == "loading"
            ready: Any = await page.hear()
            assert (ready["type"], ready["pop"]["history_state"], len(ready["pop"]["history"])) == ("pop", "ready", 20)
            desk.answer("call-1", "1001")
            talking: Any = await page.hear()
            assert (talking["type"], talking["pop"]["state"]) == ("pop_changed", "talking")
            assert "history" not in talking["pop"]


async def test_resume_brings_exactly_what_was_missed_in_order() -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        anna = await desk.signed_in("anna")
        async with desk.socket(anna) as page:
            welcome: Any = await page.hear()
            desk.arrive("call-0", number="")
            desk.ring("call-0", "1001")
            await page.hear()
            await page.say(type="ack", version=1)
        await settled(desk, sockets=0)
        for n in (1, 2, 3):
            desk.arrive(f"call-{n}", number="")
            desk.ring(f"call-{n}", "1001")
            missed(desk, f"call-{n}", "1001")
        async with desk.socket(anna, epoch=welcome["epoch"], version=1) as page:
            back: Any = await page.hear()
            assert (back["mode"], back["following"], back["version"]) == ("replay", 6, 7)
            frames: list[Any] = await page.hear_pops(6)
            assert [f["version"] for f in frames] == [2, 3, 4, 5, 6, 7]
            last = [f["pop"]["card_id"] for f in frames if f["unseen"]]
            assert last == ["call-1", "call-2", "call-3"]
            await page.silence()


async def test_a_pop_whose_call_is_over_is_marked_for_a_fresh_page_too() -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        desk.arrive("call-1", number="")
        desk.ring("call-1", "1001")
        desk.end("call-1")
        async with desk.socket(await desk.signed_in("anna")) as page:
            assert (await page.hear())["mode"] == "resync"
            shown: Any = await page.hear()
            assert (shown["pop"]["state"], shown["unseen"]) == ("ended", True)


async def test_of_a_long_day_a_fresh_page_gets_the_latest_pops() -> None:
    """Thirty are retained for each operator; older ones are in the cards."""
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        for n in range(40):
            desk.arrive(f"call-{n}")
            desk.ring(f"call-{n}", "1001")
            over = CallOfferEnded(
                at=now(), call_id=f"call-{n}", leg_id="1001-leg", agent="1001", outcome=LegOutcome.CANCELLED
            )
            desk.engine.step(over)
        async with desk.socket(await desk.signed_in("anna")) as page:
            welcome: Any = await page.hear()
            assert welcome["following"] == 30


async def test_a_seen_pop_is_not_marked() -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        async with desk.socket(await desk.signed_in("anna")) as page:
            await page.hear()
            desk.arrive("call-1", number="")
            desk.ring("call-1", "1001")
            await page.hear()
            await page.say(type="ack", version=1)
            await page.say(type="pulse")
            while not desk.hub.delivery.report("moscow"):  # noqa: ASYNC110
                await asyncio.sleep(0.005)
            missed(desk, "call-1", "1001")
            ended: Any = await page.hear()
            assert (ended["pop"]["state"], ended["unseen"]) == ("missed", False)
            figures = desk.hub.delivery.report("moscow")[0]
            assert figures.agent == "1001" and figures.pops == 1 and 0 <= (figures.p50_s or 0) < 5


async def test_a_restarted_server_resyncs_instead_of_replaying() -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        store = desk.account_store
        port = desk.port
        anna = await desk.signed_in("anna")
        cookie = anna.cookies["meridian_session"]
        async with desk.socket(anna) as page:
            old: Any = await page.hear()
            desk.arrive("call-1", number="")
            desk.ring("call-1", "1001")
            await page.hear()
    async with running_desk(port=port, account_store=store) as again:
        client = again.client()
        client.cookies.set("meridian_session", cookie)
        again.arrive("call-2", number="")
        again.ring("call-2", "1001")
        async with again.socket(client, epoch=old["epoch"], version=1) as page:
            new: Any = await page.hear()
            assert new["mode"] == "resync" and new["epoch"] != old["epoch"]
            shown: Any = await page.hear()
            assert shown["pop"]["card_id"] == "call-2"


async def test_put_away_on_one_screen_is_away_on_all_and_stays_away() -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        anna = await desk.signed_in("anna")
        async with desk.socket(anna) as one, desk.socket(anna) as other:
            await one.hear()
            await other.hear()
            desk.arrive("call-1", number="")
            desk.ring("call-1", "1001")
            shown: Any = await one.hear()
            await other.hear()
            await one.say(type="dismiss", pop_id=shown["pop"]["pop_id"])
            await one.silence()  # it still rings: a live pop can't be put away
            missed(desk, "call-1", "1001")
            await one.hear()
            await other.hear()
            await one.say(type="dismiss", pop_id=shown["pop"]["pop_id"])
            assert (await other.hear())["type"] == "pop_removed"
        async with desk.socket(anna) as fresh:
            assert (await fresh.hear())["following"] == 0


async def test_another_person_at_the_extension_doesnt_get_what_is_over() -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        await desk.user("boris", "1001")
        anna = await desk.signed_in("anna")
        async with desk.socket(anna) as page:
            await page.hear()
            desk.arrive("call-1", number="")
            desk.ring("call-1", "1001")
            desk.end("call-1")
            await page.hear_pops(2)
        await anna.delete("/api/session")
        async with desk.socket(await desk.signed_in("boris")) as page:
            assert (await page.hear())["following"] == 0


def status(agent: str, state: AgentState, *, site: str = "moscow") -> AnnounceAgent:
    return AnnounceAgent(status=AgentStatus(agent=agent, site=site, state=state, since=now(), login=f"u{agent}"))


async def test_an_operators_state_goes_to_their_own_screens_at_once_and_to_the_sites_others_merged() -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        await desk.user("boris", "1002")
        await desk.user("fritz", "1001", site="berlin")
        anna, boris = await desk.signed_in("anna"), await desk.signed_in("boris")
        async with (
            desk.socket(anna) as hers,
            desk.socket(boris) as his,
            desk.socket(await desk.signed_in("fritz")) as far,
        ):
            for page in (hers, his, far):
                await page.hear()
            desk.perform(status("1001", AgentState.READY))
            desk.perform(status("1001", AgentState.PAUSED))
            desk.perform(status("1003", AgentState.BUSY))
            desk.perform(status("1001", AgentState.BUSY, site="berlin"))
            own: list[Any] = await hers.hear_pops(2)
            assert [(m["type"], m["agent"]["state"]) for m in own] == [("agent", "ready"), ("agent", "paused")]
            told: Any = await his.hear()
            assert (told["type"], told["whole"]) == ("colleagues", False)
            assert [(s["agent"], s["state"], s["login"]) for s in told["agents"]] == [
                ("1001", "paused", "u1001"),
                ("1003", "busy", "u1003"),
            ]
            await far.silence()
        async with desk.socket(anna) as again:
            first: list[Any] = await again.hear_pops(3)
            assert [m["type"] for m in first] == ["welcome", "agent", "colleagues"]
            assert first[2]["whole"] and len(first[2]["agents"]) == 2


async def test_the_colleague_gets_the_client_and_what_was_typed_and_never_the_one_who_passed_it_on() -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        await desk.user("boris", "1002")
        async with desk.socket(await desk.signed_in("boris")) as his:
            await his.hear()
            desk.arrive("call-1", name="Ivan")
            desk.ring("call-1", "1001")
            desk.answer("call-1", "1001")
            desk.engine.step(CardTyped(at=now(), call_id="call-1", by="Anna", notes="angry, wants a refund"))
            await his.silence()
            desk.ring("call-1", "1002")
            shown: Any = await his.hear()
            assert (shown["pop"]["caller_name"], shown["pop"]["story"]) == ("Ivan", "angry, wants a refund")
            assert shown["pop"]["story_by"] == "Anna"


async def test_lines_are_told_at_once_and_to_newcomers() -> None:
    async with running_desk() as desk:
        await desk.user("eva", None, role=Role.SUPERVISOR)
        eva = await desk.signed_in("eva")
        async with desk.socket(eva) as page:
            assert (await page.hear())["links"] == []
            desk.perform(AnnouncePbx(pbx="main", live=False, at=now(), why="no answer"))
            lost: Any = await page.hear()
            assert (lost["type"], lost["kind"], lost["live"], lost["why"]) == ("link", "pbx", False, "no answer")
        async with desk.socket(eva) as page:
            welcome: Any = await page.hear()
            assert [link["live"] for link in welcome["links"]] == [False]


# --- getting in -------------------------------------------------------------------------------------------------------


async def refused(desk: Desk, cookie: str, *, origin: str | None, protocols: list[str]) -> int:
    headers = {"Cookie": f"meridian_session={cookie}"}
    try:
        async with connect(
            f"ws://127.0.0.1:{desk.port}/api/socket",
            origin=origin,  # type: ignore[arg-type]
            subprotocols=protocols,  # type: ignore[arg-type]
            additional_headers=headers,
            proxy=None,
        ):
            return 101
    except InvalidStatus as error:
        return error.response.status_code


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", "http://127.0.0.1:1", "http://localhost"])
async def test_a_missing_or_foreign_origin_is_refused_before_accept(origin: str | None) -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        anna = await desk.signed_in("anna")
        protocols = ["meridian.v1", f"ticket.{await desk.ticket(anna)}"]
        assert await refused(desk, anna.cookies["meridian_session"], origin=origin, protocols=protocols) == 403


async def test_tickets_are_good_once_and_for_their_session() -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        await desk.user("boris", "1002")
        anna, boris = await desk.signed_in("anna"), await desk.signed_in("boris")
        cookie = anna.cookies["meridian_session"]

        async def attempt(ticket: str) -> int:
            return await refused(desk, cookie, origin=desk.origin, protocols=["meridian.v1", f"ticket.{ticket}"])

        good = await desk.ticket(anna)
        assert await attempt(good) == 101
        assert await attempt(good) == 403
        assert await attempt(await desk.ticket(boris)) == 403
        assert await attempt("invented") == 403
        assert await refused(desk, cookie, origin=desk.origin, protocols=["meridian.v1"]) == 403
        assert any(line[2] == "ticket_refused" for line in desk.audit.lines)


async def test_a_ticket_is_good_for_a_moment() -> None:
    async with running_desk(settings=WebSettings(port=0, ticket_s=0.05, shutdown_s=1)) as desk:
        await desk.user("anna", "1001")
        anna = await desk.signed_in("anna")
        late = await desk.ticket(anna)
        await asyncio.sleep(0.06)
        protocols = ["meridian.v1", f"ticket.{late}"]
        assert await refused(desk, anna.cookies["meridian_session"], origin=desk.origin, protocols=protocols) == 403


async def test_signing_out_closes_the_socket_at_once() -> None:
    async with running_desk(hub_settings=HubSettings(recheck_s=60)) as desk:
        await desk.user("anna", "1001")
        anna = await desk.signed_in("anna")
        async with desk.socket(anna) as page:
            await page.hear()
            await anna.delete("/api/session")
            assert await page.closed() == 4401


async def test_a_session_ended_elsewhere_closes_the_socket() -> None:
    async with running_desk(hub_settings=HubSettings(recheck_s=0.05)) as desk:
        user = await desk.user("anna", "1001")
        async with desk.socket(await desk.signed_in("anna")) as page:
            await page.hear()
            await desk.account_store.end_sessions_of(user.user_id)  # as another process would
            assert await page.closed() == 4401


# --- misbehaving ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "frame, code",
    [
        (b"\x00\x01", 4400),
        ("no json", 4400),
        ("[" * 4000, 4400),
        ('{"type":"ack","version":-1}', 4400),
        ('{"type":"ack","version":true}', 4400),
        ('{"type":"ack","version":1,"more":1}', 4400),
        ('{"type":"open_sesame"}', 4400),
        ('{"type":"dismiss","pop_id":"' + "x" * 5000 + '"}', 4400),
        ("x" * 70_000, 1009),
    ],
)
async def test_odd_frames_close_with_a_code_and_harm_nobody(frame: str | bytes, code: int) -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        anna = await desk.signed_in("anna")
        async with desk.socket(anna) as good, desk.socket(anna) as bad:
            await good.hear()
            await bad.hear()
            await bad.websocket.send(frame)
            assert await bad.closed() == code
            desk.arrive("call-1", number="")
            desk.ring("call-1", "1001")
            assert (await good.hear())["type"] == "pop"


async def test_a_flood_is_cut() -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        async with desk.socket(await desk.signed_in("anna")) as page:
            await page.hear()
            for _ in range(200):
                await page.say(type="pulse")
            assert await page.closed() == 4429


async def test_who_never_resumes_or_falls_silent_is_cut() -> None:
    quick = HubSettings(tick_s=0.02, silent_s=0.1, resume_within_s=0.1)
    async with running_desk(hub_settings=quick) as desk:
        await desk.user("anna", "1001")
        anna = await desk.signed_in("anna")
        async with desk.socket(anna, resume=False) as mute:
            assert await mute.closed() == 4408
        async with desk.socket(anna) as page:
            await page.hear()
            assert await page.closed() == 4408


async def test_a_page_that_stops_reading_is_cut_and_the_others_go_on() -> None:
    settings = WebSettings(port=0, shutdown_s=1, stalled_s=0.5)
    async with running_desk(settings=settings, hub_settings=HubSettings(tick_s=60)) as desk:
        await desk.user("anna", "1001")
        await desk.user("boris", "1002")
        anna, boris = await desk.signed_in("anna"), await desk.signed_in("boris")
        async with desk.socket(boris) as his:
            await his.hear()
            assert desk.server is not None
            others, ticket = desk.server.connections, await desk.ticket(anna)
            stalled = await raw_socket(desk, anna.cookies["meridian_session"], ticket)
            try:
                await settled(desk, sockets=2)
                for n in range(400):  # with histories of 20 KB each, which nobody reads on the other side
                    desk.arrive(f"call-{n}", number="", name="x" * 20_000)
                    desk.ring(f"call-{n}", "1001")
                    if n % 50 == 0:
                        desk.arrive(f"his-{n}", number="")
                        desk.ring(f"his-{n}", "1002")
                        assert (await his.hear(within_s=1))["type"] == "pop"
                    await asyncio.sleep(0)
                await settled(desk, sockets=1)
                figures = (await anna.get("/metrics")).text
                assert 'meridian_sockets_cut_total{why="behind"} 1' in figures
                async with asyncio.timeout(PATIENT_S):  # the connection is dropped, not just given up
                    while desk.server.connections > others:  # noqa: ASYNC110
                        await asyncio.sleep(0.02)
            finally:
                stalled.close()


async def test_too_many_screens_of_one_session_push_out_the_oldest() -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        anna = await desk.signed_in("anna")
        async with desk.socket(anna) as first:
            await first.hear()
            rest = [desk.socket(anna) for _ in range(8)]
            pages = [await one.__aenter__() for one in rest]
            try:
                assert await first.closed() == 4409
            finally:
                for page in pages:
                    await page.websocket.close()


async def test_closing_down_tells_the_pages() -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        async with desk.socket(await desk.signed_in("anna")) as page:
            await page.hear()
            desk.hub.close()
            assert await page.closed() == 1012


async def raw_socket(desk: Desk, cookie: str, ticket: str) -> socket.socket:
    """A page that shook hands and resumed, and never reads again. Its receive buffer is small."""
    loop = asyncio.get_running_loop()
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    await loop.sock_connect(raw, ("127.0.0.1", desk.port))
    lines = (
        "GET /api/socket HTTP/1.1",
        f"Host: 127.0.0.1:{desk.port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Protocol: meridian.v1, ticket.{ticket}",
        f"Origin: {desk.origin}",
        f"Cookie: meridian_session={cookie}",
    )
    await loop.sock_sendall(raw, ("\r\n".join(lines) + "\r\n\r\n").encode())
    assert b" 101 " in await loop.sock_recv(raw, 40)
    payload = b'{"type":"resume","epoch":null,"version":null}'
    await loop.sock_sendall(raw, bytes((0x81, 0x80 | len(payload), 0, 0, 0, 0)) + payload)
    return raw


async def settled(desk: Desk, *, sockets: int) -> None:
    """Wait until so many sockets are open."""
    async with asyncio.timeout(PATIENT_S):
        while desk.hub.open_screens != sockets:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def past(n: int) -> PastInteraction:
    return PastInteraction(
        card_id=f"old-{n}",
        channel="voice",
        direction="inbound",  # type: ignore[arg-type]
        started_at=datetime(2026, 11, 20, tzinfo=UTC) - timedelta(days=n),
        queue="support",
        agent="1001",
        talk_s=60.0,
        disposition="resolved",
        notes=f"note {n}",
        answered=True,
    )
