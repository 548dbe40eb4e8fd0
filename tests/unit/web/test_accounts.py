"""The door: who gets in, who doesn't, what is written down."""

from collections.abc import AsyncIterator, Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher

from core.errors import Conflict, Forbidden, Rejected, Unavailable
from core.model import Role
from web.accounts import Accounts
from web.failures import SignedOut, TooMany
from web.memory import MemoryAccounts, MemoryAuditTrail
from web.passwords import Passwords
from web.people import Session, SignedIn, User
from web.settings import WebSettings

PASSWORD = "correct horse"


class AwayAccounts(MemoryAccounts):
    """A store that can be away."""

    away = False

    async def session(self, token_hash: str) -> tuple[Session, User] | None:
        if self.away:
            raise Unavailable("the database is away")
        return await super().session(token_hash)

    async def touch(self, session_ids: Collection[str], at: datetime) -> None:
        if self.away:
            raise Unavailable("the database is away")
        await super().touch(session_ids, at)


class Door:
    """Accounts with a clock in our hands."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 21, 9, tzinfo=UTC)
        self.store, self.audit = AwayAccounts(), MemoryAuditTrail()
        self.passwords = Passwords(hasher=PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        self.accounts = Accounts(
            store=self.store,
            audit=self.audit,
            passwords=self.passwords,
            settings=WebSettings(),
            now=lambda: self.at,
            monotonic=self.now_s,
        )
        self.ended: list[str] = []
        self.accounts.on_ended(self.ended.append)

    def now_s(self) -> float:
        return self.at.timestamp()

    def later(self, **time: float) -> None:
        self.at += timedelta(**time)

    async def add(self, login: str, extension: str | None = None, role: Role = Role.OPERATOR) -> None:
        await self.accounts.add_user(
            login=login, name=login.title(), password=PASSWORD, role=role, site="moscow", extension=extension
        )

    async def enter(
        self, login: str = "anna", password: str = PASSWORD, *, extension: str | None = None, address: str = "10.0.0.1"
    ) -> tuple[str, SignedIn]:
        return await self.accounts.sign_in(login=login, password=password, extension=extension, address=address)

    def audited(self) -> list[str]:
        return [action for _, _, action, _ in self.audit.lines]


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    opened = Door()
    yield opened
    opened.passwords.close()


async def test_sign_in_with_name_password_and_ones_own_extension(door: Door) -> None:
    await door.add("Anna", "1001")
    token, who = await door.enter(" ANNA ")
    assert (who.login, who.extension, who.site) == ("anna", "1001", "moscow")
    assert await door.accounts.who(token) == who
    assert door.audited() == ["user_added", "signed_in"]


async def test_another_extension_may_be_chosen_and_an_operator_needs_one(door: Door) -> None:
    await door.add("anna")
    assert (await door.enter(extension="1005"))[1].extension == "1005"
    with pytest.raises(Rejected, match="extension"):
        await door.enter()
    for odd in ("10 05", "10\n05", "PJSIP/1001", "x" * 41):
        with pytest.raises(Rejected):
            await door.enter(extension=odd)
    await door.add("eva", role=Role.SUPERVISOR)
    assert (await door.enter("eva"))[1].extension is None


async def test_nothing_tells_whether_the_name_or_the_password_was_wrong(door: Door) -> None:
    await door.add("anna", "1001")
    said = set()
    for login, password in (("anna", "wrong pass"), ("nobody", PASSWORD), ("\x00", PASSWORD), ("anna", "x" * 5000)):
        with pytest.raises(Rejected) as refusal:
            await door.enter(login, password)
        said.add((refusal.value.code, str(refusal.value)))
    assert said == {("wrong_password", "Name or password is wrong.")}
    assert door.audited().count("sign_in_refused") == 4


async def test_guessing_is_locked_in_clear_words_and_opens_again(door: Door) -> None:
    await door.add("anna", "1001")
    for _ in range(5):
        with pytest.raises(Rejected):
            await door.enter(password="wrong pass")
    with pytest.raises(TooMany, match="Try again in 15 seconds") as refusal:
        await door.enter()
    assert refusal.value.retry_s == 15
    assert (await door.enter(address="10.0.0.2"))[1].login == "anna"  # whoever guesses elsewhere doesn't lock her out
    door.later(seconds=16)
    assert (await door.enter())[1].login == "anna"


async def test_one_address_cannot_try_many_names(door: Door) -> None:
    for n in range(40):
        with pytest.raises(Rejected):
            await door.enter(f"name-{n}")
    with pytest.raises(TooMany):
        await door.enter("name-99")


async def test_two_operators_at_one_extension_get_a_clear_message(door: Door) -> None:
    await door.add("anna", "1001")
    await door.add("boris", "1001")
    _, who = await door.enter()
    await door.enter()  # herself, on a second device
    with pytest.raises(Conflict, match="Anna is signed in at extension 1001"):
        await door.enter("boris")
    door.later(minutes=11)
    assert (await door.enter("boris"))[1].extension == "1001"  # she left without signing out
    door.later(minutes=11)
    door.accounts.held_by(lambda session_id: session_id != who.session_id)
    with pytest.raises(Conflict, match="Boris"):
        await door.enter()  # his screen is open, however quiet it is


async def test_a_page_that_was_left_open_cant_use_the_phone_of_who_sits_there_now(door: Door) -> None:
    await door.add("anna", "1001")
    await door.add("boris", "1001")
    token, who = await door.enter()
    door.later(minutes=11)
    his, _ = await door.enter("boris")
    assert door.ended == [who.session_id]
    with pytest.raises(SignedOut):
        await door.accounts.who(token)
    assert (await door.accounts.who(his)).login == "boris"


async def test_sessions_end_by_time_by_sign_out_and_with_the_person(door: Door) -> None:
    await door.add("anna", "1001")
    token, who = await door.enter()
    await door.accounts.sign_out(who)
    assert door.ended == [who.session_id]
    with pytest.raises(SignedOut):
        await door.accounts.who(token)
    token, _ = await door.enter()
    door.later(hours=12)
    with pytest.raises(SignedOut):
        await door.accounts.who(token)
    token, _ = await door.enter()
    user = await door.store.user_by_login("anna")
    assert user is not None
    await door.store.save_user(replace(user, disabled=True))
    with pytest.raises(SignedOut):
        await door.accounts.who(token)
    with pytest.raises(Rejected):
        await door.enter()
    await door.accounts.end_sessions_of(user, actor="root")
    assert len(door.ended) == 2


@pytest.mark.parametrize("token", [None, "", "x", "x" * 500, "é"])
async def test_an_invented_cookie_is_nobody(door: Door, token: str | None) -> None:
    with pytest.raises(SignedOut):
        await door.accounts.who(token)


async def test_the_store_never_sees_the_cookie(door: Door) -> None:
    await door.add("anna", "1001")
    token, _ = await door.enter()
    assert token not in repr(vars(door.store))
    assert PASSWORD not in repr(vars(door.store))


async def test_a_ticket_opens_for_its_own_session_only(door: Door) -> None:
    await door.add("anna", "1001")
    token, who = await door.enter()
    other_token, _ = await door.enter()
    assert await door.accounts.redeem(door.accounts.ticket(who), token) == who
    with pytest.raises(Forbidden):
        await door.accounts.redeem(door.accounts.ticket(who), other_token)
    with pytest.raises(SignedOut):
        await door.accounts.redeem(door.accounts.ticket(who), None)


async def test_recheck_finds_what_ended_elsewhere_and_keeps_the_rest_fresh(door: Door) -> None:
    await door.add("anna", "1001")
    _, who = await door.enter()
    _, other = await door.enter()
    await door.store.end_session(other.session_id)
    door.later(minutes=9)
    assert await door.accounts.recheck({who.session_id, other.session_id}) == {other.session_id}
    (kept,) = await door.store.sessions_at("moscow", "1001")
    assert kept[0].seen_at == door.at


async def test_short_passwords_are_not_taken(door: Door) -> None:
    with pytest.raises(Rejected, match="8 to 200"):
        await door.accounts.add_user(login="x", name="X", password="short", role=Role.OPERATOR, site="moscow")


async def test_who_is_here_stays_known_while_the_database_is_away_but_nobody_new_gets_in(door: Door) -> None:
    await door.add("anna", "1001")
    token, who = await door.enter()
    other, gone = await door.enter()
    await door.accounts.who(token)
    await door.accounts.who(other)
    await door.accounts.sign_out(gone)
    door.store.away = True
    door.later(minutes=29)
    assert await door.accounts.redeem(door.accounts.ticket(who), token) == who
    for stranger in (other, "invented"):
        with pytest.raises(Unavailable):
            await door.accounts.who(stranger)
    door.later(minutes=2)
    with pytest.raises(Unavailable):
        await door.accounts.who(token)
