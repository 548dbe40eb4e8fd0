"""`meridian user` against a real SQLite file."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from commands.cli import main
from core.model import Role
from runtime.database import Database
from runtime.schema import audit
from tests.cards import NOON
from web.passwords import Passwords
from web.people import Session, User
from web.sql import SqlAccounts

Meridian = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "m.toml").write_text(
        '[site]\nname = "riga"\ntimezone = "Europe/Riga"\nregion = "LV"\n'
        '[pbx.one]\nhost = "127.0.0.1"\nlistener = {user = "u", secret = "s"}\n'
        f'[database]\nurl = "sqlite:///{tmp_path}/m.db"\nfolder = "{tmp_path}"\n'
    )
    return tmp_path


@pytest.fixture
def meridian(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Meridian:
    """`meridian user ...` with this password in the environment; gives exit code, output and complaint."""

    def run(*argv: str, password: str | None = "correct horse") -> tuple[int, str, str]:
        if password is None:
            monkeypatch.delenv("MERIDIAN_PASSWORD", raising=False)
        else:
            monkeypatch.setenv("MERIDIAN_PASSWORD", password)
        code = main(["user", "--config", str(folder / "m.toml"), *argv])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def database(folder: Path) -> Database:
    return Database(f"sqlite:///{folder}/m.db", readers=1, exclusive=False)


def user(folder: Path, login: str) -> User | None:
    async def look() -> User | None:
        store = database(folder)
        try:
            return await SqlAccounts(store).user_by_login(login)
        finally:
            await store.close()

    return asyncio.run(look())


def audited(folder: Path) -> list[tuple[str, str, dict[str, str]]]:
    async def look() -> list[tuple[str, str, dict[str, str]]]:
        store = database(folder)
        try:
            rows = await store.read(lambda c: c.execute(audit.select().order_by(audit.c.at)).mappings().all())
            return [(row["actor"], row["action"], row["facts"]) for row in rows]
        finally:
            await store.close()

    return asyncio.run(look())


def fits(password: str, hashed: str) -> bool:
    async def check() -> bool:
        passwords = Passwords(threads=1)
        try:
            return await passwords.fits(password, hashed)
        finally:
            passwords.close()

    return asyncio.run(check())


def test_at_first_nobody_may_sign_in(meridian: Meridian) -> None:
    assert meridian("list") == (0, "Nobody may sign in yet: meridian user add NAME --role admin\n", "")


def test_a_new_person_is_whole(meridian: Meridian, folder: Path) -> None:
    added = meridian("add", "Anna", "--name", "Анна", "--role", "supervisor", "--extension", "1001", "--language", "ru")
    assert added == (0, "anna may sign in.\n", "")
    anna = user(folder, "anna")
    assert anna is not None
    assert (anna.name, anna.role, anna.extension, anna.language, anna.site, anna.disabled) == (
        "Анна", Role.SUPERVISOR, "1001", "ru", "riga", False,
    )  # fmt: skip
    assert "correct horse" not in anna.password_hash and fits("correct horse", anna.password_hash)
    code, out, _ = meridian("list")
    assert code == 0 and out.split() == ["anna", "supervisor", "1001", "may", "sign", "in", "Анна"]
    assert audited(folder) == [("command line", "user_added", {"login": "anna", "role": "supervisor"})]


def test_the_least_that_makes_a_person(meridian: Meridian, folder: Path) -> None:
    assert meridian("add", "boris")[0] == 0
    boris = user(folder, "boris")
    assert boris is not None and (boris.name, boris.role, boris.extension) == ("boris", Role.OPERATOR, None)


def test_nobody_is_added_twice_whatever_the_case(meridian: Meridian) -> None:
    meridian("add", "anna")
    code, _, complaint = meridian("add", "ANNA")
    assert code == 1 and "there is a user anna already" in complaint and "user password anna" in complaint


@pytest.mark.parametrize("password", ["", "short", "1234567"])
def test_a_password_that_is_too_short_changes_nothing(password: str, meridian: Meridian, folder: Path) -> None:
    code, _, complaint = meridian("add", "anna", password=password)
    assert code == 1 and "8 characters or more; nothing was changed" in complaint
    assert user(folder, "anna") is None and audited(folder) == []


def test_without_a_terminal_the_password_must_be_in_the_environment(meridian: Meridian) -> None:
    code, _, complaint = meridian("add", "anna", password=None)
    assert code == 1 and "set MERIDIAN_PASSWORD" in complaint


def sign_in(folder: Path, login: str) -> None:
    async def open_one() -> None:
        store = database(folder)
        try:
            accounts = SqlAccounts(store)
            known = await accounts.user_by_login(login)
            assert known is not None
            later = NOON + timedelta(days=900)
            await accounts.open_session(
                Session(
                    session_id="s1",
                    token_hash="t",
                    user_id=known.user_id,
                    site=known.site,
                    extension=None,
                    address="127.0.0.1",
                    created_at=NOON,
                    seen_at=NOON,
                    expires_at=later,
                )
            )
        finally:
            await store.close()

    asyncio.run(open_one())


def signed_in(folder: Path) -> bool:
    async def look() -> bool:
        store = database(folder)
        try:
            return await SqlAccounts(store).session("t") is not None
        finally:
            await store.close()

    return asyncio.run(look())


def test_a_new_password_signs_out_everywhere(meridian: Meridian, folder: Path) -> None:
    meridian("add", "anna")
    sign_in(folder, "anna")
    assert signed_in(folder)
    code, out, _ = meridian("password", "Anna", password="another horse")
    assert code == 0 and "signed out everywhere" in out and not signed_in(folder)
    anna = user(folder, "anna")
    assert anna is not None and fits("another horse", anna.password_hash)
    assert not fits("correct horse", anna.password_hash)


def test_disabled_and_enabled_again(meridian: Meridian, folder: Path) -> None:
    meridian("add", "anna")
    sign_in(folder, "anna")
    assert meridian("disable", "anna")[0] == 0
    anna = user(folder, "anna")
    assert anna is not None and anna.disabled and not signed_in(folder)
    assert "disabled" in meridian("list")[1]
    assert meridian("enable", "anna")[0] == 0
    anna = user(folder, "anna")
    assert anna is not None and not anna.disabled
    assert [action for _, action, _ in audited(folder)] == ["user_added", "user_disabled", "user_enabled"]


@pytest.mark.parametrize("act", ["password", "disable", "enable"])
def test_who_is_unknown_is_said_so(act: str, meridian: Meridian) -> None:
    code, _, complaint = meridian(act, "nobody")
    assert code == 1 and "there is no user nobody" in complaint and "meridian user list" in complaint


@pytest.mark.parametrize("login", ["", " ", "a b", "a\tb", "a\x00b", "a\u202eb", "x" * 101])
def test_a_login_that_is_none_is_refused(login: str, meridian: Meridian, folder: Path) -> None:
    code, _, complaint = meridian("add", login)
    assert code == 1 and complaint.startswith("meridian: ") and len(complaint.splitlines()) == 1
    assert "1 to 100 characters and no spaces" in complaint and meridian("list")[1].startswith("Nobody")


def test_the_configuration_may_stand_behind_the_act(
    folder: Path, meridian: Meridian, capsys: pytest.CaptureFixture[str]
) -> None:
    meridian("add", "anna")
    assert main(["user", "list", "--config", str(folder / "m.toml")]) == 0
    assert "anna" in capsys.readouterr().out


def test_beside_a_running_meridian(meridian: Meridian, folder: Path) -> None:
    """Another process has the database open for writing."""

    async def beside() -> tuple[int, str, str]:
        running = Database(f"sqlite:///{folder}/m.db", readers=1)
        try:
            await running.migrate()
            return await asyncio.to_thread(meridian, "add", "anna")
        finally:
            await running.close()

    assert asyncio.run(beside())[0] == 0
    assert user(folder, "anna") is not None
