"""The days before: what the simulated PBX would have written into its CDR had it run already. Pure, half a second a day."""

from telephony.simulated_cdr import CallRecord
from telephony.simulated_exchange import Company, founded
from telephony.simulated_traffic import Traffic, TrafficPlan

_DAY_S = 86_400.0


def past_records(company: Company, plan: TrafficPlan, *, seed: int, until: float, days: float) -> list[CallRecord]:
    """Records of all calls that ended in the `days` before `until`, oldest first. The clients are those of the same seed."""
    records: list[CallRecord] = []
    began = until - days * _DAY_S
    calls = founded(company, now=began, seed=seed, record=records.append)
    Traffic(calls, plan, seed=seed).begin()
    stage = calls.exchange.stage
    while (due := stage.due()) is not None and due < until:
        stage.advance(due)
    return sorted((r for r in records if r.end < until), key=lambda record: record.end)
