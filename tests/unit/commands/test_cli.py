"""The command line itself: verbs, exit codes, one sentence for what goes wrong."""

import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path

import pytest

from commands import cli, demo, record, run


@pytest.mark.parametrize("verb", cli.VERBS)
def test_every_verb_explains_itself(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main([verb, "--help"])
    assert left.value.code == 0
    told = capsys.readouterr().out
    assert f"meridian {verb}" in told and len(told.splitlines()) > 5


def test_the_list_of_verbs(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(["--help"])
    assert left.value.code == 0
    told = capsys.readouterr().out
    assert all(verb in told for verb in cli.VERBS)


@pytest.mark.parametrize(
    "argv", [[], ["fly"], ["replay"], ["replay", "f", "--agent"], ["user"], ["run", "--log-level", "loud"]]
)
def test_what_is_no_command_is_refused_with_the_usage(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(argv)
    assert left.value.code == 2 and "usage: meridian" in capsys.readouterr().err


@pytest.mark.parametrize("verb", [["run"], ["record", "x.ami"], ["user", "list"]])
def test_a_missing_configuration_is_one_sentence(
    verb: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*verb, "--config", str(tmp_path / "none.toml")]) == 1
    told = capsys.readouterr().err
    assert told.startswith("meridian: there is no ") and len(told.splitlines()) == 1


def test_the_demo_with_its_public_passwords_serves_this_machine_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["demo", "--host", "0.0.0.0"]) == 1
    assert "serves this machine only" in capsys.readouterr().err


def test_record_asks_which_pbx_and_refuses_a_file_that_can_not_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "m.toml"
    pbx = '[pbx.{}]\nhost = "127.0.0.1"\nlistener = {{user = "u", secret = "s"}}\n'
    site = '[site]\nname = "r"\ntimezone = "UTC"\nregion = "LV"\n'
    config.write_text(site + pbx.format("one") + pbx.format("two"))
    assert cli.main(["record", str(tmp_path / "f"), "--config", str(config)]) == 1
    assert "say which PBX with --pbx: one, two" in capsys.readouterr().err
    assert cli.main(["record", str(tmp_path / "f"), "--config", str(config), "--pbx", "three"]) == 1
    assert "one, two" in capsys.readouterr().err
    assert cli.main(["record", str(tmp_path / "no" / "f"), "--config", str(config), "--pbx", "one"]) == 1
    assert "name another file" in capsys.readouterr().err
    assert not (tmp_path / "f").exists()


def test_the_defaults_are_those_of_the_help() -> None:
    parser = ArgumentParser()
    demo.add_arguments(parser)
    told = parser.parse_args([])
    assert (told.host, told.port, told.fresh) == ("127.0.0.1", 8080, False)
    for module in (run, record):
        parser = ArgumentParser()
        module.add_arguments(parser)
        assert parser.get_default("config") == Path("meridian.toml")


def test_the_module_runs_as_a_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "commands.cli", "replay", "/nowhere.ami"],
        capture_output=True, text=True, timeout=30, check=False, cwd=Path(__file__).parents[3],
    )  # fmt: skip
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith("meridian: can't read the capture /nowhere.ami")
