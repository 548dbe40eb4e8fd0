"""The first tables: clients, interactions (the cards), Asterisk's conversation ids, the audit trail."""

import sqlalchemy as sa
from alembic import op

from runtime.schema import Instant, Json

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("audit_id", sa.Text, primary_key=True),
        sa.Column("at", Instant, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("facts", Json, nullable=False),
    )
    op.create_index("audit_by_time", "audit", ["at"])
    op.create_table(
        "clients",
        sa.Column("client_id", sa.Text, primary_key=True),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False, server_default=""),
        sa.Column("folded_name", sa.Text, nullable=False, server_default=""),
        sa.Column("note", sa.Text, nullable=False, server_default=""),
        sa.Column("created_at", Instant, nullable=False),
    )
    op.create_index("clients_by_site", "clients", ["site", "created_at", "client_id"])
    op.create_table(
        "discarded_cards",
        sa.Column("card_id", sa.Text, primary_key=True),
        sa.Column("into_card_id", sa.Text),
    )
    op.create_table(
        "interaction_linkedids",
        sa.Column("site", sa.Text, primary_key=True),
        sa.Column("pbx", sa.Text, primary_key=True),
        sa.Column("linkedid", sa.Text, primary_key=True),
        sa.Column("boot_id", sa.Text, primary_key=True),
        sa.Column("card_id", sa.Text, nullable=False),
    )
    op.create_index("interaction_linkedids_by_card", "interaction_linkedids", ["card_id"])
    op.create_table(
        "client_numbers",
        sa.Column("site", sa.Text, primary_key=True),
        sa.Column("number", sa.Text, primary_key=True),
        sa.Column("client_id", sa.Text, sa.ForeignKey("clients.client_id", ondelete="CASCADE"), nullable=False),
        sa.Column("added_at", Instant, nullable=False),
    )
    op.create_index("client_numbers_by_client", "client_numbers", ["client_id"])
    op.create_table(
        "interactions",
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
        sa.Column("client_key", sa.Text),
        sa.Column("client_id", sa.Text, sa.ForeignKey("clients.client_id", ondelete="SET NULL")),
        sa.Column("last_queue", sa.Text),
        sa.Column("served_by", sa.Text),
        sa.Column("talk_s", sa.Double),
        sa.Column("notes", sa.Text, nullable=False, server_default=""),
        sa.Column("disposition", sa.Text),
        sa.Column("next_contact_at", Instant),
        sa.Column("next_contact_text", sa.Text, nullable=False, server_default=""),
        sa.Column("edited_by", sa.Text),
        sa.Column("edited_at", Instant),
    )
    op.create_index("interactions_of_client", "interactions", ["client_id", sa.text("started_at DESC")])
    op.create_index(
        "interactions_open",
        "interactions",
        ["site", "pbx"],
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("interactions_recent", "interactions", ["site", "started_at", "card_id"])
    op.create_index(
        "interactions_without_client",
        "interactions",
        ["site", "client_key"],
        sqlite_where=sa.text("client_id IS NULL AND client_key IS NOT NULL"),
        postgresql_where=sa.text("client_id IS NULL AND client_key IS NOT NULL"),
    )
