"""Centres that are open, in requirements: read at an instant, and when that changes; checked by asking every few minutes."""

from datetime import UTC, datetime, timedelta

import pytest

from routing.coverage import OnShift, Severity, holes
from routing.hours import Hours, is_open, spans
from routing.hours_text import week
from routing.open_sites import OpenSites
from routing.policy import QueuePolicy, Step
from routing.requirement import bound, ever_passes, openings_of, parse
from routing.simulation import Arrival, Simulation, Worker
from routing.staff import Person

START = datetime(2026, 10, 23, tzinfo=UTC)  # a week with the end of summer time in Europe
END = START + timedelta(days=7)
HOURS = {
    "riga": Hours(zone="Europe/Riga", week=week(["Mon-Fri 09:00-18:00"])),
    "kathmandu": Hours(zone="Asia/Kathmandu", week=week(["daily 08:00-17:00"])),
    "auckland": Hours(zone="Pacific/Auckland", week=week(["Mon-Fri 09:00-12:00 13:00-18:00"])),
}
SITES = OpenSites(tuple(HOURS), lambda site, start, end: list(spans(HOURS[site], start, end)))


def policy(*steps: str) -> QueuePolicy:
    return QueuePolicy(name="support", steps=tuple(Step(30.0 * n, parse(text)) for n, text in enumerate(steps)))


def at(site: str, login: str = "anna") -> Person:
    return Person(login, site, {}, frozenset({"support"}))


def test_the_centres_that_are_open_are_those_of_their_hours_at_any_instant() -> None:
    for n in range(0, 7 * 24 * 60, 5):
        now = START + timedelta(minutes=n)
        opens = {site for site, hours in HOURS.items() if is_open(hours, now)}
        assert set(SITES.within(0, now)) == opens
        soon = {
            site for site, hours in HOURS.items() if any(is_open(hours, now + timedelta(minutes=m)) for m in range(21))
        }
        assert set(SITES.within(20, now)) == soon
        for text, found in (("site is open", opens), ("site opens within 20 min", soon)):
            read = SITES.read(parse(text), now)
            assert {site for site in HOURS if read.passes(at(site))} == found
            assert str(read) == text


def test_policies_are_read_otherwise_exactly_at_the_instants_that_are_told() -> None:
    both = [policy("any", "site is open", "not site opens within 45 min")]
    told = SITES.changes(both, START, END)
    assert told and all(START < instant < END for instant in told)
    moment = timedelta(microseconds=1)
    for before, after in zip([START, *told], [*told, END], strict=True):
        assert SITES.bind(both, before) == SITES.bind(both, before + (after - before) / 2)
        assert SITES.bind(both, before) == SITES.bind(both, after - moment)
        assert SITES.next_change(both, before) == after or after == END
    differ = [instant for instant in told if SITES.bind(both, instant) != SITES.bind(both, instant - moment)]
    assert len(differ) > len(told) * 3 // 4  # the others change nothing, and cost a look


def test_who_asks_for_no_centre_is_left_as_it_is() -> None:
    plain = [policy("any")]
    assert SITES.bind(plain, START)[0] is plain[0]
    assert SITES.changes(plain, START, END) == [] and SITES.next_change(plain, START) is None


def test_before_it_is_read_it_passes_nobody_and_could_pass_whoever_might_be_open() -> None:
    requirement = parse("site is open and not site == riga")
    assert not requirement.passes(at("omsk"))
    assert ever_passes(requirement, at("omsk")) and not ever_passes(requirement, at("riga"))
    assert ever_passes(parse("not site is open"), at("riga"))
    assert openings_of(parse("site is open or (not site opens within 20 min and any)")) == {0, 20}
    assert str(bound(parse("not (site is open or billing)"), lambda _: ("riga",))) == "not (site is open or billing)"


def test_a_centre_that_opens_serves_those_who_wait_at_that_instant() -> None:
    """In virtual time: Kathmandu opens at 02:15 UTC, Riga (summer time) at 06:00."""
    steps = [policy("site is open", "site opens within 20 min")]
    begin, end = START.timestamp(), END.timestamp()
    workers = [
        Worker(login=site, site=site, skills={}, queues=frozenset({"support"}), shifts=((begin, end),))
        for site in ("riga", "kathmandu")
    ]
    changes = [(t.timestamp(), SITES.bind(steps, t)) for t in SITES.changes(steps, START, END)]
    simulation = Simulation(SITES.bind(steps, START), workers, changes=changes)
    calls = ["01:00", "01:10", "01:54", "02:16", "05:30"]
    arrivals = [
        Arrival(at_s=datetime.fromisoformat(f"2026-10-23T{call}:00+00:00").timestamp(), queue="support", handle_s=60.0)
        for call in calls
    ]
    served = [
        (one.login, f"{datetime.fromtimestamp(one.answered_s or 0, UTC):%H:%M:%S}")
        for one in simulation.play(arrivals).served
    ]
    assert served == [
        ("kathmandu", "01:55:00"),
        ("kathmandu", "01:56:00"),
        ("kathmandu", "01:57:00"),
        ("kathmandu", "02:16:00"),
        ("kathmandu", "05:30:00"),
    ]


def test_a_hole_ends_where_the_centre_opens() -> None:
    always = Hours(zone="UTC", week=week(["daily 00:00-24:00"]))
    people = [
        OnShift(login=site, site=site, skills={}, queues=frozenset({"support"}), shifts=(always,))
        for site in ("riga", "kathmandu")
    ]
    day = START + timedelta(days=1)
    found = holes([policy("site is open", "site opens within 30 min")], {}, people, START, day, sites=SITES)
    told = [(hole.severity, f"{hole.opens:%H:%M}-{hole.closes:%H:%M}") for hole in found]
    assert told == [
        (Severity.NOBODY, "00:00-01:45"),
        (Severity.RELAXED, "01:45-02:15"),
        (Severity.NOBODY, "15:00-00:00"),
    ]


@pytest.mark.parametrize("asked", ["site is open", "site opens within 20 min"])
def test_far_away_openings_are_found_and_never_ones_are_not(asked: str) -> None:
    late = Hours(zone="UTC", week=week(["Mon 09-10"]))
    sites = OpenSites(("riga",), lambda _site, start, end: list(spans(late, start, end)))
    monday = datetime(2026, 10, 26, 9, tzinfo=UTC)
    before = timedelta(minutes=20 if "within" in asked else 0)
    assert sites.next_change([policy(asked)], START) == monday - before
    never = OpenSites(("riga",), lambda _site, _start, _end: [])
    assert never.next_change([policy(asked)], START) is None
