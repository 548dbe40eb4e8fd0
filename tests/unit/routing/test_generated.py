"""Drawn callers: as many as described, when described, the same for the same seed; what makes no sense is refused."""

import random
from datetime import UTC, datetime
from math import inf, sqrt
from zoneinfo import ZoneInfo

import pytest

from core.errors import BadConfiguration
from core.settings import read_settings
from routing.generated import CallersSpec, Extra, Law, Spread, Stream, arrivals
from routing.simulation import Arrival

HANDLE = Spread(mean_s=240, law=Law.CONSTANT)


def spec(
    *calls: str, zone: str = "Europe/Riga", start: str = "2026-03-02", days: int = 7, **more: object
) -> CallersSpec:
    stream = Stream(queue="support", zone=zone, calls=calls, handle=HANDLE, **more)  # type: ignore[arg-type]
    return CallersSpec(start=start, days=days, streams={"all": stream})


def drawn(what: CallersSpec, seed: int = 1) -> list[Arrival]:
    return list(arrivals(what, "Europe/Riga", seed, {"support": 10.0}))


def test_the_same_seed_draws_the_same_callers_and_another_one_others() -> None:
    what = spec("daily 00:00-24:00 20", patience=Spread(mean_s=100))
    assert drawn(what) == drawn(what)
    assert drawn(what) != drawn(what, seed=2)


def test_a_new_stream_leaves_the_others_as_they_were() -> None:
    one = spec("daily 00:00-24:00 20")
    other = Stream(queue="sales", zone="UTC", calls=("daily 00:00-24:00 50",), handle=HANDLE)
    both = CallersSpec(start=one.start, days=one.days, streams={**one.streams, "other": other})
    found = drawn(both)
    assert [each for each in found if each.queue == "support"] == drawn(one)
    assert [each.at_s for each in found] == sorted(each.at_s for each in found)


def test_streams_that_are_described_alike_are_other_people() -> None:
    stream = spec("daily 00:00-24:00 20").streams["all"]
    found = drawn(CallersSpec(start="2026-03-02", days=7, streams={"one": stream, "other": stream}))
    assert len({each.at_s for each in found}) == len(found) > 6_000


@pytest.mark.parametrize("zone", ["Europe/Riga", "Asia/Kathmandu", "America/New_York"])
def test_so_many_come_in_the_hours_of_their_zone(zone: str) -> None:
    found = drawn(spec("Mon-Fri 09:00-18:00 30", "Mon-Fri 10:00-12:00 60", zone=zone, days=364))
    by_hour = [0] * 24
    for arrival in found:
        local = datetime.fromtimestamp(arrival.at_s, UTC).astimezone(ZoneInfo(zone))
        assert local.weekday() < 5
        by_hour[local.hour] += 1
    for hour, count in enumerate(by_hour):
        rate = (30 if 9 <= hour < 18 else 0) + (60 if hour in (10, 11) else 0)
        assert abs(count - 260 * rate) <= 5 * sqrt(260 * rate), (hour, count)
    what = spec("Mon-Fri 09:00-18:00 30", "Mon-Fri 10:00-12:00 60", zone=zone, days=364)
    assert what.expected() == 52 * 5 * (9 * 30 + 2 * 60)


def test_the_hour_that_comes_twice_has_twice_the_callers_and_the_one_that_never_is_has_none() -> None:
    assert drawn(spec("Sun 03:00-04:00 100", start="2026-03-29", days=1)) == []
    twice = drawn(spec("Sun 03:00-04:00 1000", start="2026-10-25", days=1))
    assert abs(len(twice) - 2_000) < 5 * sqrt(2_000)


@pytest.mark.parametrize("law", Law)
def test_times_have_their_mean_and_spread(law: Law) -> None:
    chance = random.Random(7)
    values = [Spread(mean_s=200, law=law, spread=0.5).draw(chance) for _ in range(40_000)]
    mean = sum(values) / len(values)
    deviation = sqrt(sum((value - mean) ** 2 for value in values) / len(values))
    wanted = {Law.CONSTANT: 0.0, Law.EXPONENTIAL: 1.0, Law.LOGNORMAL: 0.5}[law]
    assert mean == pytest.approx(200, rel=0.03) and deviation / 200 == pytest.approx(wanted, abs=0.03)


def test_vips_and_extras_have_their_shares() -> None:
    extras = (Extra(requirement="billing >= 2", share=0.2), Extra(requirement="thai", share=0.1))
    found = drawn(spec("daily 00:00-24:00 100", days=30, vip=0.05, extras=extras))
    asked = [str(each.extra) for each in found]
    assert {each.offset for each in found} == {0.0, 10.0}
    assert sum(each.offset > 0 for each in found) / len(found) == pytest.approx(0.05, abs=0.005)
    assert asked.count("billing >= 2") / len(found) == pytest.approx(0.2, abs=0.01)
    assert asked.count("thai") / len(found) == pytest.approx(0.1, abs=0.01)
    assert {each.patience_s for each in found} == {inf} and {each.handle_s for each in found} == {240}


SPEC = """start = "2026-03-02"
days = 7
[streams.all]
queue = "support"
zone = "Europe/Riga"
calls = ["daily 09-18 30"]
handle = { mean_s = 240 }
"""


@pytest.mark.parametrize(
    ("before", "after", "line", "words"),
    [
        ("2026-03-02", "2026-02-30", 1, "is no day"),
        ("days = 7", "days = 0", 2, "choose 1 to"),
        ("days = 7", "days = 1000000000", 2, "choose 1 to"),
        ("09-18 30", "09-18 999999", None, "choose fewer days"),
        ("09-18 30", "09-18", 3, "calls per hour"),
        ("09-18 30", "09-18 nan", 3, "calls per hour"),
        ("09-18 30", "09-18 -3", 3, "calls per hour"),
        ("09-18 30", "09-26 3", 3, "times from 00:00 to 24:00"),
        ("Europe/Riga", "Riga", 3, "no IANA zone"),
        ("mean_s = 240", "mean_s = 0", 7, "'mean_s' is 0"),
        ("mean_s = 240", 'mean_s = 240, law = "normal"', 7, "must be one of constant"),
        ("mean_s = 240", "mean_s = 240, spread = 0", 7, "'spread' is 0"),
        ("mean_s = 240 }", "mean_s = 240 }\nvip = 1.5", 3, "a share is from 0 to 1"),
        ("mean_s = 240 }", 'mean_s = 240 }\nextras = [{requirement = "a and", share = 0.1}]', 8, "expected a skill"),
        (
            "mean_s = 240 }",
            'mean_s = 240 }\nextras = [{requirement = "a", share = 0.6}, {requirement = "b", share = 0.6}]',
            3,
            "more than 1 together",
        ),
        ("[streams.all]", "[stream.all]", 3, "did you mean 'streams'"),
    ],
)
def test_a_description_that_makes_no_sense_is_refused_where_it_stands(
    before: str, after: str, line: int | None, words: str
) -> None:
    assert SPEC.count(before) == 1
    text = SPEC.replace(before, after)
    if "999999" in after:
        text = text.replace("days = 7", "days = 1000")
    with pytest.raises(BadConfiguration) as refused:
        read_settings(CallersSpec, text, source="callers.toml", environ={})
    assert words in str(refused.value)
    assert line is None or f"callers.toml, line {line}: " in str(refused.value)


def test_without_streams_nobody_calls() -> None:
    with pytest.raises(BadConfiguration, match=r"there is no \[streams.NAME\]"):
        CallersSpec(start="2026-03-02", days=1)
