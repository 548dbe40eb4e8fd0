"""Follow-ups, corrections, missed calls, and the search of what was typed.

Of a large database it reads every card once and cuts its notes into words: some 15 s a million cards on SQLite.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError

from core.words import stored_words
from runtime.schema import Instant, Json

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("interactions", sa.Column("fields", Json, nullable=False, server_default="{}"))
    served = sa.text("served_by IS NOT NULL AND ended_at IS NOT NULL")
    op.create_index(
        "interactions_of_agent",
        "interactions",
        ["site", "served_by", sa.text("started_at DESC")],
        sqlite_where=served,
        postgresql_where=served,
    )
    _follow_ups()
    _card_changes()
    op.create_table(
        "missed_calls",
        sa.Column("site", sa.Text, primary_key=True),
        sa.Column("agent", sa.Text, primary_key=True),
        sa.Column("started_at", Instant, primary_key=True),
        sa.Column("card_id", sa.Text, primary_key=True),
    )
    op.create_table(
        "card_texts",
        sa.Column("text_id", sa.Integer().with_variant(sa.BigInteger, "postgresql"), primary_key=True),
        sa.Column("card_id", sa.Text, nullable=False, unique=True),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
    )
    connection = op.get_bind()
    _fill(connection)
    if connection.dialect.name == "postgresql":
        _search_in_postgres()
        op.drop_column("interactions", "next_contact_at")
        op.drop_column("interactions", "next_contact_text")
        return
    # SQLite would write the whole table anew to drop a column: there the two stay, empty for every new card.
    _search_in_sqlite(connection)


def _follow_ups() -> None:
    op.create_table(
        "follow_ups",
        sa.Column("follow_up_id", sa.Text, primary_key=True),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("client_id", sa.Text),
        sa.Column("card_id", sa.Text),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("due_at", Instant, nullable=False),
        sa.Column("zone", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("closed_at", Instant),
    )
    op.create_index("follow_ups_of_client", "follow_ups", ["client_id", "state"])
    op.create_index("follow_ups_of_card", "follow_ups", ["card_id", "state"])
    op.create_index("follow_ups_of_owner", "follow_ups", ["site", "owner", "state", "due_at"])


def _card_changes() -> None:
    op.create_table(
        "card_changes",
        sa.Column("change_id", sa.Text, primary_key=True),
        sa.Column("card_id", sa.Text, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("field", sa.Text, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
    )
    op.create_index("card_changes_by_card", "card_changes", ["card_id", "at"])


_CARDS = sa.table(
    "interactions",
    *(sa.column(name) for name in ("card_id", "site", "client_id", "timezone", "notes", "disposition", "edited_by")),
    *(sa.column(name, Instant) for name in ("started_at", "next_contact_at", "edited_at", "ended_at", "answered_at")),
    sa.column("next_contact_text"),
    sa.column("direction"),
    sa.column("legs", Json),
)
_AT_ONCE = 5_000
# A plan of longer ago that nobody closed was a plan in a form without an end: it is taken as done.
_STILL_OPEN = timedelta(days=30)
_MISSED_SINCE = timedelta(days=14)


def _fill(connection: Connection) -> None:
    now = datetime.now(UTC)
    c = _CARDS.c
    texts, plans = _table("card_texts", "card_id site words"), _table("follow_ups", _FOLLOW_UP)
    typed = sa.or_(c.notes != "", c.disposition.is_not(None))
    for rows in _pages(connection, sa.select(c.card_id, c.site, c.notes, c.disposition).where(typed)):
        found = [
            {"card_id": row.card_id, "site": row.site, "words": stored_words(row.notes, row.disposition)}
            for row in rows
        ]
        connection.execute(sa.insert(texts), found)
    planned = sa.or_(c.next_contact_at.is_not(None), c.next_contact_text != "")
    for rows in _pages(connection, sa.select(*(each for each in c if each.name != "legs")).where(planned)):
        connection.execute(sa.insert(plans), [_plan(row, now) for row in rows])
    missed = (c.answered_at.is_(None), c.ended_at.is_not(None), c.direction == "inbound")
    sites = connection.scalars(sa.select(c.site).distinct()).all()
    for site in sites:
        recent = sa.select(c.card_id, c.site, c.started_at, c.legs).where(
            c.site == site, c.started_at > now - _MISSED_SINCE, *missed
        )
        for row in connection.execute(recent).all():
            _fill_missed(connection, row)


def _pages(connection: Connection, query: sa.Select[Any]) -> Iterator[Any]:
    """In the order of time, so that the newest words come last; memory holds a page at a time."""
    c = _CARDS.c
    after: tuple[datetime, str] | None = None
    query = query.add_columns(c.started_at) if "started_at" not in query.selected_columns else query
    for site in connection.scalars(sa.select(c.site).distinct()).all():
        after = None
        while True:
            page = query.where(c.site == site).order_by(c.started_at, c.card_id).limit(_AT_ONCE)
            if after is not None:
                page = page.where(c.started_at >= after[0], sa.or_(c.started_at > after[0], c.card_id > after[1]))
            rows = connection.execute(page).all()
            if rows:
                yield rows
            if len(rows) < _AT_ONCE:
                break
            after = (rows[-1].started_at, rows[-1].card_id)


_FOLLOW_UP = "follow_up_id site client_id card_id owner due_at zone text state created_by created_at closed_at"


def _table(name: str, columns: str) -> sa.TableClause:
    kinds = {each: Instant if each.endswith("_at") else sa.Text for each in columns.split()}
    return sa.table(name, *(sa.column(each, kind) for each, kind in kinds.items()))


def _plan(row: Any, now: datetime) -> dict[str, Any]:
    created_at = row.edited_at or row.started_at
    due_at = row.next_contact_at or created_at
    is_open = due_at > now - _STILL_OPEN
    return {
        "follow_up_id": row.card_id,
        "site": row.site,
        "client_id": row.client_id,
        "card_id": row.card_id,
        "owner": row.edited_by or "",
        "due_at": due_at,
        "zone": row.timezone,
        "text": row.next_contact_text,
        "state": "open" if is_open else "done",
        "created_by": row.edited_by or "",
        "created_at": created_at,
        "closed_at": None if is_open else due_at,
    }


def _fill_missed(connection: Connection, row: Any) -> None:
    legs = json.loads(row.legs) if isinstance(row.legs, str) else row.legs
    for agent in {leg["agent"] for leg in legs if leg["outcome"] == "noanswer" and leg.get("rang", True)}:
        line = {"site": row.site, "agent": agent, "started_at": row.started_at, "card_id": row.card_id}
        connection.execute(sa.insert(_table("missed_calls", "site agent started_at card_id")), line)


def _search_in_postgres() -> None:
    """GIN. The words of cards are cut by us; those of names by PostgreSQL's own parser, punctuation made blank for it."""
    op.execute("CREATE INDEX card_texts_words ON card_texts USING gin (array_to_tsvector(string_to_array(words, ' ')))")
    op.execute(f"CREATE INDEX clients_words ON clients USING gin ({NAME_WORDS})")


# Written into every query for names, too: PostgreSQL uses the index only where the text is the same.
NAME_WORDS = "to_tsvector('simple', translate(folded_name, 'ё.,-_/@:;''\"', 'е          '))"


def _search_in_sqlite(connection: Connection) -> None:
    """FTS5, kept true by triggers, whoever writes. A Python whose SQLite lacks it searches without (slower, same answers)."""
    try:
        connection.exec_driver_sql(_FTS.format(name="card_words", content="card_texts"))
    except OperationalError:
        return
    op.execute(
        "CREATE TABLE client_texts (text_id INTEGER PRIMARY KEY, client_id TEXT NOT NULL UNIQUE, words TEXT NOT NULL)"
    )
    connection.exec_driver_sql(_FTS.format(name="client_words", content="client_texts"))
    folded = "replace({row}.folded_name, 'ё', 'е')"
    op.execute(
        "INSERT INTO client_texts (client_id, words) SELECT client_id, replace(folded_name, 'ё', 'е') FROM clients"
        " WHERE folded_name <> '' ORDER BY created_at"
    )
    for name, content in (("card_words", "card_texts"), ("client_words", "client_texts")):
        connection.exec_driver_sql(f"INSERT INTO {name} ({name}) VALUES ('rebuild')")
        gone = f"INSERT INTO {name} ({name}, rowid, words) VALUES ('delete', old.text_id, old.words);"
        new = f"INSERT INTO {name} (rowid, words) VALUES (new.text_id, new.words);"
        for event, steps in (("INSERT", new), ("DELETE", gone), ("UPDATE OF words", gone + new)):
            trigger = f"{content}_{event.split()[0].lower()}"
            connection.exec_driver_sql(f"CREATE TRIGGER {trigger} AFTER {event} ON {content} BEGIN {steps} END")
    named = folded.format(row="new")
    put = (
        f"INSERT INTO client_texts (client_id, words) VALUES (new.client_id, {named})"
        " ON CONFLICT (client_id) DO UPDATE SET words = excluded.words;"
    )
    connection.exec_driver_sql(
        f"CREATE TRIGGER clients_named AFTER INSERT ON clients WHEN new.folded_name <> '' BEGIN {put} END"
    )
    connection.exec_driver_sql(
        "CREATE TRIGGER clients_renamed AFTER UPDATE OF folded_name ON clients"
        f" WHEN new.folded_name <> old.folded_name BEGIN {put} END"
    )
    connection.exec_driver_sql(
        "CREATE TRIGGER clients_gone AFTER DELETE ON clients"
        " BEGIN DELETE FROM client_texts WHERE client_id = old.client_id; END"
    )


_FTS = (
    "CREATE VIRTUAL TABLE {name} USING fts5(words, content='{content}', content_rowid='text_id', detail=none,"
    " columnsize=0, tokenize='unicode61 remove_diacritics 0')"
)
