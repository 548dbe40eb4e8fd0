"""The tables, as the program sees them today. How a database gets there is in migrations/.

Owns names, types and indexes. Never holds a query. What people type (notes, disposition, fields) stands in columns
of its own beside what the PBX tells, so that neither ever overwrites the other.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# PostgreSQL refuses NUL in text and neither database takes half a surrogate pair; a caller may send both.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant, exact to the microsecond: TIMESTAMPTZ in PostgreSQL, whole microseconds in SQLite."""

    impl = sa.BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True))
        return dialect.type_descriptor(sa.BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant without a zone can't be stored")
        return value if dialect.name == "postgresql" else instant_to_us(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if dialect.name == "postgresql" else us_to_instant(value)


def instant_to_us(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def us_to_instant(us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=us)


def _can_be_stored(text: str) -> bool:
    """In a third of the time in which the expression would be sought in a long text."""
    try:
        return b"\x00" not in text.encode()
    except UnicodeEncodeError:  # half a character
        return False


def storable(value: Any) -> Any:
    """The same value with what no database can hold made visible as U+FFFD."""
    if isinstance(value, str):
        return value if _can_be_stored(value) else _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, list):
        return [storable(item) for item in value] if value else value
    if isinstance(value, dict):
        return {key: storable(item) for key, item in value.items()}
    return value


Json = sa.JSON().with_variant(JSONB(), "postgresql")
metadata = sa.MetaData()

clients = sa.Table(
    "clients",
    metadata,
    sa.Column("client_id", sa.Text, primary_key=True),
    sa.Column("site", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False, server_default=""),
    # SQLite knows upper and lower case of ASCII letters only: what is searched is folded by us.
    sa.Column("folded_name", sa.Text, nullable=False, server_default=""),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("kind", sa.Text, nullable=False, server_default="person"),
    sa.Column("vip", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("warning", sa.Text, nullable=False, server_default=""),
    sa.Column("language", sa.Text),
    sa.Column("timezone", sa.Text),
    sa.Column("owner", sa.Text),
    sa.Column("fields", Json, nullable=False, server_default="{}"),
    sa.Column("asks_check", sa.Boolean, nullable=False, server_default=sa.false()),
    # The login of who made it; NULL where a call did, by itself.
    sa.Column("made_by", sa.Text),
    # Grows with every change: who writes over something that they didn't see is told so.
    sa.Column("version", sa.Integer, nullable=False, server_default="1"),
    # Of a person: the client that is the organisation. SQLite can't add a reference to a table that is there already.
    sa.Column("organisation_id", sa.Text),
    sa.Index("clients_by_site", "site", "created_at", "client_id"),
    sa.Index("clients_of_organisation", "organisation_id", "folded_name"),
)

# `number` is E.164, or what the PBX gave where it can't be read as a number. Several may share one.
client_numbers = sa.Table(
    "client_numbers",
    metadata,
    sa.Column("site", sa.Text, primary_key=True),
    sa.Column("number", sa.Text, primary_key=True),
    sa.Column("client_id", sa.Text, sa.ForeignKey("clients.client_id", ondelete="CASCADE"), primary_key=True),
    sa.Column("added_at", Instant, nullable=False),
    sa.Index("client_numbers_by_client", "client_id"),
)

# `email` in lower case.
client_emails = sa.Table(
    "client_emails",
    metadata,
    sa.Column("site", sa.Text, primary_key=True),
    sa.Column("email", sa.Text, primary_key=True),
    sa.Column("client_id", sa.Text, sa.ForeignKey("clients.client_id", ondelete="CASCADE"), primary_key=True),
    sa.Column("added_at", Instant, nullable=False),
    sa.Index("client_emails_by_client", "client_id"),
)

# What people changed about a client, a line for each field. `before` and `after` as text, numbers and addresses one a line.
client_changes = sa.Table(
    "client_changes",
    metadata,
    sa.Column("change_id", sa.Text, primary_key=True),
    sa.Column("client_id", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("field", sa.Text, nullable=False),
    sa.Column("before", sa.Text, nullable=False),
    sa.Column("after", sa.Text, nullable=False),
    sa.Index("client_changes_by_client", "client_id", "at"),
)

# What a client is known by in the files that it was imported from, and the digest of what the last one said: a row that
# comes again unchanged isn't written.
client_origins = sa.Table(
    "client_origins",
    metadata,
    sa.Column("site", sa.Text, primary_key=True),
    sa.Column("origin", sa.Text, primary_key=True),
    sa.Column("client_id", sa.Text, nullable=False),
    sa.Column("digest", sa.BigInteger, nullable=False),
    sa.Index("client_origins_by_client", "client_id"),
)

# Imported numbers that have earlier cards without a client: linked when the whole file is in, so that the first of several
# owners isn't chosen blindly. An import that was killed leaves them for the next one.
numbers_to_link = sa.Table(
    "numbers_to_link",
    metadata,
    sa.Column("site", sa.Text, primary_key=True),
    sa.Column("number", sa.Text, primary_key=True),
)

# Clients that turned out to be another one: whoever still asks for them gets that one. One hop, as with discarded cards.
merged_clients = sa.Table(
    "merged_clients",
    metadata,
    sa.Column("client_id", sa.Text, primary_key=True),
    sa.Column("into_client_id", sa.Text, nullable=False),
    sa.Index("merged_clients_by_survivor", "into_client_id"),
)

# What the check questions gave in one conversation; the latest answers count, all of them are in the audit trail.
card_checks = sa.Table(
    "card_checks",
    metadata,
    sa.Column("card_id", sa.Text, primary_key=True),
    sa.Column("client_id", sa.Text),
    sa.Column("answers", Json, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
)

interactions = sa.Table(
    "interactions",
    metadata,
    sa.Column("card_id", sa.Text, primary_key=True),
    sa.Column("natural_key", sa.Text, nullable=False, unique=True),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("site", sa.Text, nullable=False),
    sa.Column("pbx", sa.Text, nullable=False),
    sa.Column("boot_id", sa.Text, nullable=False),
    sa.Column("uniqueid", sa.Text, nullable=False),
    sa.Column("linkedids", Json, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("direction", sa.Text, nullable=False),
    sa.Column("caller_number", sa.Text, nullable=False),
    sa.Column("caller_name", sa.Text, nullable=False),
    sa.Column("client_number", sa.Text),
    sa.Column("dialled", sa.Text, nullable=False),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("timezone", sa.Text, nullable=False),
    sa.Column("agent", sa.Text),
    sa.Column("queues", Json, nullable=False),
    sa.Column("queued_at", Instant),
    sa.Column("unqueued_at", Instant),
    sa.Column("answered_at", Instant),
    sa.Column("answered_by", sa.Text),
    sa.Column("talk_ended_at", Instant),
    sa.Column("hold_s", sa.Double, nullable=False),
    sa.Column("legs", Json, nullable=False),
    sa.Column("transfers", Json, nullable=False),
    sa.Column("recordings", Json, nullable=False),
    sa.Column("voicemail", sa.Boolean, nullable=False),
    sa.Column("ended_at", Instant),
    sa.Column("ended_by", sa.Text),
    sa.Column("cause", sa.Integer),
    sa.Column("end_reason", sa.Text),
    sa.Column("inferred", sa.Boolean, nullable=False),
    # Derived at each save, so that a client's history is read from plain columns.
    sa.Column("client_key", sa.Text),
    sa.Column("client_id", sa.Text, sa.ForeignKey("clients.client_id", ondelete="SET NULL")),
    sa.Column("last_queue", sa.Text),
    sa.Column("served_by", sa.Text),
    sa.Column("talk_s", sa.Double),
    # Typed by people; no save of a card touches these.
    sa.Column("notes", sa.Text, nullable=False, server_default=""),
    sa.Column("disposition", sa.Text),
    sa.Column("edited_by", sa.Text),
    sa.Column("edited_at", Instant),
    sa.Column("fields", Json, nullable=False, server_default="{}"),
)
sa.Index("interactions_of_client", interactions.c.client_id, interactions.c.started_at.desc())
sa.Index("interactions_recent", interactions.c.site, interactions.c.started_at, interactions.c.card_id)
_still_open = interactions.c.ended_at.is_(None)
sa.Index(
    "interactions_open",
    interactions.c.site,
    interactions.c.pbx,
    sqlite_where=_still_open,
    postgresql_where=_still_open,
)
_with_number = interactions.c.client_key.is_not(None)
sa.Index(
    "interactions_of_number",
    interactions.c.site,
    interactions.c.client_key,
    interactions.c.started_at.desc(),
    sqlite_where=_with_number,
    postgresql_where=_with_number,
)

_served = sa.and_(interactions.c.served_by.is_not(None), interactions.c.ended_at.is_not(None))
sa.Index(
    "interactions_of_agent",
    interactions.c.site,
    interactions.c.served_by,
    interactions.c.started_at.desc(),
    sqlite_where=_served,
    postgresql_where=_served,
)

# Every conversation id of Asterisk has one card. A restarted PBX with its clock set back may use an id again: boot_id.
interaction_linkedids = sa.Table(
    "interaction_linkedids",
    metadata,
    sa.Column("site", sa.Text, primary_key=True),
    sa.Column("pbx", sa.Text, primary_key=True),
    sa.Column("linkedid", sa.Text, primary_key=True),
    sa.Column("boot_id", sa.Text, primary_key=True),
    sa.Column("card_id", sa.Text, nullable=False),
    sa.Index("interaction_linkedids_by_card", "card_id"),
)

# Cards that turned out to be part of another one (or of none): a late save must not bring them back.
discarded_cards = sa.Table(
    "discarded_cards",
    metadata,
    sa.Column("card_id", sa.Text, primary_key=True),
    sa.Column("into_card_id", sa.Text),
)

# What was promised: a next contact with a client. `owner`, `created_by`: logins; `zone`: the IANA zone it was meant in.
follow_ups = sa.Table(
    "follow_ups",
    metadata,
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
    sa.Index("follow_ups_of_client", "client_id", "state"),
    sa.Index("follow_ups_of_card", "card_id", "state"),
    sa.Index("follow_ups_of_owner", "site", "owner", "state", "due_at"),
)

# Who typed what over what. One line a field and a session of typing: `at` is when its last word came.
card_changes = sa.Table(
    "card_changes",
    metadata,
    sa.Column("change_id", sa.Text, primary_key=True),
    sa.Column("card_id", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("field", sa.Text, nullable=False),
    sa.Column("before", sa.Text, nullable=False),
    sa.Column("after", sa.Text, nullable=False),
    sa.Index("card_changes_by_card", "card_id", "at"),
)

# An operator's phone that rang out on a call that nobody took. Never read without its card, which may say more by now.
missed_calls = sa.Table(
    "missed_calls",
    metadata,
    sa.Column("site", sa.Text, primary_key=True),
    sa.Column("agent", sa.Text, primary_key=True),
    sa.Column("started_at", Instant, primary_key=True),
    sa.Column("card_id", sa.Text, primary_key=True),
)

# The words that people typed on a card, folded, for search. Only cards with typing on them have one. `text_id` grows with
# time: newest first is its order backwards. 0004 makes what finds a word in it (FTS5 or GIN).
card_texts = sa.Table(
    "card_texts",
    metadata,
    sa.Column("text_id", sa.Integer().with_variant(sa.BigInteger, "postgresql"), primary_key=True),
    sa.Column("card_id", sa.Text, nullable=False, unique=True),
    sa.Column("site", sa.Text, nullable=False),
    sa.Column("words", sa.Text, nullable=False),
)

# Whom a waiting call was offered to, and why (`choice`: core.model.Choice); what came of it, once that is known.
offers = sa.Table(
    "offers",
    metadata,
    sa.Column("offer_id", sa.Text, primary_key=True),
    sa.Column("card_id", sa.Text, nullable=False),
    sa.Column("agent", sa.Text, nullable=False),
    sa.Column("login", sa.Text, nullable=False),
    sa.Column("queue", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("ended_at", Instant),
    sa.Column("outcome", sa.Text),
    sa.Column("choice", Json),
    sa.Index("offers_by_card", "card_id", "at"),
    sa.Index("offers_by_time", "at"),
)

# Promised callbacks, as core.callback.Callback has them.
callbacks = sa.Table(
    "callbacks",
    metadata,
    sa.Column("callback_id", sa.Text, primary_key=True),
    sa.Column("site", sa.Text, nullable=False),
    sa.Column("pbx", sa.Text, nullable=False),
    sa.Column("queue", sa.Text, nullable=False),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("entered_at", Instant, nullable=False),
    sa.Column("asked_at", Instant, nullable=False),
    sa.Column("first", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("not_before", Instant, nullable=False),
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Column("zone", sa.Text),
    sa.Column("offset", sa.Double, nullable=False),
    sa.Column("asked_on", sa.Text),
    sa.Column("asked_by", sa.Text, nullable=False),
    sa.Column("times_asked", sa.Integer, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("reached_for", sa.Integer, nullable=False),
    sa.Column("attempts", Json, nullable=False),
    sa.Column("closed_at", Instant),
    sa.Column("closed_by", sa.Text, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Index("callbacks_by_state", "site", "state", "closed_at"),
    sa.Index("callbacks_by_card", "asked_on"),
)

# Messages that callers left for queues, as core.voicemail.Voicemail has them.
voicemails = sa.Table(
    "voicemails",
    metadata,
    sa.Column("voicemail_id", sa.Text, primary_key=True),
    sa.Column("site", sa.Text, nullable=False),
    sa.Column("queue", sa.Text, nullable=False),
    sa.Column("card_id", sa.Text, nullable=False),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("seconds", sa.Double, nullable=False),
    sa.Column("left_at", Instant, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("passed_by", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("changed_at", Instant),
    sa.Column("changed_by", sa.Text, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Index("voicemails_by_state", "site", "state", "left_at"),
    sa.Index("voicemails_by_card", "card_id"),
)

# Append-only. `audit_id` is made where the line is made, so that writing it again changes nothing.
audit = sa.Table(
    "audit",
    metadata,
    sa.Column("audit_id", sa.Text, primary_key=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("facts", Json, nullable=False),
    sa.Index("audit_by_time", "at"),
)

# What every operator does now, by extension; and every change of it, append-only, with an id made where the line is made.
agent_states = sa.Table(
    "agent_states",
    metadata,
    sa.Column("site", sa.Text, primary_key=True),
    sa.Column("agent", sa.Text, primary_key=True),
    sa.Column("login", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("since", Instant, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("until", Instant),
    sa.Column("card_id", sa.Text),
    sa.Column("extensions_left", sa.Integer, nullable=False),
    sa.Column("queue", sa.Text),
    sa.Column("disposed", sa.Boolean, nullable=False),
)

agent_state_log = sa.Table(
    "agent_state_log",
    metadata,
    sa.Column("line_id", sa.Text, primary_key=True),
    sa.Column("site", sa.Text, nullable=False),
    sa.Column("agent", sa.Text, nullable=False),
    sa.Column("login", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("before", sa.Text, nullable=False),
    sa.Column("after", sa.Text, nullable=False),
    sa.Column("note", sa.Text),
    sa.Column("card_id", sa.Text),
    sa.Index("agent_state_log_by_time", "site", "at"),
    sa.Index("agent_state_log_by_login", "login", "at"),
)

# What people changed of the plan (routing/tables.py), append-only: the latest line of an entry counts. `value` null: what the
# configuration file says counts again. `before` and `after`: what was in force. One version a change, so that of two who save at
# the same moment one is told.
plan_changes = sa.Table(
    "plan_changes",
    metadata,
    sa.Column("site", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("value", Json),
    sa.Column("before", Json),
    sa.Column("after", Json),
    sa.Column("holes", sa.Integer, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Index("plan_changes_by_entry", "site", "kind", "name", "version"),
)

# iCalendar feeds of closed days, as last fetched; `tried_at` and `error` are of the last attempt.
plan_feeds = sa.Table(
    "plan_feeds",
    metadata,
    sa.Column("site", sa.Text, primary_key=True),
    sa.Column("address", sa.Text, primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("fetched_at", Instant),
    sa.Column("tried_at", Instant, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
)
