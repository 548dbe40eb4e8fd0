"""The simulated company lives: a rhythm, returning clients, calls for whoever looks on, nothing left behind."""

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

from telephony.simulated_calls import Calls
from telephony.simulated_exchange import Company, founded
from telephony.simulated_past import past_records
from telephony.simulated_people import Clients
from telephony.simulated_plan import Truth
from telephony.simulated_traffic import Traffic, TrafficPlan

MIDNIGHT = datetime(2026, 11, 21, tzinfo=UTC).timestamp()
NOON = MIDNIGHT + 12 * 3600
BUSY_DAY = TrafficPlan(calls_per_hour=120)


def company_at(now: float, plan: TrafficPlan = BUSY_DAY, seed: int = 3) -> tuple[Calls, Traffic]:
    calls = founded(Company(), now=now, seed=seed)
    return calls, Traffic(calls, plan, seed=seed)


def play(calls: Calls, seconds: float) -> list[Truth]:
    stage = calls.exchange.stage
    until = stage.now + seconds
    while (due := stage.due()) is not None and due < until:
        stage.advance(due)
    stage.advance(until)
    return calls.exchange.truth


def test_the_first_calls_come_within_seconds() -> None:
    calls, traffic = company_at(MIDNIGHT + 3 * 3600)
    traffic.begin()
    play(calls, 8)
    assert len(calls.exchange.truth) >= 3


def test_a_day_has_its_rhythm_and_leaves_nothing_behind() -> None:
    calls, traffic = company_at(MIDNIGHT)
    traffic.begin()
    truth = [t for t in play(calls, 86_400) if t.direction != "consult"]
    by_hour = Counter(datetime.fromtimestamp(t.started, UTC).hour for t in truth)
    assert by_hour[11] > 3 * by_hour[3] > 0
    kinds = Counter(t.direction for t in truth)
    assert kinds["inbound"] > kinds["outbound"] > 0 and kinds["internal"] > 0
    assert {t.ended_by for t in truth if t.ended_at} >= {"caller", "agent", "called"}
    assert any(t.transfers for t in truth) and any(t.holds for t in truth)
    assert any(t.voicemail or (t.answered_at is None and t.direction == "inbound") for t in truth)
    # Everything is over a while after the last call has come.
    calls.exchange.stage.on_news = lambda: None
    assert len(calls.exchange.switch.channels) < 12


def test_the_same_seed_gives_the_same_day_and_another_a_different_one() -> None:
    def day(seed: int) -> list[dict[str, object]]:
        calls, traffic = company_at(NOON, seed=seed)
        traffic.begin()
        return [t.as_dict() for t in play(calls, 3600)]

    assert day(3) == day(3)
    assert day(3) != day(4)


def test_whoever_looks_on_gets_a_call_soon_and_then_again_and_again() -> None:
    calls, traffic = company_at(NOON)
    traffic.begin()
    play(calls, 600)
    traffic.favour("1001")
    asked_at = calls.exchange.stage.now
    truth = [t for t in play(calls, 300) if t.rang and t.rang[0]["agent"] == "1001" and t.started >= asked_at]
    assert truth[0].started - asked_at <= 5.5
    gaps = [after.started - before.started for before, after in pairwise(truth)]
    assert 6 <= len(gaps) <= 15 and max(gaps) < 60
    traffic.unfavour("1001")
    assert not traffic.favoured and "1001" not in calls.exchange.reserved


def test_who_is_looked_on_gets_only_calls_meant_for_them() -> None:
    calls, traffic = company_at(NOON, TrafficPlan(calls_per_hour=400))
    traffic.favour("1001")
    traffic.begin()
    truth = play(calls, 1800)
    mine = [t for t in truth if any(r["agent"] == "1001" for r in t.rang) and not t.transfers]
    assert mine and all((t.talk_s or 0) <= 18 + 6.1 for t in mine)


def test_an_agent_who_is_paused_everywhere_is_left_alone() -> None:
    calls, traffic = company_at(NOON, TrafficPlan(calls_per_hour=0))
    for member in calls.exchange.queues.of_agent("1001"):
        calls.exchange.queues.pause(member, paused=True, reason="Lunch")
    traffic.favour("1001")
    assert play(calls, 120) == []


def test_favour_of_an_unknown_agent_does_nothing() -> None:
    _, traffic = company_at(NOON)
    traffic.favour("9999")
    assert not traffic.favoured


def test_a_short_day_runs_through_the_rhythm() -> None:
    _, traffic = company_at(MIDNIGHT, TrafficPlan(day_s=240))
    traffic.begin()
    assert traffic.rate(MIDNIGHT + 110) > 5 * traffic.rate(MIDNIGHT + 20)


def test_clients_are_the_same_for_a_seed_and_call_again() -> None:
    assert Clients(seed=1).all == Clients(seed=1).all != Clients(seed=2).all
    calls, traffic = company_at(NOON)
    traffic.begin()
    callers = Counter(t.caller_number for t in play(calls, 4 * 3600) if t.direction == "inbound")
    assert callers.most_common(1)[0][1] >= 4
    assert any(not c.name.isascii() for c in traffic.clients.all) and any(
        c.number.startswith("+") for c in traffic.clients.all
    )


def test_past_days_are_records_of_the_same_clients_that_end_before_now() -> None:
    records = past_records(Company(), BUSY_DAY, seed=3, until=NOON, days=2)
    assert len(records) > 500
    assert all(NOON - 2 * 86_400 <= r.start <= r.end < NOON for r in records)
    assert {r.src for r in records} & {c.number for c in Clients(seed=3).regulars}
    assert len({r.uniqueid for r in records}) > 300
