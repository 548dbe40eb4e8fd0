"""`meridian check`: what stands in the configuration, and the holes of the plan, in words and in JSON."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import configuration
from commands.check import holes_ahead, plan_of
from commands.cli import main

CONFIG = """
[site]
name = "riga"
timezone = "Europe/Riga"
region = "LV"
[pbx.one]
host = "10.0.0.5"
listener = {user = "l", secret = "s"}
[skills.billing]
en = "Billing"
ru = "Счета"
[hours.always]
zone = "Europe/Riga"
week = ["daily 00:00-24:00"]
[hours.day]
zone = "Europe/Riga"
week = ["daily 09:00-18:00"]
[hours.lunch]
zone = "Europe/Riga"
week = ["daily 13:00-13:30"]
[queues.support]
requirement = "billing >= 3"
relax = [{ after_s = 60, requirement = "billing" }]
hours = "day"
[people.anna]
skills = { billing = 3 }
queues = ["support"]
shifts = ["day"]
[people.boris]
skills = { billing = 1 }
queues = ["support"]
shifts = ["day"]
"""
OUT_OF_PLAN = '[people.vera]\nqueues = ["support"]\n'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return written(tmp_path, CONFIG)


def written(folder: Path, text: str) -> Path:
    path = folder / "meridian.toml"
    path.write_text(text, encoding="utf-8")
    return path


def checked(path: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, str]:
    code = main(["check", "--config", str(path), *more])
    told = capsys.readouterr()
    return code, told.out + told.err


def as_json(path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    code, told = checked(path, capsys, "--json")
    assert code == 0
    found: dict[str, Any] = json.loads(told)
    return found


def test_what_stands_there_in_one_glance(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = checked(config, capsys, "--strict")
    assert code == 0
    for words in (
        "can be used",
        "Site riga, Europe/Riga",
        "PBX one: 10.0.0.5:5038",
        "Queue support: native, its members are kept by Meridian, today 09:00-18:00 Europe/Riga",
        "at once      billing >= 3",
        "after 60 s   billing",
        "2 people with shifts: every queue has somebody for its first step",
    ):
        assert words in told


def test_a_lunch_is_a_hole_in_both_times(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, CONFIG.replace('shifts = ["day"]', 'shifts = ["day"]\nbreaks = ["lunch"]', 1))
    code, told = checked(path, capsys)
    assert code == 0 and "13:00-13:30" in told and "nobody for billing >= 3, later steps have" in told
    assert checked(path, capsys, "--strict")[0] == 1
    plan = plan_of(configuration.load(path, {}), {2026})
    (summer, _) = holes_ahead(plan, datetime(2026, 7, 1, tzinfo=UTC), 2)
    (winter, _) = holes_ahead(plan, datetime(2026, 12, 1, tzinfo=UTC), 2)
    assert (summer.opens.hour, winter.opens.hour) == (10, 11), "13:00 in Riga"
    holes = as_json(path, capsys)["holes"]
    assert len(holes) in (14, 15)  # today's may be under way
    assert holes[5]["opens_local"][11:16] == "13:00" and holes[5]["opens"].endswith("+00:00")
    assert datetime.fromisoformat(holes[5]["opens"]) == datetime.fromisoformat(holes[5]["opens_local"])


def test_a_queue_open_with_nobody_there_is_told_as_worse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = as_json(written(tmp_path, CONFIG.replace('hours = "day"', 'hours = "always"')), capsys)
    assert {hole["severity"] for hole in told["holes"]} == {"nobody"} and told["to_mend"] == []


def test_a_queue_that_nobody_could_ever_serve_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, CONFIG + '[queues.experts]\nrequirement = "billing >= 5"\nhours = "day"\n')
    code, told = checked(path, capsys, "--strict")
    assert code == 1 and "queue experts: nobody in [people] could ever serve it" in told
    # Skill alone is not enough: who isn't a member of the queue can't serve it.
    path = written(tmp_path, CONFIG + "[queues.sales]\n")
    assert "queue sales: nobody" in as_json(path, capsys)["to_mend"][0]


def test_people_without_shifts_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = as_json(written(tmp_path, CONFIG + OUT_OF_PLAN), capsys)
    assert told["people"] == 2 and "vera has no 'shifts'" in told["to_mend"][0]


def test_without_a_plan_nothing_is_made_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = checked(written(tmp_path, CONFIG.partition("[people.anna]")[0]), capsys, "--strict")
    assert code == 0 and "can't be told" in told
    code, told = checked(written(tmp_path, CONFIG.partition("[skills.billing]")[0]), capsys, "--strict")
    assert code == 0 and "no plan to check" in told


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("requirement", "requirment", "did you mean 'requirement'"),
        ('"billing >= 3"', '"biling >= 3"', "did you mean 'billing'"),
        ('week = ["daily 13:00-13:30"]', 'week = []\nholidays = "XX"', "[hours.lunch]: 'holidays' 'XX' is no country"),
    ],
)
def test_what_can_not_be_used_is_refused(
    before: str, after: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = checked(written(tmp_path, CONFIG.replace(before, after, 1)), capsys)
    assert code == 1 and told.startswith("meridian: ") and words in told


def test_the_days_are_checked(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for days in ("0", "367", "-1", "x"):
        with pytest.raises(SystemExit):
            main(["check", "--config", str(config), "--days", days])
        assert "write 1 to 366" in capsys.readouterr().err


def test_the_example_of_three_sites(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMI_LISTENER", "x")
    code, told = checked(Path(__file__).resolve().parents[3] / "docs" / "examples" / "three-sites.toml", capsys)
    assert code == 0 and "omsk, Asia/Omsk" in told and "nobody for lang.en >= 3" in told


def test_who_serves_each_queue_and_that_pauses_must_count_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = '[queues.old]\n[queues.own]\nmode = "acd"\n[desk]\nsync_members = false\n'
    path = written(
        tmp_path, CONFIG.replace("[people.boris]", more + "[people.boris]").replace('["support"]', '["support", "own"]')
    )
    _, told = checked(path, capsys)
    assert "Queue old: native, its members are its own, always open" in told
    assert "Queue own: acd, scarcity, always open" in told
    assert "Meridian keeps the members of support, and pauses wouldn't count there" in told
