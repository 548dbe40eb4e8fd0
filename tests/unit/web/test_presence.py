"""Who sits where: told as it happens, or seen at the next look."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher

from core.errors import Unavailable
from core.events import AgentBack, AgentGone, AgentSignedIn, AgentSignedOut, Event
from core.model import Role
from tests.patience import PATIENT_S
from web.accounts import Accounts
from web.memory import MemoryAccounts, MemoryAuditTrail
from web.passwords import Passwords
from web.people import SignedIn
from web.presence import Presence
from web.settings import WebSettings

PASSWORD = "correct horse"


class Scene:
    def __init__(self) -> None:
        self.at = datetime(2026, 11, 21, 9, tzinfo=UTC)
        self.store = MemoryAccounts()
        self.accounts = self.door()
        self.pages: set[str] = set()
        self.told: list[str] = []
        self.presence = self.watch(self.accounts)

    def door(self) -> Accounts:
        """Of this process, or of another one on the same store."""
        hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
        return Accounts(
            store=self.store,
            audit=MemoryAuditTrail(),
            passwords=Passwords(hasher=hasher),
            settings=WebSettings(),
            now=lambda: self.at,
            monotonic=self.now_s,
        )

    def now_s(self) -> float:
        return self.at.timestamp()

    def watch(self, accounts: Accounts) -> Presence:
        return Presence(
            accounts,
            site="riga",
            connected=lambda: frozenset(self.pages),
            tell=self.hear,
            now=lambda: self.at,
        )

    def hear(self, event: Event) -> None:
        match event:
            case AgentSignedIn():
                self.told.append(f"{event.login} in at {event.agent}")
            case AgentSignedOut():
                self.told.append(f"out at {event.agent}")
            case AgentBack():
                self.told.append(f"{event.agent} back")
            case AgentGone():
                self.told.append(f"{event.agent} gone")

    async def sign_in(self, login: str, extension: str | None, *, door: Accounts | None = None) -> SignedIn:
        _, who = await (door or self.accounts).sign_in(
            login=login, password=PASSWORD, extension=extension, address="10.0.0.1"
        )
        return who


@pytest.fixture
async def scene() -> Scene:
    scene = Scene()
    people = (("anna", "riga"), ("boris", "riga"), ("olga", "omsk"))
    for login, site in people:
        await scene.accounts.add_user(login=login, name=login, password=PASSWORD, role=Role.OPERATOR, site=site)
    await scene.accounts.add_user(login="chief", name="chief", password=PASSWORD, role=Role.ADMIN, site="riga")
    return scene


async def test_signing_in_and_out_is_told_at_once(scene: Scene) -> None:
    anna = await scene.sign_in("anna", "1001")
    await scene.accounts.sign_out(anna)
    assert scene.told == ["anna in at 1001", "out at 1001"]


async def test_other_sites_and_people_without_a_phone_are_nobody_here(scene: Scene) -> None:
    await scene.sign_in("olga", "1001")
    await scene.sign_in("chief", None)
    await scene.presence.look_at_sessions()
    assert scene.told == []


async def test_sessions_of_another_process_are_seen_at_the_next_look(scene: Scene) -> None:
    other = scene.door()
    anna = await scene.sign_in("anna", "1001", door=other)
    assert scene.told == []
    await scene.presence.look_at_sessions()
    await scene.presence.look_at_sessions()
    await other.sign_out(anna)
    await scene.presence.look_at_sessions()
    assert scene.told == ["anna in at 1001", "out at 1001"]


async def test_a_session_whose_time_is_up_is_over(scene: Scene) -> None:
    await scene.sign_in("anna", "1001")
    scene.at += timedelta(hours=13)
    await scene.presence.look_at_sessions()
    assert scene.told == ["anna in at 1001", "out at 1001"]


async def test_what_changes_while_we_ask_is_left_to_the_next_look(scene: Scene) -> None:
    """The store's answer is of before the sign-out and the sign-in that happen while it is on its way."""
    anna = await scene.sign_in("anna", "1001")
    plain = scene.store.sessions_of_site

    async def slow(site: str, at: datetime) -> list[object]:
        stale = await plain(site, at)
        await scene.accounts.sign_out(anna)
        await scene.sign_in("boris", "1002")
        return stale  # type: ignore[return-value]

    scene.store.sessions_of_site = slow  # type: ignore[method-assign, assignment]
    await scene.presence.look_at_sessions()
    assert scene.told == ["anna in at 1001", "out at 1001", "boris in at 1002"]


async def test_who_takes_over_an_extension_is_told_and_that_the_other_one_is_out(scene: Scene) -> None:
    await scene.sign_in("anna", "1001")
    scene.at += timedelta(minutes=11)  # idle, no page: the extension may be taken
    boris = await scene.sign_in("boris", "1001")
    await scene.accounts.sign_out(boris)
    await scene.presence.look_at_sessions()
    assert scene.told == ["anna in at 1001", "boris in at 1001", "out at 1001", "out at 1001"]


async def test_who_is_there_as_we_start(scene: Scene) -> None:
    await scene.sign_in("boris", "1001")
    scene.at += timedelta(seconds=1)
    await scene.sign_in("anna", "1002")
    anew = scene.watch(scene.door())
    scene.told.clear()
    assert [(who.login, who.agent) for who in await anew.begin()] == [("boris", "1001"), ("anna", "1002")]
    await anew.look_at_sessions()
    assert scene.told == []


async def test_pages_come_and_go(scene: Scene) -> None:
    scene.pages = {"1001", "1009"}  # 1009: nobody who is signed in here
    scene.presence.look_at_pages()
    await scene.sign_in("anna", "1001")
    scene.presence.look_at_pages()
    scene.presence.look_at_pages()
    scene.pages = set()
    scene.presence.look_at_pages()
    assert scene.told == ["anna in at 1001", "1001 back", "1001 gone"]


async def test_who_signs_in_anew_within_one_look_has_a_page_again(scene: Scene) -> None:
    """Out and in again faster than anybody looks: whoever heard of the sign-out must hear of the page too."""
    anna = await scene.sign_in("anna", "1001")
    scene.pages = {"1001"}
    scene.presence.look_at_pages()
    await scene.accounts.sign_out(anna)
    await scene.sign_in("anna", "1001")
    scene.told.clear()
    scene.presence.look_at_pages()
    assert scene.told == ["1001 back"]


async def test_a_database_that_is_away_signs_nobody_out(scene: Scene) -> None:
    await scene.sign_in("anna", "1001")

    async def away(_site: str, _at: datetime) -> list[object]:
        raise Unavailable("away")

    scene.store.sessions_of_site = away  # type: ignore[method-assign, assignment]
    with pytest.raises(Unavailable):
        await scene.presence.look_at_sessions()
    assert scene.told == ["anna in at 1001"]


async def test_the_task_goes_on_while_the_database_is_away(scene: Scene) -> None:
    plain, asked = scene.store.sessions_of_site, asyncio.Event()

    async def away(_site: str, _at: datetime) -> list[object]:
        asked.set()
        raise Unavailable("away")

    scene.store.sessions_of_site = away  # type: ignore[method-assign, assignment]
    task = asyncio.create_task(scene.presence.run(pages_every_s=0.005, sessions_every=1))
    await asyncio.wait_for(asked.wait(), PATIENT_S)
    scene.store.sessions_of_site = plain  # type: ignore[method-assign]
    await scene.sign_in("anna", "1001", door=scene.door())
    async with asyncio.timeout(PATIENT_S):
        while not scene.told:  # noqa: ASYNC110  # nothing to wait for
            await asyncio.sleep(0.005)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_the_task_looks_at_both(scene: Scene) -> None:
    await scene.sign_in("anna", "1001", door=scene.door())
    scene.pages = {"1001"}
    task = asyncio.create_task(scene.presence.run(pages_every_s=0.005, sessions_every=2))
    async with asyncio.timeout(PATIENT_S):
        while len(scene.told) < 2:  # noqa: ASYNC110  # nothing to wait for
            await asyncio.sleep(0.005)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert scene.told == ["anna in at 1001", "1001 back"]
