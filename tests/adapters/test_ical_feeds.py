"""Feeds from files and from a server that misbehaves in every way; kept through restarts; told when they are old."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic, sleep

import pytest

from core.errors import BadConfiguration, Unavailable
from routing.ical_feeds import Feeds
from routing.ical_fetching import fetched
from routing.memory_plan import MemoryPlanStore
from routing.settings import RoutingSettings
from tests.patience import PATIENT_S
from tests.servers.plan_centre import running

TEXT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\nBEGIN:VEVENT\r\nUID:u\r\n"
    "DTSTART;VALUE=DATE:{day}\r\nSUMMARY:{name}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
CHRISTMAS = TEXT.format(day="20261224", name="Christmas Eve")


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Server)
        server.asked.append(self.path)
        match self.path:
            case "/closed.ics":
                self._say(200, server.text.encode())
            case "/moved":
                self.send_response(302)
                self.send_header("Location", "/closed.ics")
                self.end_headers()
            case "/circle":
                self.send_response(302)
                self.send_header("Location", "/circle")
                self.end_headers()
            case "/large":
                self._say(200, b"x" * 1_000_001)
            case "/cut":
                self._say(200, b"x" * 10, length=1_000)
            case "/slow":
                self._drip(b"x", headers=True)
            case "/slow-headers":
                self._drip(b"X-More: y\r\n", headers=False)
            case _:
                self._say(404, b"<html>")

    def _say(self, status: int, body: bytes, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def _drip(self, piece: bytes, *, headers: bool) -> None:
        self.send_response(200)
        if headers:
            self.end_headers()
        self.wfile.flush()
        for _ in range(100):
            try:
                self.wfile.write(piece)
                self.wfile.flush()
            except OSError:
                return
            sleep(0.1)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.text, self.asked = CHRISTMAS, list[str]()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def serving() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as made:
        yield made


def test_a_file_and_a_server(server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.ics").write_bytes(CHRISTMAS.encode())
    assert fetched(str(tmp_path / "a.ics")) == CHRISTMAS
    assert fetched(f"{server.origin}/closed.ics", private=True) == CHRISTMAS
    assert fetched(f"{server.origin}/moved", private=True) == CHRISTMAS


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/nothing", "answers 404"),
        ("/large", "larger than 1000000 bytes"),
        ("/cut", "gave no answer that can be used|breaks off"),
        ("/circle", "more than 3 times"),
    ],
)
def test_what_a_server_may_not_do(server: Server, path: str, words: str) -> None:
    with pytest.raises(Unavailable, match=words):
        fetched(server.origin + path, private=True)


@pytest.mark.parametrize("path", ["/slow", "/slow-headers"])
def test_who_drips_is_cut_off_at_the_deadline(server: Server, path: str) -> None:
    began = monotonic()
    with pytest.raises(Unavailable):
        fetched(server.origin + path, private=True, deadline_s=0.5)
    assert monotonic() - began < 3


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "10.0.0.1", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"]
)
def test_our_own_network_is_refused_and_not_asked(server: Server, host: str) -> None:
    with pytest.raises(Unavailable, match=r"private network: set \[routing\] private_feeds = true"):
        fetched(f"http://{host}:{server.server_address[1]}/closed.ics")
    assert server.asked == []


def test_addresses_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="must not have a password"):
        fetched("https://u:p@calendar.example/x.ics")
    with pytest.raises(Unavailable, match="there is no host"):
        fetched("http://calendar.invalid/x.ics")
    with pytest.raises(Unavailable, match="can't be read"):
        fetched(str(tmp_path / "nothing.ics"))


class Clock:
    now = datetime(2026, 11, 28, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def feeds(store: MemoryPlanStore, clock: Clock) -> Feeds:
    settings = RoutingSettings(private_feeds=True, feed_hours=6)
    return Feeds(store, settings, site="riga", zone="Europe/Riga", now=clock)


async def test_what_was_fetched_is_kept_and_its_age_is_told() -> None:
    store, clock = MemoryPlanStore(), Clock()
    with serving() as server:
        address = f"{server.origin}/closed.ics"
        there = feeds(store, clock)
        assert await there.keep_up([address, address]) is True
        assert await there.keep_up([address]) is False and server.asked == ["/closed.ics"], "not before it is due"
        assert dict(there.known[address].days) == {date(2026, 12, 24): "Christmas Eve"}
        server.text = TEXT.format(day="20261225", name="Christmas")
        clock.now += timedelta(hours=6)
        assert await there.keep_up([address]) is True
        assert list(there.known[address].days) == [date(2026, 12, 25)]
        server.text = "<html>sorry</html>"
        clock.now += timedelta(hours=6)
        assert await there.keep_up([address]) is False, "what was known still counts"
        (standing,) = there.standings([address])
        assert "no iCalendar" in standing.kept.error and standing.stale is False and standing.days == 1
    # The server is gone, and we are started anew.
    clock.now += timedelta(hours=12)
    again = feeds(store, clock)
    await again.load()
    assert list(again.known[address].days) == [date(2026, 12, 25)]
    await again.keep_up([address])
    (standing,) = again.standings([address])
    assert standing.stale is True and "gave no answer" in standing.kept.error
    assert standing.kept.fetched_at == datetime(2026, 11, 28, 6, tzinfo=UTC)
    (never,) = again.standings(["/nothing.ics"])
    assert (never.stale, never.days) == (False, 0)


@pytest.fixture
async def calendar_file(tmp_path: Path) -> AsyncIterator[Path]:
    path = tmp_path / "closed.ics"
    today = datetime.now(UTC) + timedelta(days=1)
    path.write_text(TEXT.format(day=f"{today:%Y%m%d}", name="Moving house"), encoding="utf-8")
    yield path


async def test_a_feed_of_the_configuration_closes_a_queue_and_says_so(calendar_file: Path, tmp_path: Path) -> None:
    async with running(tmp_path, feeds=[str(calendar_file)]) as centre:
        async with asyncio.timeout(PATIENT_S):
            while not centre.service.planning.feeds.known:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            while len(centre.told) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        tomorrow = (datetime.now(UTC) + timedelta(days=1)).replace(hour=10)
        assert centre.service.choosing.plan.queue("support", tomorrow).reason == ("holiday", "Moving house")
        async with centre.signed_in("ada") as ada:
            (feed,) = (await ada.get("/api/plan")).json()["feeds"]
            assert (feed["address"], feed["days"], feed["stale"], feed["error"]) == (str(calendar_file), 1, False, "")
            day = (await ada.get("/api/plan")).json()["hours"]["day"]
            assert (await ada.put("/api/plan/hours/day", json={"value": day, "version": 0})).status_code == 200
            other = {**day, "feeds": ["/etc/passwd"]}
            refused = await ada.put("/api/plan/hours/day", json={"value": other, "version": 1})
            assert refused.status_code == 422 and "name the file in the configuration file" in refused.json()["message"]
            assert refused.json()["place"] == ["hours", "day", "feeds"]
