"""`meridian dialplan`: prints, writes, and says what to do next; errors that a newcomer understands."""

import os
import stat
from pathlib import Path

import pytest

from commands.cli import main

CONFIGURATION = """
[site]
name = "t"
timezone = "Europe/Moscow"
region = "RU"
[pbx.main]
host = "127.0.0.1"
listener = { user = "listen", secret = "env:NOT_SET_ANYWHERE" }
[queues.support]
mode = "acd"
fallback = "plain"
[queues.plain]
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "meridian.toml"
    path.write_text(CONFIGURATION)
    return path


def test_it_prints_both_files_without_any_secret(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dialplan", "--config", str(config)]) == 0
    out = capsys.readouterr().out
    assert "; ======== meridian_extensions.conf\n" in out and "; ======== meridian_queues.conf\n" in out
    assert "[support](meridian-lobby-queue)" in out and "[plain]" not in out


def test_it_writes_them_for_asterisk_to_read_and_says_what_is_next(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "asterisk"
    folder.mkdir()
    (folder / "meridian_queues.conf").write_text("old")
    assert main(["dialplan", "--config", str(config), "--write", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "#include meridian_extensions.conf" in out and "extensions_custom.conf" in out and "dialplan reload" in out
    assert sorted(file.name for file in folder.iterdir()) == ["meridian_extensions.conf", "meridian_queues.conf"]
    for file in folder.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o644
        assert "Meridian" in file.read_text()


def test_a_folder_that_is_not_there(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dialplan", "--config", str(config), "--write", "/no/such/folder"]) == 1
    assert "can't write /no/such/folder/meridian_extensions.conf (No such file" in capsys.readouterr().err


def test_a_file_that_cannot_be_replaced_leaves_nothing_behind(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "asterisk"
    (folder / "meridian_extensions.conf").mkdir(parents=True)
    assert main(["dialplan", "--config", str(config), "--write", str(folder)]) == 1
    assert "can't write" in capsys.readouterr().err
    assert os.listdir(folder) == ["meridian_extensions.conf"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('mode = "acd"', ""), 'no queue has mode = "acd"'),
        (("queues.support", 'queues."Support Team"'), "can't be an ACD queue's name"),
        (('"plain"', '"a,b"'), "can't be a queue's name"),
        (("[queues.plain]", '[queues.plain]\nmode = "acd"'), "has no members of its own"),
        (('fallback = "plain"', "lobby = { patience_s = 1 }"), "line 11: 'patience_s' is 1"),
    ],
)
def test_what_cannot_be_made(
    config: Path, capsys: pytest.CaptureFixture[str], change: tuple[str, str], said: str
) -> None:
    config.write_text(CONFIGURATION.replace(*change))
    assert main(["dialplan", "--config", str(config)]) == 1
    err = capsys.readouterr().err
    assert said in err and "Traceback" not in err and err.count("\n") == 1
