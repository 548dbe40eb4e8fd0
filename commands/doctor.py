"""`meridian doctor`: look at everything that Meridian needs (this machine, its database, each Asterisk with both AMI accounts, the
call records) and say line by line what is fine, what is doubtful and what is missing, each with the mend; at the end the lines
that Asterisk's configuration lacks. It changes nothing, and may run
beside a running Meridian. Exit code: 0 fine, 1 something must be mended, 2 wrong use."""

import asyncio
import json
import logging
import os
import secrets
import shutil
import socket
import sys
import textwrap
import tomllib
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import configuration
from callcards.cdr_rows import CUSTOM_COLUMNS
from commands.dialplan import distributed
from commands.doctor_cdr import judge_cdr
from commands.doctor_here import look_around, look_into_database
from configuration import Configuration
from routing.native import kept_queues
from telephony.dialplan import dialplan_of
from telephony.doctor_accounts import judge_accounts
from telephony.doctor_acd import acd_lines, judge_acd
from telephony.doctor_events import judge_events, judge_zone
from telephony.doctor_findings import Finding, Level, fail
from telephony.doctor_lines import ConfLines, Given, conf_lines, how_to_apply
from telephony.doctor_plan import judge_plan
from telephony.doctor_seen import Door, PbxSeen, Wanted
from telephony.panoramisk_link_doctor import examine

_WIDTH = 120
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_WORDS = {
    Level.OK: "fine",
    Level.WARN: "doubtful",
    Level.FAIL: "to mend",
    Level.UNSEEN: "not to be seen from here",
}


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--config",
        metavar="FILE",
        type=Path,
        default=configuration.DEFAULT_FILE,
        help="the configuration (default: meridian.toml here)",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="everything as one JSON object, for programs")
    form.add_argument(
        "--lines",
        action="store_true",
        help="only the lines to add to Asterisk's files, ready to paste, with fresh secrets",
    )
    parser.add_argument(
        "--only-look",
        action="store_true",
        help="don't try the PBX: without this a paused member that is no phone is added to a queue and removed at once, and a "
        "channel that rings nobody is made (it leaves two call records)",
    )


def run(arguments: Namespace) -> int:
    logging.basicConfig(level="ERROR")
    try:
        return asyncio.run(_Doctor(arguments).examine())
    except BrokenPipeError:  # whoever reads us has seen enough (`meridian doctor | head`)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


class Environment(Mapping[str, str]):
    """The environment, in which what is missing is noted instead of refused: on a bare PBX there is no secret yet."""

    def __init__(self, real: Mapping[str, str]) -> None:
        self._real = real
        self.missing: list[str] = []

    def __getitem__(self, name: str) -> str:
        if name not in self._real:
            self.missing.append(name)
            return f"not-set-{name}"
        return self._real[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._real)

    def __len__(self) -> int:
        return len(self._real)


@dataclass(slots=True, kw_only=True)
class _Area:
    """One heading of the report and what was found below it."""

    title: str
    findings: list[Finding] = field(default_factory=list)


class _Doctor:
    def __init__(self, arguments: Namespace) -> None:
        self._arguments = arguments
        self._environment = Environment(os.environ)
        self._configuration = configuration.load(arguments.config, self._environment)
        self._table = tomllib.loads(arguments.config.read_text(encoding="utf-8"))
        self._quiet = arguments.json or arguments.lines
        self._areas: list[_Area] = []
        self._lines: dict[str, list[ConfLines]] = {}
        self._secrets: dict[str, str] = {}

    async def examine(self) -> int:
        self._begin("this machine")
        self._tell(_unset(self._environment))
        self._say("looking at Python, disk and port")
        self._tell(await look_around(self._configuration))
        self._begin("the database")
        self._say("asking the database")
        here = await look_into_database(self._configuration)
        self._tell(here.findings)
        for name in self._configuration.pbx:
            await self._examine_pbx(name, here.people)
        findings = [finding for area in self._areas for finding in area.findings]
        if self._arguments.json:
            print(json.dumps(self._report(findings), ensure_ascii=False, indent=1))
        elif self._arguments.lines:
            self._print_lines(self._environment_lines())
        else:
            self._print_end(findings)
        return int(any(finding.level is Level.FAIL for finding in findings))

    async def _examine_pbx(self, name: str, people: Mapping[str, str] | None) -> None:
        pbx = self._configuration.pbx[name]
        wanted = wanted_of(self._configuration, name, people, unset=self._unset(name))
        self._begin(f"PBX {name} ({pbx.host}:{pbx.port})")
        seen = await examine(wanted, only_look=self._arguments.only_look, say=self._say)
        self._tell([*judge_accounts(wanted, seen), *judge_events(wanted, seen), *judge_plan(wanted, seen)])
        self._tell(judge_acd(wanted, seen))
        self._begin(f"call records of {name}")
        self._tell(await judge_cdr(name, pbx, seen, say=self._say))
        if pbx.cdr_csv or pbx.cdr_url:
            offset = datetime.now(UTC).astimezone(ZoneInfo(pbx.cdr_zone)).utcoffset() or timedelta()
            self._tell(judge_zone(wanted, seen, offset))
        found = [finding for area in self._areas[-2:] for finding in area.findings]
        self._lines[name] = conf_lines(wanted, seen, found, self._given(name, seen)) + acd_lines(seen, found)

    def _unset(self, name: str) -> frozenset[str]:
        accounts = [self._table["pbx"][name].get(role) for role in ("listener", "controller")]
        absent = {f"env:{variable}" for variable in self._environment.missing}
        return frozenset(account["user"] for account in accounts if account and account["secret"] in absent)

    def _given(self, name: str, seen: PbxSeen) -> Given:
        pbx = self._configuration.pbx[name]
        for account in (seen.listener, seen.controller):
            if account.door is not Door.IN:
                fresh = secrets.token_urlsafe(24) if self._arguments.lines else f"SECRET-OF-{account.user}"
                self._secrets.setdefault(account.user, fresh)
        return Given(
            secrets=self._secrets,
            our_address=our_address(pbx.host),
            cdr_file=pbx.cdr_csv.name if pbx.cdr_csv else None,
            cdr_columns=pbx.cdr_columns or CUSTOM_COLUMNS,
        )

    # -- telling

    def _begin(self, title: str) -> None:
        self._areas.append(_Area(title=title))
        if not self._quiet:
            self._clear()
            print(f"\n{title}" if len(self._areas) > 1 else title, flush=True)

    def _say(self, doing: str) -> None:
        """Progress: on a terminal a line that goes away again; else nothing."""
        if sys.stderr.isatty():
            print(f"\r\x1b[K  ...   {doing}", end="", file=sys.stderr, flush=True)

    def _clear(self) -> None:
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def _tell(self, findings: Sequence[Finding]) -> None:
        self._clear()
        self._areas[-1].findings += findings
        if not self._quiet:
            for finding in findings:
                _print_wrapped(f"  {finding.level.value:<7} ", finding.text)
                if finding.mend:
                    _print_wrapped("          -> ", finding.mend)

    def _print_end(self, findings: Sequence[Finding]) -> None:
        counts = ", ".join(
            f"{sum(finding.level is level for finding in findings)} {word}" for level, word in _WORDS.items()
        )
        print(f"\nSummary: {counts}.")
        if any(self._lines.values()):
            print(
                "\nLines to add, each block at the end of its file in /etc/asterisk (`meridian doctor --lines` prints them "
                "ready to paste, with fresh secrets where one is needed):\n"
            )
            self._print_lines([])

    def _print_lines(self, environment: Sequence[str]) -> None:
        for name, lines in self._lines.items():
            if lines and len(self._lines) > 1:
                print(f"; ==== PBX {name}")
            for each in lines:
                print(each.text() + "\n")
            if command := how_to_apply(lines):
                print(f"; ---- then run: {command}\n")
        if environment:
            print("# ---- the environment of Meridian, e.g. /etc/meridian/secrets (mode 0600)")
            print("\n".join(environment))

    def _environment_lines(self) -> list[str]:
        """The fresh secrets under the names that meridian.toml gives them."""
        found: dict[str, str] = {}
        for pbx in self._table["pbx"].values():
            for role in ("listener", "controller"):
                account = pbx.get(role)
                if account and account["user"] in self._secrets:
                    named = str(account["secret"])
                    where = (
                        named.removeprefix("env:") if named.startswith("env:") else f"# secret of {account['user']}: "
                    )
                    found[where] = self._secrets[account["user"]]
        return [where + ("" if where.startswith("#") else "=") + secret for where, secret in found.items()]

    def _report(self, findings: Sequence[Finding]) -> dict[str, object]:
        return {
            "site": self._configuration.site.name,
            "fine": not any(finding.level is Level.FAIL for finding in findings),
            "summary": {level.value: sum(finding.level is level for finding in findings) for level in Level},
            "areas": [
                {"title": area.title, "findings": [asdict(each) for each in area.findings]} for area in self._areas
            ],
            "lines": {name: [asdict(each) for each in lines] for name, lines in self._lines.items()},
        }


def wanted_of(settings: Configuration, name: str, people: Mapping[str, str] | None, *, unset: frozenset[str]) -> Wanted:
    """What one PBX should be like."""
    pbx, acd = settings.pbx[name], distributed(settings)
    return Wanted(
        settings=settings.link_settings(name),
        phone=pbx.phone,
        call_context=pbx.call_context,
        cdr_zone=pbx.cdr_zone,
        queues=tuple(settings.desk.queues),
        people=people,
        only_pbx=len(settings.pbx) == 1,
        unset=unset,
        acd={queue.name: queue.fallback for queue in acd},
        acd_version=dialplan_of(acd).version if acd else "",
        kept=_kept(settings),
    )


def _kept(settings: Configuration) -> dict[str, frozenset[str]]:
    """The queues of the PBX whose members Meridian keeps, by the file alone, and the logins whom it may put there."""
    tables = settings.tables
    return {
        queue: frozenset(login for name in names for login in tables.logins_of(name))
        for queue, names in kept_queues(tables.queues, tables.logins_of).items()
    }


def our_address(host: str) -> str:
    """The address that the PBX sees us come from."""
    if host in _LOOPBACK:
        return "127.0.0.1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((host, 9))  # sends nothing
        except OSError:
            return "ADDRESS-OF-MERIDIAN"
        return str(probe.getsockname()[0])


def _unset(environment: Environment) -> list[Finding]:
    return [
        fail(
            "environment",
            f"meridian.toml takes a value from the environment variable {name}, which is not set here.",
            f"Run `export {name}=...` with the value from /etc/meridian/secrets; if there is none yet, `meridian doctor --lines` "
            "makes it together with the account for manager.conf.",
        )
        for name in dict.fromkeys(environment.missing)
    ]


def _print_wrapped(head: str, text: str) -> None:
    if not sys.stdout.isatty():
        print(head + text, flush=True)
        return
    width = min(shutil.get_terminal_size().columns, _WIDTH)
    print(
        textwrap.fill(text, width, initial_indent=head, subsequent_indent=" " * len(head), break_on_hyphens=False),
        flush=True,
    )
