"""`meridian user`: who may sign in. Works beside a running Meridian; a person who is disabled is signed out within seconds."""

import asyncio
import getpass
import os
import secrets
import sys
from argparse import SUPPRESS, ArgumentParser, Namespace
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import configuration
from callcards.ports import AuditLine
from callcards.sql import SqlCardStore
from core.errors import Conflict, NotFound, Rejected
from core.ids import fresh_id
from core.model import Role
from runtime.database import Database
from web.accounts import tidy_login
from web.passwords import Passwords
from web.people import User
from web.sql import SqlAccounts

_SHORTEST = 8
_LONGEST_LOGIN = 100  # what the page of the sign-in takes


def add_arguments(parser: ArgumentParser) -> None:
    # Before the act or behind it, as people type it.
    config = ArgumentParser(add_help=False)
    config.add_argument("--config", type=Path, default=SUPPRESS, help="the configuration (default: meridian.toml here)")
    parser.add_argument("--config", type=Path, default=configuration.DEFAULT_FILE, help=SUPPRESS)
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    acts.add_parser("list", parents=[config], help="who is there")
    add = acts.add_parser(
        "add", parents=[config], help="a new person; asks for the password (or takes it from MERIDIAN_PASSWORD)"
    )
    add.add_argument("login")
    add.add_argument("--name", help="as colleagues know them (default: the login)")
    add.add_argument("--role", choices=[role.value for role in Role], default=Role.OPERATOR.value)
    add.add_argument("--extension", help="the phone they usually sit at, e.g. 1001")
    add.add_argument("--language", choices=["en", "ru"], help="of the screen (default: the browser's)")
    for act, summary in (
        ("password", "a new password"),
        ("disable", "may not sign in any more"),
        ("enable", "may again"),
    ):
        acts.add_parser(act, parents=[config], help=summary).add_argument("login")


def run(arguments: Namespace) -> int:
    return asyncio.run(_act(configuration.load(arguments.config), arguments))


async def _act(settings: configuration.Configuration, arguments: Namespace) -> int:
    # Not exclusive: a Meridian on SQLite may be running beside us; each change is one short transaction.
    database = Database(settings.database.url, readers=1, exclusive=False)
    passwords = Passwords()
    try:
        await database.migrate()
        desk = _Desk(settings, database, passwords)
        await {
            "list": desk.list,
            "add": desk.add,
            "password": desk.password,
            "disable": desk.disable,
            "enable": desk.enable,
        }[arguments.act](arguments)
    finally:
        passwords.close()
        await database.close()
    return 0


class _Desk:
    """What can be done, one method an act."""

    def __init__(self, settings: configuration.Configuration, database: Database, passwords: Passwords) -> None:
        self._settings, self._passwords = settings, passwords
        self._users = SqlAccounts(database)
        self._record = SqlCardStore(database, client_key=lambda _site, _number: None)

    async def list(self, _arguments: Namespace) -> None:
        users = await self._users.users()
        for user in users:
            state = "disabled" if user.disabled else "may sign in"
            print(f"{user.login:20} {user.role.value:11} {user.extension or '-':8} {state:12} {user.name}")
        if not users:
            print("Nobody may sign in yet: meridian user add NAME --role admin")

    async def add(self, arguments: Namespace) -> None:
        login = _new_login(arguments.login)
        if await self._users.user_by_login(login) is not None:
            raise Conflict(f"there is a user {login} already; `meridian user password {login}` gives a new password")
        now = datetime.now(UTC)
        user = User(
            user_id=fresh_id(now, secrets.token_bytes(10)),
            login=login,
            name=arguments.name or arguments.login,
            password_hash=await self._passwords.hash(_asked_password()),
            role=Role(arguments.role),
            site=self._settings.site.name,
            extension=arguments.extension,
            language=arguments.language,
        )
        await self._save(user, "user_added", role=user.role.value)
        print(f"{login} may sign in.")

    async def password(self, arguments: Namespace) -> None:
        user = await self._known(arguments.login)
        changed = replace(user, password_hash=await self._passwords.hash(_asked_password()))
        await self._save(changed, "password_changed")
        await self._users.end_sessions_of(user.user_id)
        print(f"{user.login} has a new password and is signed out everywhere.")

    async def disable(self, arguments: Namespace) -> None:
        user = await self._known(arguments.login)
        await self._save(replace(user, disabled=True), "user_disabled")
        await self._users.end_sessions_of(user.user_id)
        print(f"{user.login} may not sign in any more and is signed out everywhere.")

    async def enable(self, arguments: Namespace) -> None:
        user = await self._known(arguments.login)
        await self._save(replace(user, disabled=False), "user_enabled")
        print(f"{user.login} may sign in again.")

    async def _known(self, login: str) -> User:
        user = await self._users.user_by_login(tidy_login(login))
        if user is None:
            raise NotFound(f"there is no user {login}; `meridian user list` shows who there is")
        return user

    async def _save(self, user: User, action: str, **facts: str) -> None:
        await self._users.save_user(user)
        now = datetime.now(UTC)
        facts["login"] = user.login
        line = AuditLine(
            audit_id=fresh_id(now, secrets.token_bytes(10)), at=now, actor="command line", action=action, facts=facts
        )
        await self._record.apply([line])


def _new_login(typed: str) -> str:
    login = tidy_login(typed)
    if not 1 <= len(login) <= _LONGEST_LOGIN or not login.isprintable() or login.split() != [login]:
        raise Rejected(f"a login has 1 to {_LONGEST_LOGIN} characters and no spaces; nothing was changed")
    return login


def _asked_password() -> str:
    password = os.environ.get("MERIDIAN_PASSWORD")
    if password is None:
        if not sys.stdin.isatty():
            raise Rejected("no terminal to ask for the password on: set MERIDIAN_PASSWORD")
        password = getpass.getpass("Password: ")
        if password != getpass.getpass("Once more: "):
            raise Rejected("the two are not the same; nothing was changed")
    if len(password) < _SHORTEST:
        raise Rejected(f"the password needs {_SHORTEST} characters or more; nothing was changed")
    return password
