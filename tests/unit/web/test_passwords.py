"""argon2 off the loop, and never more at once than is good."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from argon2 import PasswordHasher

from core.errors import Unavailable
from web.passwords import Passwords


@pytest.fixture
async def passwords() -> AsyncIterator[Passwords]:
    made = Passwords(hasher=PasswordHasher(time_cost=1, memory_cost=64, parallelism=1), threads=1, most_waiting=3)
    yield made
    made.close()


async def test_it_fits_or_it_doesnt(passwords: Passwords) -> None:
    hashed = await passwords.hash("correct horse")
    assert hashed.startswith("$argon2id$")
    assert await passwords.fits("correct horse", hashed)
    assert not await passwords.fits("wrong horse", hashed)
    assert not await passwords.fits("the password of nobody", None)
    assert not await passwords.fits("anything", "no hash at all")


async def test_a_crowd_is_told_to_come_back(passwords: Passwords) -> None:
    tries = await asyncio.gather(*(passwords.fits("x", None) for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(one, Unavailable) for one in tries) == 7
    assert not await passwords.fits("x", None)
