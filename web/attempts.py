"""How often somebody may try a password. Pure: the caller says what time it is. Never says who exists."""

from dataclasses import dataclass

_FORGET_S = 900.0
_MOST_KEYS = 20_000


@dataclass(slots=True)
class _Tries:
    failures: int
    last_s: float
    locked_until_s: float = 0.0


class Attempts:
    """Failures by key (a name, an address, both). From `free` failures on, each locks for longer, up to `longest_s`."""

    def __init__(self, *, free: int, first_lock_s: float = 15.0, longest_s: float = 900.0) -> None:
        self._free = free
        self._first_lock_s = first_lock_s
        self._longest_s = longest_s
        self._tries: dict[str, _Tries] = {}

    def locked_s(self, key: str, *, now_s: float) -> float:
        """Seconds until `key` may try again; 0 when it may now."""
        tries = self._tries.get(key)
        return 0.0 if tries is None else max(0.0, tries.locked_until_s - now_s)

    def failed(self, key: str, *, now_s: float) -> None:
        tries = self._tries.get(key)
        if tries is None or now_s - tries.last_s > _FORGET_S:
            self._make_room(now_s)
            tries = self._tries[key] = _Tries(0, now_s)
        tries.failures += 1
        tries.last_s = now_s
        beyond = tries.failures - self._free
        if beyond >= 0:
            tries.locked_until_s = now_s + min(self._longest_s, self._first_lock_s * 2 ** min(beyond, 10))

    def succeeded(self, key: str) -> None:
        self._tries.pop(key, None)

    def _make_room(self, now_s: float) -> None:
        if len(self._tries) < _MOST_KEYS:
            return
        old = [k for k, t in self._tries.items() if now_s - t.last_s > _FORGET_S]
        for key in old or list(self._tries)[: _MOST_KEYS // 10]:
            del self._tries[key]


class SignInLocks:
    """Three counts together: a name from one address (strict), a name from anywhere, an address with any name.

    Whoever guesses a name from elsewhere locks themselves out long before the person whose name it is.
    """

    def __init__(self) -> None:
        self._there = Attempts(free=5)
        self._name = Attempts(free=25, longest_s=120)
        self._address = Attempts(free=40)

    def wait_s(self, login: str, address: str, *, now_s: float) -> float:
        return max(
            self._there.locked_s(f"{login}@{address}", now_s=now_s),
            self._name.locked_s(login, now_s=now_s),
            self._address.locked_s(address, now_s=now_s),
        )

    def failed(self, login: str, address: str, *, now_s: float) -> None:
        self._there.failed(f"{login}@{address}", now_s=now_s)
        self._name.failed(login, now_s=now_s)
        self._address.failed(address, now_s=now_s)

    def succeeded(self, login: str, address: str) -> None:
        self._there.succeeded(f"{login}@{address}")
