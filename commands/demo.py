"""`meridian demo`: the whole of Meridian on this machine, with nothing to set up: SQLite, and a simulated PBX whose callers have
been calling for days. Sign in with the names that it prints, and a call comes to you within seconds."""

import asyncio
import contextlib
import shutil
from argparse import ArgumentParser, Namespace
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from commands.demo_centre import BEFORE_MERIDIAN, COMPANY, DESK, PEOPLE, QUEUES, SITE, SITES, SKILLS, ZONE, plan_around
from commands.demo_colleagues import Colleagues
from commands.demo_notes import leave_notes
from commands.run import serve, set_up_logs
from configuration import Configuration, Pbx, Site, Storage
from core.errors import Rejected
from service import Service
from telephony.pbx_settings import AmiAccount
from telephony.simulated import SimulatedPbx
from telephony.simulated_cdr import CdrFile
from telephony.simulated_past import past_records
from telephony.simulated_request import Account
from telephony.simulated_traffic import TrafficPlan
from web.settings import WebSettings

PASSWORD = "meridian"
PAST_DAYS = 5.0
SEED = 20
MESSAGES = "messages"
_WAITING = {"billing": 2, "tech": 2}
"""So many callers wait at least: whoever signs in is offered one at once, and supervisors have something to look at."""
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="the address to serve on; only this machine's own")
    parser.add_argument("--port", type=int, default=8080, help="the port to serve on (default: 8080)")
    parser.add_argument("--folder", type=Path, default=Path("var/demo"), help="where to keep the database")
    parser.add_argument("--fresh", action="store_true", help="forget what earlier demos have stored")
    parser.add_argument("--calls-per-hour", type=float, default=200.0, help="how busy the centre is at noon")


def run(arguments: Namespace) -> int:
    if arguments.host not in _LOOPBACK:
        raise Rejected("the demo's passwords are public, so it serves this machine only: leave out --host")
    set_up_logs("warning")
    if arguments.fresh:
        shutil.rmtree(arguments.folder, ignore_errors=True)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(_demo(arguments))
    return 0


async def _demo(arguments: Namespace) -> None:
    folder: Path = arguments.folder
    plan = TrafficPlan(calls_per_hour=arguments.calls_per_hour, zone=ZoneInfo(ZONE))
    cdr = folder / "Master.csv"
    if not await asyncio.to_thread(cdr.exists):
        print(f"Letting {PAST_DAYS:.0f} days of calls happen first ...", flush=True)
        await asyncio.to_thread(_write_past, cdr, plan)
    first_time = not await asyncio.to_thread((folder / "meridian.db").exists)
    async with _simulated(replace(plan, waiting=_WAITING), cdr) as (pbx, port):
        service = Service(_configuration(arguments, port, cdr))

        tasks: list[asyncio.Task[None]] = []

        async def once_up() -> None:
            await _employ_people(service)
            print(_welcome(service), flush=True)
            colleagues = Colleagues(service, PEOPLE, seed=SEED)
            tasks.append(asyncio.create_task(colleagues.run(), name="demo-colleagues"))
            tasks.append(asyncio.create_task(_call_whoever_looks(service, pbx), name="demo-attention"))
            if first_time:
                tasks.append(asyncio.create_task(leave_notes(service), name="demo-notes"))

        try:
            await serve(service, once_up=once_up)
        finally:
            for task in tasks:
                task.cancel()


def _write_past(cdr: Path, plan: TrafficPlan) -> None:
    records = past_records(BEFORE_MERIDIAN, plan, seed=SEED, until=datetime.now(UTC).timestamp(), days=PAST_DAYS)
    CdrFile(cdr).extend(records)


@contextlib.asynccontextmanager
async def _simulated(plan: TrafficPlan, cdr: Path) -> AsyncIterator[tuple[SimulatedPbx, int]]:
    # Seeded by the day: every start brings other calls, from the same people.
    accounts = {"meridian": Account(secret=PASSWORD)}
    pbx = SimulatedPbx(
        accounts=accounts, company=COMPANY, seed=SEED, traffic=plan, cdr=cdr, messages=cdr.parent / MESSAGES
    )
    port = await pbx.start()
    try:
        yield pbx, port
    finally:
        await pbx.stop()


def _configuration(arguments: Namespace, ami_port: int, cdr: Path) -> Configuration:
    planned = plan_around(datetime.now(UTC))
    return Configuration(
        site=Site(name=SITE, timezone=ZONE, region="RU"),
        pbx={
            "simulated": Pbx(
                host="127.0.0.1",
                port=ami_port,
                listener=AmiAccount(user="meridian", secret=PASSWORD),
                controller=AmiAccount(user="meridian", secret=PASSWORD),
                call_prefix="9",
                cdr_csv=cdr,
                cdr_since=datetime.now(UTC) - timedelta(days=PAST_DAYS + 1),
                recordings=arguments.folder / MESSAGES,
                queue_extensions={queue: did for did, queue in COMPANY.dids.items()},
            )
        },
        database=Storage(url=f"sqlite:///{arguments.folder / 'meridian.db'}", folder=arguments.folder),
        web=WebSettings(host=arguments.host, port=arguments.port),
        desk=DESK,
        sites=SITES,
        skills=SKILLS,
        hours=dict(planned.hours),
        queues=QUEUES,
        people=dict(planned.people),
    )


async def _employ_people(service: Service) -> None:
    known = {user.login for user in await service.users.users()}
    for one in PEOPLE:
        if one.login not in known:
            await service.accounts.add_user(
                login=one.login,
                name=one.name,
                password=PASSWORD,
                role=one.role,
                site=service.configuration.site.name,
                extension=one.extension,
                language=one.language,
            )


def _welcome(service: Service) -> str:
    lines = [
        "",
        f"  Open http://{service.configuration.web.host}:{service.port} and sign in; the password is always: {PASSWORD}",
        "",
    ]
    lines += [
        f"    {one.login:8} {one.role.value:11}" + (f" at extension {one.extension}" if one.extension else "")
        for one in PEOPLE
        if not one.colleague
    ]
    return "\n".join(
        [
            *lines,
            "",
            "  A call comes to you within seconds after you have signed in: at 1001, 1002 and 1005 Meridian chooses it among",
            "  those who wait, at 1003 the PBX's own queue does. sofia sees who waits, and why. Ctrl-C ends the demo.",
            "",
        ]
    )


async def _call_whoever_looks(service: Service, pbx: SimulatedPbx) -> None:
    """Whoever has the page open is left to their calls. In the queues of the PBX's own these are sent to them, as often as makes
    a demo; for the others Meridian chooses among those who wait."""
    distributed = frozenset(COMPANY.queues["support"])
    while True:
        present = service.hub.present()
        pbx.traffic.spare(present | {one.extension for one in PEOPLE if one.colleague and one.extension})
        for agent in (present & distributed) - pbx.traffic.favoured:
            pbx.traffic.favour(agent)
        for agent in pbx.traffic.favoured - present:
            pbx.traffic.unfavour(agent)
        await asyncio.sleep(1.0)
