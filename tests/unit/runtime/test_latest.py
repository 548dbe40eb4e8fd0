"""Of several values for one key, the last."""

import asyncio

from runtime.latest import Latest


async def test_the_last_of_each_key_is_carried_a_moment_later() -> None:
    carried: list[str] = []
    latest: Latest[str] = Latest(lambda value: value[0], carried.append)
    for value in ("a1", "b1", "a2"):
        latest.put(value)
    assert carried == []
    await asyncio.sleep(0.01)
    assert carried == ["a2", "b1"]
    latest.put("a3")
    await asyncio.sleep(0.01)
    assert carried == ["a2", "b1", "a3"]


async def test_what_is_put_while_carrying_comes_a_moment_after() -> None:
    carried: list[str] = []

    def carry(value: str) -> None:
        carried.append(value)
        if value == "first":
            latest.put("second")
            assert carried == ["first"]

    latest: Latest[str] = Latest(lambda _value: 1, carry)
    latest.put("first")
    await asyncio.sleep(0.05)
    assert carried == ["first", "second"]
