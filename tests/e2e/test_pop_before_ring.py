"""The pop is on the operator's socket before the Originate leaves for the PBX: in every call, by the order of the writes."""

import asyncio
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from configuration import load
from core.model import Role
from service import Service
from tests.rig.acd_centre import PASSWORD, PLAN, SUPPORT, hire, person
from tests.rig.instance import Asterisk
from tests.rig.meridian import Meridian
from tests.rig.phones import PhoneRoom
from tests.rig.screen import Screen

pytestmark = [pytest.mark.real("asterisk"), pytest.mark.timeout(180)]
OPERATORS = {"anna": 1011, "boris": 1012, "carmen": 1013, "dmitri": 1014}
CALLS = 40
ORIGINATE = re.compile(rb"Action: Originate\r\n.*?ChannelId: (cc\.[\d.]+)\r\n", re.DOTALL)
POP = re.compile(rb'"type":"pop","version".*?"pop_id":"[\w-]+/(cc\.[\d.]+)"', re.DOTALL)


class WrittenLoop(asyncio.SelectorEventLoop):
    """Keeps what is written to any socket, in the order in which it is handed to the kernel."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []

    def _make_socket_transport(self, *arguments: Any, **more: Any) -> Any:
        transport = super()._make_socket_transport(*arguments, **more)  # type: ignore[misc]
        write: Callable[[bytes], None] = transport.write

        def kept(data: bytes) -> None:
            self.written.append(bytes(data))
            write(data)

        transport.write = kept
        return transport


def test_the_pop_is_always_written_first(tmp_path: Path) -> None:
    with Asterisk() as asterisk:
        plan = PLAN + "".join(person(login) for login in OPERATORS)
        meridian = Meridian(asterisk, tmp_path, more=plan)
        asyncio.run(hire(meridian, staff()))
        with asyncio.Runner(loop_factory=WrittenLoop) as runner:
            loop = runner.get_loop()
            assert isinstance(loop, WrittenLoop)
            runner.run(in_process(asterisk, meridian))
            written = loop.written
    first_pop: dict[bytes, int] = {}
    originated: dict[bytes, int] = {}
    for at, data in enumerate(written):
        for leg in POP.findall(data):
            first_pop.setdefault(leg, at)
        for leg in ORIGINATE.findall(data):
            originated[leg] = at
    assert len(originated) >= CALLS
    assert [leg for leg, at in originated.items() if first_pop.get(leg, at) >= at] == []


def staff() -> dict[str, Any]:
    return {login: (str(extension), Role.OPERATOR) for login, extension in OPERATORS.items()}


async def in_process(asterisk: Asterisk, meridian: Meridian) -> None:
    """The whole service in this loop; phones and screens in a thread of their own."""
    service = Service(load(meridian.config))
    async with service.running():
        done = asyncio.Event()
        loop = asyncio.get_running_loop()

        def play() -> None:
            try:
                calls(asterisk, meridian)
            finally:
                loop.call_soon_threadsafe(done.set)

        thread = threading.Thread(target=play)
        thread.start()
        await done.wait()
        await asyncio.to_thread(thread.join)


def calls(asterisk: Asterisk, meridian: Meridian) -> None:
    room = PhoneRoom(asterisk.ports.sip)
    screens = [Screen(meridian.url, login, PASSWORD).sign_in() for login in OPERATORS]
    try:
        for extension in OPERATORS.values():
            room.agent(extension, "auto_uas.xml", words={"@RING@": 200})
        room.load(SUPPORT, base="+4930555", talk_ms=1_000, rate=2, calls=CALLS)
        meridian.until(lambda: sum(line.ended for line in room.ledger()) == CALLS, 90, "all over")
    finally:
        for screen in screens:
            screen.close()
        room.close()
