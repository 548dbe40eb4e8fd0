"""What people changed of the plan, and what was fetched of calendars kept elsewhere."""

import sqlalchemy as sa
from alembic import op

from runtime.schema import Instant, Json

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "plan_changes",
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
    )
    op.create_index("plan_changes_by_entry", "plan_changes", ["site", "kind", "name", "version"])
    op.create_table(
        "plan_feeds",
        sa.Column("site", sa.Text, primary_key=True),
        sa.Column("address", sa.Text, primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("fetched_at", Instant),
        sa.Column("tried_at", Instant, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
    )
