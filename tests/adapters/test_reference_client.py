"""docs/clients/pops.py, run as it stands: what the documentation promises is what happens."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from tests.patience import PATIENT_S
from tests.servers.desk import PASSWORD, running_desk
from tests.servers.tcp_proxy import TcpProxy

CLIENT = Path(__file__).parents[2] / "docs" / "clients" / "pops.py"


async def test_the_reference_client_signs_in_gets_pops_and_what_it_missed_and_ends_when_signed_out() -> None:
    async with running_desk() as desk, TcpProxy("127.0.0.1", desk.port) as proxy:
        user = await desk.user("anna", "1001")
        client = await asyncio.create_subprocess_exec(
            sys.executable,
            str(CLIENT),
            f"http://127.0.0.1:{proxy.port}",
            "anna",
            "1001",
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "MERIDIAN_PASSWORD": PASSWORD},
        )
        assert client.stdout is not None

        async def said() -> Any:
            assert client.stdout is not None
            async with asyncio.timeout(PATIENT_S):
                return json.loads(await client.stdout.readline())

        try:
            await present(desk.hub, 1)
            desk.arrive("call-1", number="", name="Ivan")
            desk.ring("call-1", "1001")
            shown = await said()
            assert (shown["type"], shown["pop"]["caller_name"], shown["pop"]["state"]) == ("pop", "Ivan", "ringing")
            async with asyncio.timeout(PATIENT_S):
                while not desk.hub.delivery.report("moscow"):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            proxy.cut()
            await present(desk.hub, 0)
            desk.answer("call-1", "1001")
            desk.end("call-1")
            missed = [await said(), await said()]
            assert [(m["version"], m["pop"]["state"]) for m in missed] == [(2, "talking"), (3, "ended")]
            await desk.accounts.end_sessions_of(user, actor="admin")
            async with asyncio.timeout(PATIENT_S):
                assert await client.wait() == 0
        finally:
            if client.returncode is None:
                client.kill()
                await client.wait()


async def present(hub: Any, screens: int) -> None:
    async with asyncio.timeout(PATIENT_S):
        while len(hub.present()) != screens:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
