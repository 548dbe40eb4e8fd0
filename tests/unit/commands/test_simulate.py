"""`meridian simulate`: what it prints is what was played; the same seed says the same; refusals name file, line and mend."""

import json
import random
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import configuration
from commands.check import plan_of
from commands.cli import main
from core.settings import read_settings
from routing import generated
from routing.doors import Doors
from routing.policy import Strategy
from routing.simulation import Simulation

EXAMPLES = Path(__file__).resolve().parents[3] / "docs" / "examples"
THREE, CALLERS = EXAMPLES / "three-sites.toml", EXAMPLES / "three-sites-callers.toml"
DAY = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def callers(tmp_path: Path) -> Path:
    """Two days of the example's callers."""
    path = tmp_path / "callers.toml"
    path.write_text(CALLERS.read_text(encoding="utf-8").replace("days = 7", "days = 2"), encoding="utf-8")
    return path


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    chance = random.Random(5)
    rows = [
        f"{(DAY + timedelta(seconds=chance.uniform(0, 86_000))).isoformat()},{chance.choice(['support', 'english'])},"
        f"{chance.expovariate(1 / 240):.1f},{chance.expovariate(1 / 180):.1f}"
        for _ in range(500)
    ]
    path = tmp_path / "calls.csv"
    path.write_text("at,queue,handle_s,patience_s\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def simulated(capsys: pytest.CaptureFixture[str], *argv: object) -> str:
    assert main(["simulate", *(str(each) for each in argv)]) == 0
    return capsys.readouterr().out


def as_json(capsys: pytest.CaptureFixture[str], *argv: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(simulated(capsys, *argv, "--json"))
    return found


def refused(capsys: pytest.CaptureFixture[str], *argv: object) -> str:
    assert main(["simulate", *(str(each) for each in argv)]) == 1
    told = capsys.readouterr()
    assert told.out == "" and told.err.startswith("meridian: ")
    return told.err


def test_the_printed_figures_are_those_that_were_played(callers: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = configuration.load(THREE, {"AMI_LISTENER": "x"})
    spec = generated.CallersSpec(start="2026-01-01", days=2, streams=_streams(callers))
    plan = plan_of(settings, {2025, 2026, 2027})
    start, end = spec.period("Europe/Riga")
    over = end + timedelta(days=1)
    doors = Doors(plan.queues, plan.hours_of(), start, over)
    arrivals = generated.arrivals(spec, "Europe/Riga", 1, dict.fromkeys(settings.queues, 10.0))
    played = Simulation(plan.policies(), plan.workers(start, over), ring_s=4.0).play(doors.let_in(arrivals))
    figures = played.figures(within_s=20, short_s=5)
    printed = simulated(capsys, THREE, "--generate", callers)
    for name in ("support", "english", "all"):
        one = figures["" if name == "all" else name]
        assert one.service_level is not None and one.asa_s is not None
        cells = re.search(
            rf"^{name} +([\d,]+) +([\d,]+) +([\d,]+) +\d+ +\d+ +([\d.]+) % +([\d.]+) s +([\d,.]+) s", printed, re.M
        )
        assert cells is not None, printed
        assert [cell.replace(",", "") for cell in cells.groups()] == [
            str(one.offered), str(one.answered), str(one.abandoned), f"{100 * one.service_level:.1f}", f"{one.asa_s:.1f}",
            f"{one.longest_s:.1f}",
        ]  # fmt: skip
    told = as_json(capsys, THREE, "--generate", callers)[str(THREE)]
    assert told["all"]["service_level"] == figures[""].service_level and told["all"]["asa_s"] == figures[""].asa_s
    assert sum(site["answered"] for site in told["sites"].values()) == figures[""].answered
    assert sum(hour["offered"] for hour in told["hours"].values()) == figures[""].offered


def _streams(callers: Path) -> dict[str, generated.Stream]:
    spec = read_settings(generated.CallersSpec, callers.read_text(encoding="utf-8"), source="", environ={})
    return spec.streams


def test_the_same_seed_says_the_same_and_another_one_something_else(
    callers: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = simulated(capsys, THREE, "--generate", callers, "--seed", 3)
    assert one == simulated(capsys, THREE, "--generate", callers, "--seed", 3)
    assert one != simulated(capsys, THREE, "--generate", callers, "--seed", 4)
    assert "Service level = answered within T / (answered + abandoned - short abandons)" in one
    assert "seed 3" in one and "phones ring 4 s" in one and "Europe/Riga" in one


def test_two_configurations_side_by_side_on_the_same_callers(
    callers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fewer = tmp_path / "fewer.toml"
    fewer.write_text(re.sub(r"\[people\.omsk\d\]\n(.+\n)+", "", THREE.read_text(encoding="utf-8")), encoding="utf-8")
    both = as_json(capsys, THREE, "--generate", callers, "--compare", fewer)
    alone = as_json(capsys, fewer, "--generate", callers)
    ours, theirs = both[str(THREE)], both[str(fewer)]
    assert theirs == alone[str(fewer)], "a comparison says of each what it says alone"
    assert ours["all"]["offered"] == theirs["all"]["offered"]
    assert ours["all"]["service_level"] > theirs["all"]["service_level"] and "omsk" not in theirs["sites"]
    text = simulated(capsys, THREE, "--generate", callers, "--compare", fewer)
    assert f"A: {THREE}" in text and f"B: {fewer}" in text
    for figures in (ours["all"], theirs["all"]):
        assert f"{100 * figures['service_level']:.1f} %" in text and f"{figures['asa_s']:.1f} s" in text
    assert re.search(r"^omsk .* / -", text, re.M)


def test_strategies_on_the_same_callers_over_several_seeds(callers: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = as_json(capsys, THREE, "--generate", callers, "--strategies", "--seeds", 2)
    assert set(found) == {str(strategy) for strategy in Strategy}
    for seed in (0, 1):
        assert len({many[seed]["all"]["offered"] for many in found.values()}) == 1, "the same callers for everybody"
    assert found["scarcity"][0] != found["scarcity"][1] and found["scarcity"][0] != found["longest_idle"][0]
    alone = as_json(capsys, THREE, "--generate", callers, "--seed", 2)[str(THREE)]
    assert found["scarcity"][1] == alone, "the example's own strategy is scarcity"
    text = simulated(capsys, THREE, "--generate", callers, "--strategies", "--seeds", 2)
    assert "seeds 1 to 2" in text and "leastrecent" in text and "rrmemory" in text


def test_recorded_callers(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = as_json(capsys, THREE, "--arrivals", recorded)[str(THREE)]
    assert told["all"]["offered"] == 500 and told["queues"]["billing"]["service_level"] is None
    text = simulated(capsys, THREE, "--arrivals", recorded)
    assert "500 callers from 2026-03-02 to" in text and re.search(r"^billing +0 .* - +- +- +-$", text, re.M)
    assert len(as_json(capsys, THREE, "--arrivals", recorded, "--strategies")["scarcity"]) == 1


def test_bad_rows_are_told_by_line_and_nothing_is_simulated(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = recorded.read_text(encoding="utf-8").splitlines()
    text[9], text[19] = text[9].replace("2026", "20x6"), text[19] + ",1"
    recorded.write_text("\n".join(text), encoding="utf-8")
    told = refused(capsys, THREE, "--arrivals", recorded)
    assert (
        f"{recorded}: 2 rows can't be read" in told
        and "\n  line 10: at '20x6" in told
        and "\n  line 20: 5 cells" in told
    )


def test_what_can_not_be_simulated_is_refused(
    callers: Path, recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = tmp_path / "bare.toml"
    bare.write_text(THREE.read_text(encoding="utf-8").partition("[skills")[0], encoding="utf-8")
    assert "has no [queues.NAME]" in refused(capsys, bare, "--generate", callers)
    bare.write_text(THREE.read_text(encoding="utf-8").partition("[people")[0], encoding="utf-8")
    assert "nobody with 'shifts'" in refused(capsys, bare, "--generate", callers)
    callers.write_text(callers.read_text(encoding="utf-8").replace('queue = "english"', 'queue = "englisch"'))
    assert "streams.abroad: queue 'englisch' is not declared" in refused(capsys, THREE, "--generate", callers)
    callers.write_text(
        callers.read_text(encoding="utf-8").replace("englisch", "english").replace("billing >= 2", "bling")
    )
    assert "streams.baltics: skill 'bling' is not declared" in refused(capsys, THREE, "--generate", callers)
    assert "can't read" in refused(capsys, THREE, "--generate", tmp_path / "none")
    assert "can't read" in refused(capsys, THREE, "--arrivals", tmp_path)
    recorded.write_text("at,queue,handle_s\n" + "".join(f"{year}-01-01T00:00:00Z,support,9\n" for year in (2001, 2026)))
    assert "from 2001-01-01 to 2026-01-01 is more than" in refused(capsys, THREE, "--arrivals", recorded)
    recorded.write_bytes(b"at,queue\xff")
    assert "not UTF-8" in refused(capsys, THREE, "--arrivals", recorded)
    assert "two questions" in refused(capsys, THREE, "--generate", callers, "--strategies", "--compare", THREE)
    assert "--seeds needs --strategies" in refused(capsys, THREE, "--generate", callers, "--seeds", "2")


@pytest.mark.parametrize(
    "more", [["--ring", "-1"], ["--ring", "nan"], ["--seeds", "0"], ["--seed", "x"], ["--arrivals", "x"]]
)
def test_options_are_checked(more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["simulate", str(THREE), "--generate", str(CALLERS), *more])
    assert "usage: meridian simulate" in capsys.readouterr().err
