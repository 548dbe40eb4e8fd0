"""What /metrics tells of the machinery; everything is read only when asked."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from runtime.metrics import Labels, Registry
from telephony.link_state import LinkState
from telephony.panoramisk_link import PbxLink

if TYPE_CHECKING:
    from service import Service

_COUNTED = ("messages", "facts", "odd", "taints", "resyncs", "losses", "refusals", "late_answers", "handler_failures")
_LATEST = ("lag_s", "ping_s", "snapshot_s", "longest_slice_s")


def measure(service: "Service") -> None:
    """Register the gauges of a service that has been put together."""
    registry, backlog = service.registry, service.writer.backlog
    registry.gauge(
        "meridian_rule_failures", help="Rules and effects that raised.", read=lambda: service.engine.failures
    )
    registry.gauge(
        "meridian_bookkeeping_due", help="Facts of the PBX whose bookkeeping is due.", read=lambda: service.engine.due
    )
    registry.gauge("meridian_writes_waiting", help="Changes not stored yet.", read=lambda: backlog().waiting)
    registry.gauge("meridian_journal_bytes", help="Bytes in the local journal.", read=lambda: backlog().journal_bytes)
    registry.gauge(
        "meridian_write_age_seconds", help="Age of the oldest waiting change.", read=lambda: backlog().oldest_s
    )
    lanes = (service.strangers, service.recording_lane, service.past_callers, service.calling_back.lane)
    registry.gauges(
        "meridian_lane_waiting",
        help="What waits in each lane.",
        labels=("lane",),
        read=lambda: {("look-ups",): service.look_ups.waiting, **{(lane.name,): lane.waiting for lane in lanes}},
    )
    registry.gauges(
        "meridian_agents",
        help="Operators who are signed in, by state.",
        labels=("state",),
        read=lambda: {(state.value,): count for state, count in service.agents.counts().items()},
    )
    registry.gauges(
        "meridian_callbacks",
        help="Promised callbacks that are open, by state.",
        labels=("state",),
        read=lambda: {(state.value,): count for state, count in service.calling_back.callbacks.counts().items()},
    )
    registry.gauge(
        "meridian_agent_lines_waiting",
        help="Changes of operators' states not stored yet.",
        read=lambda: service.ledger.waiting,
    )
    _measure_links(registry, service)


def _measure_links(registry: Registry, service: "Service") -> None:
    def each(read: Callable[[str, PbxLink], float]) -> Callable[[], Mapping[Labels, float]]:
        return lambda: {(name,): read(name, link) for name, link in service.links.items()}

    def calls(name: str, _link: PbxLink) -> float:
        return len(service.trackers[name].live_call_ids())

    def figure(which: str) -> Callable[[str, PbxLink], float]:
        return lambda _name, link: getattr(link.figures, which) or 0.0

    labels = ("pbx",)
    live = each(lambda _name, link: link.state is LinkState.LIVE)
    registry.gauges("meridian_pbx_live", help="1 while the line is live.", labels=labels, read=live)
    registry.gauges("meridian_pbx_calls", help="Live conversations.", labels=labels, read=each(calls))
    for which in _COUNTED:
        registry.gauges(f"meridian_pbx_{which}", help=f"AMI: {which} so far.", labels=labels, read=each(figure(which)))
    for which in _LATEST:
        registry.gauges(f"meridian_pbx_{which}", help=f"AMI: latest {which}.", labels=labels, read=each(figure(which)))
