"""An Asterisk that knows nothing of Meridian: the lines that `meridian doctor` prints, pasted as they are, make the main job work.
Played on a bare PBX, and on one shaped as FreePBX shapes its own (contexts, Local members, *_custom.conf files)."""

import argparse
import json
import os
import re
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.rig.driver import RigError
from tests.rig.instance import Asterisk
from tests.rig.lab_run import play
from tests.rig.meridian import MERIDIAN, Meridian
from tests.rig.phones import PhoneRoom
from tests.rig.traffic import Crew

pytestmark = [pytest.mark.real("asterisk"), pytest.mark.timeout(240)]

CUSTOM = {
    "manager.conf": "manager_custom.conf",
    "extensions.conf": "extensions_custom.conf",
    "queues.conf": "queues_custom.conf",
}


def configuration(asterisk: Asterisk, meridian: Meridian, *, context: str) -> str:
    return f"""\
[site]
name = "bare"
timezone = "Europe/Moscow"
region = "RU"
agents = ["PJSIP/100?"]

[pbx.office]
host = "127.0.0.1"
port = {asterisk.ports.ami}
listener = {{ user = "meridian-listen", secret = "env:AMI_LISTENER" }}
controller = {{ user = "meridian-act", secret = "env:AMI_CONTROLLER" }}
call_context = "{context}"
call_prefix = "9"
cdr_csv = {json.dumps(str(asterisk.cdr_csv))}
cdr_every_s = 5.0

[database]
url = {json.dumps(meridian.database_url)}
folder = {json.dumps(str(meridian.folder / "var"))}

[web]
port = {meridian.web_port}
"""


def doctor(meridian: Meridian, *options: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    command = [str(MERIDIAN), "doctor", "--config", str(meridian.config), *options]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=90, check=False, env={**os.environ, **environment}
    )


def add_people(meridian: Meridian) -> None:
    for name in ("1001", "1002"):
        command = [str(MERIDIAN), "user", "add", f"at-{name}", "--extension", name, "--config", str(meridian.config)]
        subprocess.run(command, check=True, timeout=30, env={**os.environ, "MERIDIAN_PASSWORD": "not so secret"})


def paste(printed: str, etc: Path, *, custom: bool) -> dict[str, str]:
    """What an administrator does with the lines: each block to the end of its file. What is for Meridian's environment."""
    lines, _, environment = printed.partition("# ---- the environment of Meridian")
    for name, block in re.findall(r"^; ---- (\w+\.conf)\n(.*?)(?=^; ----|\Z)", lines, re.M | re.S):
        file = etc / (CUSTOM.get(name, name) if custom else name)
        present = "".join(path.read_text() for path in (etc / name, file) if path.exists())
        text = block
        for section in re.findall(r"^\[(.+)\]\(\+\)$", block, re.M):
            if f"[{section}]" not in present:
                text = text.replace(f"[{section}](+)", f"[{section}]")
        file.write_text((file.read_text() if file.exists() else "") + "\n" + text)
    return dict(line.split("=", 1) for line in environment.splitlines() if "=" in line)


def restart(asterisk: Asterisk) -> None:
    """As the doctor says at the end of its lines: what was pasted stays."""
    asterisk.cli("core", "restart", "now")
    deadline = time.monotonic() + 30
    while True:
        try:
            if "fully booted" in asterisk.cli("core", "waitfullybooted"):
                return
        except RigError:
            assert time.monotonic() < deadline, "Asterisk doesn't come back"
        time.sleep(0.2)


def findings(report: str) -> dict[str, list[dict[str, Any]]]:
    """By level."""
    found: dict[str, list[dict[str, Any]]] = {}
    for area in json.loads(report)["areas"]:
        for finding in area["findings"]:
            found.setdefault(finding["level"], []).append(finding)
    return found


@pytest.mark.parametrize(
    ("conf", "context", "queue"), [("bare", "internal", "support"), ("freepbx", "from-internal", "400")]
)
def test_the_doctors_lines_make_the_main_job_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, conf: str, context: str, queue: str
) -> None:
    with Asterisk("bare", conf=conf) as asterisk:
        meridian = Meridian(asterisk, tmp_path)
        meridian.config.write_text(configuration(asterisk, meridian, context=context))
        before = doctor(meridian, "--json", environment={})
        assert before.returncode == 1, before.stderr
        wrong = {finding["code"] for finding in findings(before.stdout)["fail"]}
        assert wrong >= {"environment", "cdr_file_missing"} and wrong & {"ami_unreachable", "ami_not_tried"}

        printed = doctor(meridian, "--lines", environment={})
        assert printed.returncode == 1, printed.stderr
        secrets = paste(printed.stdout, asterisk.directory / "etc", custom=conf == "freepbx")
        assert set(secrets) == {"AMI_LISTENER", "AMI_CONTROLLER"}
        restart(asterisk)
        again = doctor(meridian, "--lines", environment=secrets)
        if again.stdout.strip():  # what could not be seen before anybody was let in
            secrets |= paste(again.stdout, asterisk.directory / "etc", custom=conf == "freepbx")
            restart(asterisk)

        for name, secret in secrets.items():
            monkeypatch.setenv(name, secret)
        add_people(meridian)
        crew = Crew(agents=[1001, 1002], dialling=[1003], queues={"500": queue}, joins=False)
        options = argparse.Namespace(seconds=25.0, seed=5, rate=0.5)
        with meridian:
            complaints = play(asterisk, meridian, options, crew=crew)
            cards = meridian.cards()
            after = doctor(meridian, "--json", environment=secrets)
        assert complaints == []
        assert sum(card.answered_at is not None for card in cards) >= 4
        assert {name for card in cards for name in card.queues} == {queue}
        assert {card.answered_by for card in cards if card.queues and card.answered_at} <= {"1001", "1002"}
        assert after.returncode == 0, findings(after.stdout)["fail"]
        assert "warn" not in findings(after.stdout), findings(after.stdout)["warn"]
        assert any(each["text"].startswith("Meridian is running at") for each in findings(after.stdout)["ok"])
        assert not any(json.loads(after.stdout)["lines"].values())


@pytest.mark.parametrize(
    ("conf", "trunk", "context", "queue"),
    [("bare", "from-pstn", "internal", "support"), ("freepbx", "from-trunk", "from-internal", "400")],
)
def test_the_dialplan_of_a_queue_that_meridian_distributes(
    tmp_path: Path, conf: str, trunk: str, context: str, queue: str
) -> None:
    """As docs/attach-asterisk.md says in its fifth step; then Meridian is silent, and a caller reaches the company's own queue."""
    with Asterisk("bare", conf=conf) as asterisk:
        etc, custom = asterisk.directory / "etc", conf == "freepbx"
        meridian = Meridian(asterisk, tmp_path)
        acd = f'\n[queues.help]\nmode = "acd"\nfallback = "{queue}"\n'
        meridian.config.write_text(configuration(asterisk, meridian, context=context) + acd)
        secrets = paste(doctor(meridian, "--lines", environment={}).stdout, etc, custom=custom)
        restart(asterisk)
        printed = doctor(meridian, "--lines", environment=secrets).stdout
        assert "#include meridian_extensions.conf" in printed and "#include meridian_queues.conf" in printed

        command = [str(MERIDIAN), "dialplan", "--config", str(meridian.config), "--write", str(etc)]
        subprocess.run(command, check=True, capture_output=True, timeout=30)
        secrets |= paste(printed, etc, custom=custom)
        with (etc / (CUSTOM["extensions.conf"] if custom else "extensions.conf")).open("a") as end:
            end.write(f"\n[{trunk}]\nexten => 510,1,Goto(meridian-acd,help,1)\n")
        restart(asterisk)
        report = findings(doctor(meridian, "--json", environment=secrets).stdout)
        found = {each["code"]: each for each in report["ok"]}
        assert f"help, then {queue}" in found["acd_queue"]["text"] and "acd_dialplan" in found
        assert not [each for each in report.get("fail", []) + report.get("warn", []) if "acd" in each["code"]]

        room = PhoneRoom(asterisk.ports.sip)
        try:
            operator = room.agent(1001)
            caller = room.call("79161110001", "510")
            operator.wait("RINGING")
            operator.answer()
            caller.hangup()
        finally:
            room.close()
