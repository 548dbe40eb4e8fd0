"""AMI actions on the members of the simulated PBX's queues, answered in the words of Asterisk 22.10."""

from collections.abc import Callable

from telephony.simulated_calls import Calls
from telephony.simulated_queues import Member
from telephony.simulated_request import Reply, Request, success

Action = Callable[[Calls, Request], Reply]


def _queue_add(calls: Calls, request: Request) -> Reply:
    queues, interface = calls.exchange.queues, request.get("Interface")
    for needed in ("Queue", "Interface"):
        if not request.get(needed):
            return request.error(f"'{needed}' not specified.")
    queue = queues.by_name.get(request.get("Queue"))
    if queue is None:
        return request.error("Unable to add interface to queue: No such queue")
    if interface in queue.members:
        return request.error("Unable to add interface: Already there")
    penalty = request.get("Penalty")
    paused = _true(request.get("Paused"))
    name = request.get("MemberName") or interface
    queues.add(queue, interface, name, penalty=int(penalty) if penalty.isdigit() else 0, paused=paused)
    return success(request, ("Message", "Added interface to queue"))


def _queue_remove(calls: Calls, request: Request) -> Reply:
    queue = calls.exchange.queues.by_name.get(request.get("Queue"))
    if queue is None:
        return request.error("Unable to remove interface from queue: No such queue")
    if request.get("Interface") not in queue.members:
        return request.error("Unable to remove interface: Not there")
    calls.exchange.queues.remove(queue, request.get("Interface"))
    return success(request, ("Message", "Removed interface from queue"))


def _members(calls: Calls, request: Request) -> list[Member]:
    wanted, interface = request.get("Queue"), request.get("Interface")
    queues = calls.exchange.queues.by_name.values()
    return [q.members[interface] for q in queues if interface in q.members and (not wanted or q.name == wanted)]


def _queue_pause(calls: Calls, request: Request) -> Reply:
    found = _members(calls, request)
    if not found:
        return request.error("Interface not found")
    paused = _true(request.get("Paused"))
    for member in found:
        calls.exchange.queues.pause(member, paused=paused, reason=request.get("Reason"))
    return success(request, ("Message", f"Interface {'paused' if paused else 'unpaused'} successfully"))


def _queue_penalty(calls: Calls, request: Request) -> Reply:
    found, penalty = _members(calls, request), request.get("Penalty")
    if not found or not penalty.isdigit():
        return request.error("Invalid interface, queuename or penalty")
    for member in found:
        calls.exchange.queues.set_penalty(member, int(penalty))
    return success(request, ("Message", "Interface penalty set successfully"))


def _true(value: str) -> bool:
    return value.lower() in ("yes", "true", "y", "t", "1", "on")


MEMBER_ACTIONS: dict[str, Action] = {
    "queueadd": _queue_add,
    "queueremove": _queue_remove,
    "queuepause": _queue_pause,
    "queuepenalty": _queue_penalty,
}
