"""Whom a waiting call was offered to, why, and what came of it."""

import sqlalchemy as sa
from alembic import op

from runtime.schema import Instant, Json

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "offers",
        sa.Column("offer_id", sa.Text, primary_key=True),
        sa.Column("card_id", sa.Text, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("login", sa.Text, nullable=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("ended_at", Instant),
        sa.Column("outcome", sa.Text),
        sa.Column("choice", Json),
    )
    op.create_index("offers_by_card", "offers", ["card_id", "at"])
    op.create_index("offers_by_time", "offers", ["at"])
