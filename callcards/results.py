"""Which result may be chosen for a conversation: what the administrator declared for its queue. Pure."""

from collections.abc import Mapping

from core.desk import Desk, Disposition
from core.errors import Rejected


def offered(desk: Desk, queue: str | None) -> Mapping[str, Disposition]:
    """The dispositions of a queue; of all queues where a conversation never was in one."""
    return {
        code: told
        for code, told in desk.dispositions.items()
        if not told.queues or queue is None or queue in told.queues
    }


def refuse_unknown(desk: Desk, code: str, *, queue: str | None, present: str | None) -> None:
    """Rejected with the valid ones. What stands on the card already stays valid, whatever was declared since."""
    valid = offered(desk, queue)
    if code and code != present and code not in valid:
        where = f" in {desk.queue(queue).title or queue}" if queue else ""
        raise Rejected(f"'{code}' is no result{where}; choose one of: {', '.join(valid)}.", code="unknown_disposition")


def refuse_unknown_fields(desk: Desk, fields: Mapping[str, str]) -> None:
    """Rejected with the declared ones, or with the choices of the field."""
    for code, text in fields.items():
        declared = desk.fields.get(code)
        if declared is None:
            known = ", ".join(desk.fields) or "none is declared under [desk.fields]"
            raise Rejected(f"There is no field '{code}'; there are: {known}.", code="unknown_field")
        if text and declared.choices and text not in declared.choices:
            raise Rejected(f"'{code}' is one of: {', '.join(declared.choices)}.", code="unknown_choice")
