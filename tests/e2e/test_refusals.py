"""What is wrong with a set-up is said in one sentence that tells what to do, with an exit code that isn't zero, before anything
is half started. On real things."""

import os
import socket
import sqlite3
import subprocess
from pathlib import Path

import pytest

from tests.rig.instance import Asterisk
from tests.rig.meridian import MERIDIAN


def meridian(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(MERIDIAN), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=folder,
        env={**os.environ, **environment},
        check=False,
    )


def configuration(
    folder: Path, *, ami_port: int = 1, web_port: int = 0, user: str = "listener", more: str = ""
) -> Path:
    path = folder / "meridian.toml"
    path.write_text(
        f'[site]\nname = "t"\ntimezone = "Europe/Moscow"\nregion = "RU"\n{more}\n'
        f'[pbx.main]\nhost = "127.0.0.1"\nport = {ami_port}\nlistener = {{user = "{user}", secret = "env:AMI_SECRET"}}\n'
        f'[database]\nurl = "sqlite:///{folder}/m.db"\nfolder = "{folder}/var"\n[web]\nport = {web_port}\n'
    )
    return path


def assert_one_sentence(done: subprocess.CompletedProcess[str], *parts: str) -> None:
    assert done.returncode != 0
    lines = [line for line in done.stderr.splitlines() if line.startswith("meridian: ")]
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    for part in parts:
        assert part in lines[0], lines[0]


def test_no_configuration(tmp_path: Path) -> None:
    assert_one_sentence(meridian("run", folder=tmp_path), "there is no meridian.toml", "meridian demo")


def test_unknown_key(tmp_path: Path) -> None:
    configuration(tmp_path, more='timezoen = "x"')
    done = meridian("run", folder=tmp_path, AMI_SECRET="x")
    assert_one_sentence(done, "line 5", "unknown key 'site.timezoen'", "did you mean 'timezone'?")


def test_secret_not_in_the_environment(tmp_path: Path) -> None:
    configuration(tmp_path)
    assert_one_sentence(meridian("run", folder=tmp_path), "AMI_SECRET", "set it")


def test_port_in_use(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        configuration(tmp_path, web_port=taken.getsockname()[1])
        done = meridian("run", folder=tmp_path, AMI_SECRET="x")
    assert_one_sentence(done, "in use by another program", "[web] port")
    assert not (tmp_path / "m.db").exists(), "something was begun before the port was sure"


def test_database_newer_than_the_program(tmp_path: Path) -> None:
    configuration(tmp_path)
    meridian("user", "list", folder=tmp_path, AMI_SECRET="x")
    with sqlite3.connect(tmp_path / "m.db") as database:
        database.execute("update alembic_version set version_num = '9999'")
    database.close()
    before = (tmp_path / "m.db").read_bytes()
    assert_one_sentence(meridian("run", folder=tmp_path, AMI_SECRET="x"), "newer", "9999")
    assert (tmp_path / "m.db").read_bytes() == before


def test_database_that_cannot_be_reached(tmp_path: Path) -> None:
    path = configuration(tmp_path)
    text = path.read_text().replace(f"sqlite:///{tmp_path}/m.db", "postgresql://meridian:hush@127.0.0.1:1/meridian")
    path.write_text(text)
    done = meridian("run", folder=tmp_path, AMI_SECRET="x")
    assert_one_sentence(done, "127.0.0.1:1")
    assert "hush" not in done.stderr


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "can't read"),
        (b"", "no AMI messages"),
        (os.urandom(4096), "no AMI messages"),
        (b"hello\r\n\r\nworld\r\n\r\n", "no AMI"),
    ],
)
def test_unreadable_capture(tmp_path: Path, content: bytes | None, says: str) -> None:
    capture = tmp_path / "capture.ami"
    if content is not None:
        capture.write_bytes(content)
    assert_one_sentence(meridian("replay", str(capture), folder=tmp_path), says, "capture.ami")


@pytest.mark.real("asterisk")
@pytest.mark.timeout(400)
def test_wrong_password_and_wrong_rights(tmp_path: Path) -> None:
    """At the start a PBX that refuses us is a wrong set-up: it is said, and Meridian ends. (Later it waits to be let in again.)"""
    with Asterisk() as asterisk:
        for user, secret, parts in (
            ("listener", "wrong", ("listener", "secret")),
            ("frugal", "frugal", ("frugal",)),
            ("deaf", "deaf", ("deaf",)),
            ("mighty", "mighty", ("mighty", "command")),
        ):
            configuration(tmp_path, ami_port=asterisk.ports.ami, user=user)
            assert_one_sentence(meridian("run", folder=tmp_path, AMI_SECRET=secret), *parts)
        recorded = meridian("record", "x.ami", "--seconds", "2", folder=tmp_path, AMI_SECRET="wrong")
        assert_one_sentence(recorded, "mighty", "secret")
