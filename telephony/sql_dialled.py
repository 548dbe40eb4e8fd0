"""What was dialled before we were started, from the audit trail: so that a restart doesn't give everybody a new day's calls."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runtime.database import Database
from runtime.schema import audit


async def dialled_since(database: Database, since: datetime) -> list[tuple[str, datetime]]:
    """(login, instant) of each outside number that was called or that a client was passed to, the oldest first. What was refused
    is left out."""

    def look(connection: Connection) -> list[tuple[str, datetime]]:
        lines = (
            sa.select(audit.c.at, audit.c.actor, audit.c.action, audit.c.facts)
            .where(audit.c.at >= since, audit.c.action.in_(("did", "refused")))
            .order_by(audit.c.at, audit.c.audit_id)
        )
        tries: dict[str, list[datetime]] = {}
        for at, actor, action, facts in connection.execute(lines):
            if facts.get("what") not in ("call", "transfer") or "number" not in facts:
                continue
            mine = tries.setdefault(actor, [])
            if action == "did":
                mine.append(at)
            elif mine:
                mine.pop()
        return sorted(((who, at) for who, ats in tries.items() for at in ats), key=lambda one: one[1])

    return await database.read(look)
