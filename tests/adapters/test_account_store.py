"""One contract for users and sessions, in memory and in SQL."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.errors import Conflict
from core.model import Role
from tests.servers.database import patient
from web.memory import MemoryAccounts
from web.people import AccountStore, Session, User
from web.sql import SqlAccounts

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ANNA = User(
    user_id="u-anna",
    login="anna",
    name="Анна O'Brien",
    password_hash="$argon2id$x",
    role=Role.OPERATOR,
    site="moscow",
    extension="1001",
    language="ru",
)
BORIS = replace(ANNA, user_id="u-boris", login="boris", role=Role.SUPERVISOR, extension=None)


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.real("postgresql"))])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AccountStore]:
    if request.param == "memory":
        yield MemoryAccounts()
        return
    postgres = request.param == "postgresql"
    url = request.getfixturevalue("postgres").url() if postgres else f"sqlite:///{tmp_path}/meridian.db"
    database = patient(url)
    await database.migrate()
    yield SqlAccounts(database)
    await database.close()


def session(number: int, user: User = ANNA, **changes: object) -> Session:
    plain = Session(
        session_id=f"s-{number}",
        token_hash=f"hash-{number}",
        user_id=user.user_id,
        site="moscow",
        extension="1001",
        address="10.0.0.1",
        created_at=NOON,
        seen_at=NOON,
        expires_at=NOON + timedelta(hours=12),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


async def test_users_are_kept_whole_and_replaced_by_id(store: AccountStore) -> None:
    await store.save_user(ANNA)
    await store.save_user(BORIS)
    assert await store.user_by_login("anna") == ANNA
    assert await store.user_by_login("nobody") is None
    disabled = replace(ANNA, disabled=True, name="Anna")
    await store.save_user(disabled)
    assert await store.users() == [disabled, BORIS]


async def test_a_login_belongs_to_one(store: AccountStore) -> None:
    await store.save_user(ANNA)
    with pytest.raises(Conflict):
        await store.save_user(replace(BORIS, login="anna"))
    assert await store.users() == [ANNA]


async def test_sessions_are_found_by_hash_and_by_extension(store: AccountStore) -> None:
    await store.save_user(ANNA)
    await store.open_session(session(1))
    await store.open_session(session(2, extension=None))
    found = await store.session("hash-1")
    assert found is not None and found[0] == session(1)
    assert (found[1].login, found[1].role, found[1].disabled) == ("anna", Role.OPERATOR, False)
    assert await store.session("hash-9") is None
    assert [s.session_id for s, _ in await store.sessions_at("moscow", "1001")] == ["s-1"]
    assert await store.sessions_at("berlin", "1001") == []


async def test_alive_means_not_ended_not_expired_not_disabled(store: AccountStore) -> None:
    await store.save_user(ANNA)
    await store.save_user(BORIS)
    await store.open_session(session(1))
    await store.open_session(session(2, expires_at=NOON))
    await store.open_session(session(3, BORIS))
    await store.open_session(session(4))
    await store.end_session("s-4")
    await store.save_user(replace(BORIS, disabled=True))
    assert await store.alive(["s-1", "s-2", "s-3", "s-4", "s-5"], NOON) == {"s-1"}
    assert await store.alive([], NOON) == frozenset()


async def test_touch_and_drop(store: AccountStore) -> None:
    await store.save_user(ANNA)
    await store.open_session(session(1))
    await store.open_session(session(2, expires_at=NOON))
    later = NOON + timedelta(minutes=5)
    await store.touch(["s-1"], later)
    await store.touch([], later)
    found = await store.session("hash-1")
    assert found is not None and found[0].seen_at == later
    assert await store.drop_expired(NOON) == 1
    assert await store.session("hash-2") is None


async def test_all_sessions_of_a_person_end_together(store: AccountStore) -> None:
    await store.save_user(ANNA)
    await store.save_user(BORIS)
    for number, user in ((1, ANNA), (2, ANNA), (3, BORIS)):
        await store.open_session(session(number, user))
    assert sorted(await store.end_sessions_of("u-anna")) == ["s-1", "s-2"]
    assert await store.alive(["s-1", "s-2", "s-3"], NOON) == {"s-3"}


async def test_everybody_at_an_extension_of_a_site(store: AccountStore) -> None:
    """The earliest first; not who sits at none, at another site, is disabled or whose time is up."""
    await store.save_user(ANNA)
    await store.save_user(BORIS)
    await store.save_user(replace(ANNA, user_id="u-gone", login="gone", disabled=True))
    await store.open_session(session(2, BORIS, created_at=NOON + timedelta(minutes=1), extension="1002"))
    await store.open_session(session(1))
    await store.open_session(session(3, extension=None))
    await store.open_session(session(4, site="omsk"))
    await store.open_session(session(5, expires_at=NOON))
    await store.open_session(session(6, replace(ANNA, user_id="u-gone")))
    found = await store.sessions_of_site("moscow", NOON)
    assert [(s.session_id, user.login) for s, user in found] == [("s-1", "anna"), ("s-2", "boris")]
