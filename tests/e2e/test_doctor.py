"""`meridian doctor` on set-ups that are broken one by one, on a real Asterisk: it names the fault and the mend each time, and finds
nothing to mend where nothing is broken."""

import csv
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.rig.instance import RIG, Asterisk
from tests.rig.meridian import MERIDIAN
from tests.rig.sockets import free_tcp_port
from tests.servers.stamps import ShiftedStamps

pytestmark = [pytest.mark.real("asterisk"), pytest.mark.timeout(240)]

ACD = ("support-acd", "sales-acd", "hasty-acd", "message-acd")
"""The rig's queues for the ACD mode; its dialplan is made of tests/rig/acd.toml."""

ACCOUNTS = """
[meridian-listen]
secret = hears
deny = 0.0.0.0/0.0.0.0
permit = 127.0.0.1/255.255.255.255
read = system,call,agent,user
write = reporting,user
writetimeout = 5000

[meridian-act]
secret = acts
deny = 0.0.0.0/0.0.0.0
permit = 127.0.0.1/255.255.255.255
read =
write = agent,call,originate
writetimeout = 5000
"""


@dataclass
class SetUp:
    """A PBX with Meridian's two accounts, and a meridian.toml; tests break one of them."""

    asterisk: Asterisk
    folder: Path
    port: int = 0
    keys: dict[str, str] = field(default_factory=dict)
    more: str = ""
    database: str = ""

    def __post_init__(self) -> None:
        self.etc = self.asterisk.directory / "etc"
        self.cdr = self.folder / "Master.csv"
        self._kept = {file: file.read_text() for file in self.etc.glob("*.conf")}

    def add(self, file: str, text: str) -> None:
        with (self.etc / file).open("a") as end:
            end.write(f"\n{text}\n")
        self.reload()

    def had_a_call(self) -> None:
        """Whatever test comes first: there is a call record, as Asterisk writes them."""
        file = self.asterisk.cdr_csv
        if not file.exists():
            at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
            told = ['"Ivan" <100>', "100", "900", "from-trunk", "PJSIP/trunk-00000000", "", "Echo", "", at, at, at]
            uniqueid = f"main-{int(time.time())}.0"
            told += ["0", "0", "ANSWERED", "DOCUMENTATION", "", uniqueid, "", uniqueid]
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("w", newline="") as out:
                csv.writer(out, quoting=csv.QUOTE_ALL).writerow(told)

    def reload(self) -> None:
        self.asterisk.cli("manager", "reload")
        time.sleep(0.2)

    def restore(self) -> None:
        for file, text in self._kept.items():
            file.write_text(text)
        self.reload()

    def user(self, login: str, extension: str) -> None:
        command = [str(MERIDIAN), "user", "add", login, "--extension", extension, "--config", str(self.config())]
        subprocess.run(command, check=True, env={**os.environ, "MERIDIAN_PASSWORD": "not so secret"}, cwd=self.folder)

    def config(self) -> Path:
        keys = {
            "host": '"127.0.0.1"',
            "port": str(self.port or self.asterisk.ports.ami),
            "listener": '{ user = "meridian-listen", secret = "hears" }',
            "controller": '{ user = "meridian-act", secret = "acts" }',
            "cdr_csv": json.dumps(str(self.asterisk.cdr_csv)),
            **self.keys,
        }
        path = self.folder / "meridian.toml"
        path.write_text(
            '[site]\nname = "t"\ntimezone = "Europe/Moscow"\nregion = "RU"\nagents = ["PJSIP/10??"]\n[pbx.main]\n'
            + "".join(f"{key} = {value}\n" for key, value in keys.items() if value)
            + f'[database]\nurl = "{self.database or "sqlite:///m.db"}"\nfolder = "var"\n[web]\nport = {free_tcp_port()}\n'
            + self.more
        )
        return path

    def doctor(self, *options: str) -> subprocess.CompletedProcess[str]:
        command = [str(MERIDIAN), "doctor", "--config", str(self.config()), *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=self.folder)
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def ailing(self) -> dict[str, list[dict[str, Any]]]:
        """What the doctor doesn't find fine, by code. Its exit code must fit."""
        done = self.doctor("--json")
        report = json.loads(done.stdout)
        found: dict[str, list[dict[str, Any]]] = {}
        for area in report["areas"]:
            for finding in area["findings"]:
                assert bool(finding["mend"]) == (finding["level"] != "ok"), finding
                if finding["level"] in ("warn", "fail"):
                    found.setdefault(finding["code"], []).append(finding)
        failed = any(finding["level"] == "fail" for each in found.values() for finding in each)
        assert done.returncode == int(failed), report
        return found


@pytest.fixture(scope="module")
def pbx() -> Iterator[Asterisk]:
    with Asterisk("doctor", systemname="main") as asterisk:
        with (asterisk.directory / "etc" / "manager.conf").open("a") as end:
            end.write(ACCOUNTS)
        asterisk.cli("manager", "reload")
        yield asterisk


@pytest.fixture
def setup(pbx: Asterisk, tmp_path: Path) -> Iterator[SetUp]:
    made = SetUp(pbx, tmp_path)
    made.had_a_call()
    yield made
    made.restore()


def assert_only(found: dict[str, list[dict[str, Any]]], code: str, *words: str, mend: str, level: str = "fail") -> None:
    """This and nothing else is not fine; one finding has all the words, and this in its mend."""
    assert set(found) == {code}, found
    fitting = [each for each in found[code] if all(word in each["text"] for word in words)]
    assert fitting, found
    assert all(each["level"] == level for each in fitting), fitting
    assert any(mend in each["mend"] for each in fitting), fitting


def test_nothing_to_mend(setup: SetUp) -> None:
    setup.user("anna", "1001")
    assert setup.ailing() == {}
    assert setup.doctor("--lines").stdout == ""
    plain = setup.doctor()
    assert plain.returncode == 0
    assert "0 doubtful, 0 to mend" in plain.stdout
    assert "Lines to add" not in plain.stdout


def test_only_looking_touches_nothing(setup: SetUp) -> None:
    setup.user("anna", "1001")
    before = setup.asterisk.cdr_csv.read_text() if setup.asterisk.cdr_csv.exists() else ""
    report = json.loads(setup.doctor("--only-look", "--json").stdout)
    unseen = {each["code"] for area in report["areas"] for each in area["findings"] if each["level"] == "unseen"}
    assert unseen >= {"read_call", "read_agent"}
    time.sleep(0.5)
    assert (setup.asterisk.cdr_csv.read_text() if setup.asterisk.cdr_csv.exists() else "") == before


# -- getting in


def test_nobody_listens(setup: SetUp) -> None:
    setup.user("anna", "1001")
    setup.port = free_tcp_port()
    found = setup.ailing()
    assert_only(found, "ami_unreachable", "Connection refused", mend="enabled = yes")
    lines = setup.doctor("--lines").stdout
    assert "[meridian-listen]" in lines and "read = system,call,agent,user\n" in lines


def test_tls_where_there_is_none(setup: SetUp) -> None:
    setup.user("anna", "1001")
    setup.keys["tls"] = "true"
    assert_only(setup.ailing(), "ami_unreachable", "TLS", mend="tlsbindaddr")


def test_wrong_secret(setup: SetUp) -> None:
    setup.user("anna", "1001")
    setup.keys["listener"] = '{ user = "meridian-listen", secret = "wrong" }'
    assert_only(setup.ailing(), "ami_refused", "meridian-listen", mend="secret in manager.conf")
    lines = setup.doctor("--lines").stdout
    assert re.search(r"\[meridian-listen\]\nsecret = \S{32}\n", lines)
    assert "[meridian-act]" not in lines


def test_kept_out_by_permit(setup: SetUp) -> None:
    setup.user("anna", "1001")
    setup.add("manager.conf", "[meridian-act](+)\ndeny = 127.0.0.1/255.255.255.255")
    assert_only(setup.ailing(), "ami_refused", "meridian-act", mend="permit")


# -- rights and events


def test_missing_write_class(setup: SetUp) -> None:
    setup.user("anna", "1001")
    setup.add("manager.conf", "[meridian-act](+)\nwrite = call,originate")
    found = setup.ailing()
    assert_only(found, "ami_rights_missing", "meridian-act", "agent", mend="write = agent,call,originate")


def test_missing_agent_class(setup: SetUp) -> None:
    setup.user("anna", "1001")
    setup.add("manager.conf", "[meridian-listen](+)\nread = system,call,user")
    assert_only(setup.ailing(), "read_agent", "read class agent", mend="read = system,call,agent,user")
    assert "[meridian-listen](+)\nread = system,call,agent,user\n" in setup.doctor("--lines").stdout


def test_missing_call_class(setup: SetUp) -> None:
    setup.user("anna", "1001")
    setup.add("manager.conf", "[meridian-listen](+)\nread = system,agent,user")
    assert_only(setup.ailing(), "read_call", "read class call", mend="read = system,call,agent,user")


def test_missing_user_and_system_class(setup: SetUp) -> None:
    setup.user("anna", "1001")
    setup.add("manager.conf", "[meridian-listen](+)\nread = call,agent")
    found = setup.ailing()
    assert set(found) == {"read_user", "read_system"}, found


def test_command_is_too_much(setup: SetUp) -> None:
    setup.user("anna", "1001")
    setup.add("manager.conf", "[meridian-act](+)\nwrite = agent,call,originate,command")
    assert_only(setup.ailing(), "ami_rights_excess", "command", "full control", mend="write = agent,call,originate in")
    assert setup.doctor("--lines").stdout.count("write = agent,call,originate\n") == 1


def test_no_timestampevents(setup: SetUp) -> None:
    setup.user("anna", "1001")
    setup.add("manager.conf", "[general](+)\ntimestampevents = no")
    assert_only(setup.ailing(), "timestampevents", "time of arrival", mend="timestampevents = yes", level="warn")
    assert "[general](+)\ntimestampevents = yes\n" in setup.doctor("--lines").stdout


def test_filter_that_drops_newchannel(setup: SetUp) -> None:
    setup.user("anna", "1001")
    setup.add("manager.conf", "[meridian-listen](+)\neventfilter(action(exclude),name(Newchannel)) =")
    assert_only(setup.ailing(), "filter_newchannel", "Newchannel", mend="eventfilter")


def test_impatient_writetimeout(setup: SetUp) -> None:
    setup.user("anna", "1001")
    setup.add("manager.conf", "[meridian-listen](+)\nwritetimeout = 100")
    assert_only(setup.ailing(), "writetimeout", "meridian-listen", mend="writetimeout = 5000")
    assert "[meridian-listen](+)\nwritetimeout = 5000\n" in setup.doctor("--lines").stdout


# -- call records


def test_call_records_are_elsewhere(setup: SetUp) -> None:
    setup.user("anna", "1001")
    setup.keys["cdr_csv"] = json.dumps(str(setup.folder / "nowhere.csv"))
    assert_only(setup.ailing(), "cdr_file_missing", "nowhere.csv", mend="cdr_custom.conf")
    assert "\nnowhere.csv => ${CSV_QUOTE(${CDR(clid)})}," in setup.doctor("--lines").stdout


def test_no_call_records_configured(setup: SetUp) -> None:
    setup.user("anna", "1001")
    setup.keys["cdr_csv"] = ""
    assert_only(setup.ailing(), "cdr_none", "no card", mend="cdr_csv", level="warn")


def test_call_records_are_switched_off(setup: SetUp) -> None:
    setup.user("anna", "1001")
    setup.doctor()  # so that there is a record
    setup.add("cdr.conf", "[general](+)\nenable = no")
    setup.asterisk.cli("core", "reload")
    try:
        found = setup.ailing()
    finally:
        setup.restore()
        setup.asterisk.cli("core", "reload")
    assert found["cdr_disabled"][0]["level"] == "fail"
    assert "enable = yes" in found["cdr_disabled"][0]["mend"]


def test_records_without_uniqueid(setup: SetUp) -> None:
    setup.user("anna", "1001")
    mapping = setup.etc / "cdr_custom.conf"
    text = mapping.read_text()
    for column in ("uniqueid", "linkedid"):
        text = text.replace(",${CSV_QUOTE(${CDR(" + column + ")})}", "")
    mapping.write_text(text)
    setup.asterisk.cdr_csv.unlink(missing_ok=True)
    setup.asterisk.cli("module", "reload", "cdr_custom.so")
    try:
        found = setup.ailing()
    finally:
        setup.restore()
        setup.asterisk.cli("module", "reload", "cdr_custom.so")
        setup.asterisk.cdr_csv.unlink(missing_ok=True)
    assert_only(found, "cdr_columns", "uniqueid", mend="cdr_custom.conf")


def test_wrong_zone(setup: SetUp) -> None:
    setup.user("anna", "1001")
    setup.keys["cdr_zone"] = '"Asia/Tokyo"'
    assert_only(setup.ailing(), "cdr_zone", "UTC+00:00", "UTC+09:00", mend="cdr_zone", level="warn")


# -- people, queues, dialplan


def test_operator_without_endpoint(setup: SetUp) -> None:
    setup.user("anna", "1077")
    assert_only(setup.ailing(), "operator_no_endpoint", "anna", "PJSIP/1077", mend="pjsip.conf")


def test_endpoint_without_operator(setup: SetUp) -> None:
    setup.user("anna", "1001")
    config = setup.config
    setup.config = lambda: narrowed(config())  # type: ignore[method-assign]
    found = setup.ailing()
    assert_only(found, "endpoint_no_operator", "PJSIP/1010", mend='["PJSIP/1???"]', level="warn")


def narrowed(path: Path) -> Path:
    path.write_text(path.read_text().replace("PJSIP/10??", "PJSIP/100?"))
    return path


def test_pattern_that_fits_nothing(setup: SetUp) -> None:
    config = setup.config
    setup.user("anna", "1001")
    setup.config = lambda: misread(config())  # type: ignore[method-assign]
    found = setup.ailing()
    assert set(found) == {"endpoints_none", "operator_no_pattern"}, found
    assert '["PJSIP/1???"]' in found["endpoints_none"][0]["mend"]


def misread(path: Path) -> Path:
    path.write_text(path.read_text().replace("PJSIP/10??", "SIP/1???"))
    return path


def test_queue_that_the_pbx_does_not_have(setup: SetUp) -> None:
    setup.user("anna", "1001")
    queues = [
        *(f"lobby-{n:02d}" for n in range(1, 21)),
        "support",
        "sales",
        "billing",
        "load",
        "lobby",
        *ACD,
        "suport",
        "vip",
    ]
    setup.more = "".join(f'[desk.queues."{name}"]\nwrap_up = "none"\n' for name in queues)
    found = setup.ailing()
    assert_only(found, "queue_unknown_to_pbx", "queue suport", mend="[desk.queues.suport]")
    lines = setup.doctor("--lines").stdout
    assert "is it support?" in lines and "[vip]\nstrategy = " in lines


def test_queue_that_we_do_not_know(setup: SetUp) -> None:
    setup.user("anna", "1001")
    setup.more = '[desk.queues.support]\nwrap_up = "none"\n'
    assert_only(setup.ailing(), "queue_unknown_here", "billing", mend="[desk.queues.", level="warn")


def test_wrong_context_for_click_to_call(setup: SetUp) -> None:
    setup.user("anna", "1001")
    setup.keys["call_context"] = '"from-nowhere"'
    assert_only(setup.ailing(), "call_context", "from-nowhere", mend='call_context = "from-agent"')
    assert "[from-nowhere]\ninclude => from-agent\n" in setup.doctor("--lines").stdout


def test_no_key_for_the_attended_transfer(setup: SetUp) -> None:
    setup.user("anna", "1001")
    features = setup.etc / "features.conf"
    features.write_text(features.read_text().replace("atxfer = *2", ""))
    setup.asterisk.cli("module", "reload", "features")
    try:
        found = setup.ailing()
        lines = setup.doctor("--lines").stdout
    finally:
        setup.restore()
        setup.asterisk.cli("module", "reload", "features")
    assert_only(found, "features", "attended transfer", mend="atxfer = *2", level="warn")
    assert "; ---- features.conf\n[featuremap](+)\natxfer = *2\n" in lines


def test_clocks_apart(setup: SetUp) -> None:
    setup.user("anna", "1001")
    with ShiftedStamps(setup.asterisk.ports.ami, by_s=-30.0) as proxy:
        setup.port = proxy.port
        found = setup.ailing()
    assert_only(found, "clock", "30.0 s behind", mend="time servers", level="warn")


def test_no_systemname(tmp_path: Path) -> None:
    with Asterisk("doctor") as nameless:
        with (nameless.directory / "etc" / "manager.conf").open("a") as end:
            end.write(ACCOUNTS)
        setup = SetUp(nameless, tmp_path)
        setup.reload()
        setup.user("anna", "1001")
        assert_only(setup.ailing(), "systemname", "ids of calls", mend="systemname = main", level="warn")
        assert "; ---- asterisk.conf\n[options](+)\nsystemname = main\n" in setup.doctor("--lines").stdout


# -- the ACD mode


@pytest.fixture
def acd(setup: SetUp) -> SetUp:
    """The same with the queues that the rig's dialplan is made of."""
    setup.user("anna", "1001")
    whole = (Path(RIG).parent / "acd.toml").read_text()
    setup.more = whole[whole.index("[queues.support-acd]") :]
    return setup


def reload_dialplan(setup: SetUp) -> None:
    setup.asterisk.cli("dialplan", "reload")
    setup.asterisk.cli("queue", "reload", "all")


def without(setup: SetUp, file: str, line: str) -> None:
    path = setup.etc / file
    path.write_text(path.read_text().replace(line, ""))
    reload_dialplan(setup)


def test_acd_with_nothing_to_mend(acd: SetUp) -> None:
    assert acd.ailing() == {}
    assert "Queues without members, and what takes over: hasty-acd, then support; message-acd, then a message" in (
        acd.doctor().stdout
    )


def test_acd_without_its_dialplan(acd: SetUp) -> None:
    without(acd, "extensions.conf", "#include meridian_extensions.conf")
    try:
        found, lines = acd.ailing(), acd.doctor("--lines").stdout
    finally:
        acd.restore()
        reload_dialplan(acd)
    assert_only(found, "acd_dialplan", "nothing of Meridian's", mend="meridian dialplan --write")
    assert "; ---- extensions.conf\n; the file is made by: meridian dialplan" in lines
    assert "\n#include meridian_extensions.conf\n" in lines and "core reload" in lines


def test_acd_with_the_dialplan_of_another_configuration(acd: SetUp) -> None:
    acd.more = acd.more.replace("patience_s = 5", "patience_s = 50")
    assert_only(acd.ailing(), "acd_dialplan", "of another meridian.toml", mend="meridian dialplan", level="warn")


def test_acd_without_its_queues(acd: SetUp) -> None:
    without(acd, "queues.conf", "#include meridian_queues.conf")
    try:
        found, lines = acd.ailing(), acd.doctor("--lines").stdout
    finally:
        acd.restore()
        reload_dialplan(acd)
    assert_only(found, "acd_queue", "no queue sales-acd", mend="#include meridian_queues.conf")
    assert len(found["acd_queue"]) == 4 and lines.count("#include meridian_queues.conf") == 1


def test_acd_queue_with_a_member(acd: SetUp) -> None:
    acd.asterisk.cli("queue", "add", "member", "PJSIP/1003", "to", "sales-acd")
    try:
        found = acd.ailing()
    finally:
        acd.asterisk.cli("queue", "remove", "member", "PJSIP/1003", "from", "sales-acd")
    assert_only(found, "acd_members", "sales-acd", "PJSIP/1003", mend="queue remove member PJSIP/1003 from sales-acd")


def test_acd_with_nobody_to_take_over(acd: SetUp) -> None:
    acd.more = acd.more.replace('fallback = "sales"', 'fallback = "nowhere"')
    found = acd.ailing()
    assert set(found) == {"acd_fallback", "acd_dialplan"}
    assert "no queue nowhere, which is to take over for sales-acd" in found["acd_fallback"][0]["text"]
    assert "[queues.sales-acd]" in found["acd_fallback"][0]["mend"]


def test_acd_without_the_right_to_ring(acd: SetUp) -> None:
    acd.add("manager.conf", "[meridian-act](+)\nwrite = agent,call")
    assert_only(acd.ailing(), "acd_originate", "meridian-act", "ring nobody", mend="Add originate")
    assert "[meridian-act](+)\nwrite = agent,call,originate\n" in acd.doctor("--lines").stdout


def test_acd_without_the_function_that_looks_before_a_caller_is_sent(acd: SetUp) -> None:
    acd.asterisk.cli("module", "unload", "func_dialplan.so")
    try:
        found = acd.ailing()
    finally:
        acd.asterisk.cli("module", "load", "func_dialplan.so")
    assert_only(found, "acd_function", "DIALPLAN_EXISTS", mend="func_dialplan.so")


# -- what is ours


def test_database_out_of_reach(setup: SetUp) -> None:
    setup.database = "postgresql://meridian:hush@127.0.0.1:1/meridian"
    found = setup.ailing()
    assert_only(found, "database", "127.0.0.1:1", mend="password")
    assert "hush" not in json.dumps(found)


def test_database_of_a_newer_meridian(setup: SetUp) -> None:
    setup.user("anna", "1001")
    subprocess.run(
        ["sqlite3", str(setup.folder / "m.db"), "update alembic_version set version_num = '9999'"], check=True
    ) if shutil.which("sqlite3") else _newer(setup.folder / "m.db")
    found = setup.ailing()
    assert_only(found, "database_tables", "newer Meridian", "9999", mend="backup")


def _newer(path: Path) -> None:
    import sqlite3

    database = sqlite3.connect(path)
    database.execute("update alembic_version set version_num = '9999'")
    database.commit()
    database.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_disk_full(setup: SetUp) -> None:
    setup.user("anna", "1001")
    journal = setup.folder / "var"
    journal.mkdir(exist_ok=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(journal)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no tmpfs here: {mounted.stderr.decode().strip()}")
    try:
        with pytest.raises(OSError), (journal / "full").open("wb", buffering=0) as file:
            while True:
                file.write(b"\0" * 65536)
        found = setup.ailing()
    finally:
        subprocess.run(["umount", str(journal)], check=True)
    assert set(found) == {"disk", "disk_write"}, found
    assert "0 MB free" in found["disk"][0]["text"]
    assert "Make room" in found["disk"][0]["mend"]


def test_wrong_use(setup: SetUp) -> None:
    assert setup.doctor("--lines", "--json").returncode == 2
    assert setup.doctor("--frobnicate").returncode == 2
