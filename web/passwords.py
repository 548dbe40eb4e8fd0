"""Passwords: argon2 in a few threads of our own, never on the loop, never more at once than the machine can bear."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from core.errors import Rejected, Unavailable

SHORTEST, LONGEST = 8, 200


class Passwords:
    """Hashes and checks. `most_waiting` sign-ins may queue for a thread; the next is told to come back."""

    def __init__(self, *, hasher: PasswordHasher | None = None, threads: int = 2, most_waiting: int = 40) -> None:
        self._hasher = hasher or PasswordHasher()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._most_waiting = most_waiting
        self._waiting = 0
        self._nobody = self._hasher.hash("the password of nobody")

    async def hash(self, password: str) -> str:
        if not SHORTEST <= len(password) <= LONGEST:
            raise Rejected(f"A password has {SHORTEST} to {LONGEST} characters.", code="bad_password")
        hashed: str = await self._in_thread(partial(self._hasher.hash, password))
        return hashed

    async def fits(self, password: str, hashed: str | None) -> bool:
        """Whether it is the password. Takes as long for somebody who doesn't exist (`hashed` None)."""
        fits: bool = await self._in_thread(partial(self._verify, hashed or self._nobody, password[:LONGEST]))
        return fits and hashed is not None

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _in_thread(self, work: partial[Any]) -> Any:
        if self._waiting >= self._most_waiting:
            raise Unavailable("Many people are signing in right now. Try again in a few seconds.", code="busy")
        self._waiting += 1
        try:
            async with asyncio.timeout(15):
                return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        except TimeoutError as error:
            raise Unavailable("Signing in takes too long right now. Try again.", code="busy") from error
        finally:
            self._waiting -= 1
