"""Follow-ups, corrections and search of cards."""

import sqlalchemy as sa
from alembic import op

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
