"""Promised callbacks, and messages that callers left, as items of their queues."""

import sqlalchemy as sa
from alembic import op

from runtime.schema import Instant, Json

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "callbacks",
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
    )
    op.create_index("callbacks_by_state", "callbacks", ["site", "state", "closed_at"])
    op.create_index("callbacks_by_card", "callbacks", ["asked_on"])
    op.create_table(
        "voicemails",
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
    )
    op.create_index("voicemails_by_state", "voicemails", ["site", "state", "left_at"])
    op.create_index("voicemails_by_card", "voicemails", ["card_id"])
