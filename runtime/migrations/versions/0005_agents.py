"""What operators are doing, and what they did."""

import sqlalchemy as sa
from alembic import op

from runtime.schema import Instant

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "agent_states",
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
    op.create_table(
        "agent_state_log",
        sa.Column("line_id", sa.Text, primary_key=True),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("login", sa.Text, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
        sa.Column("note", sa.Text),
        sa.Column("card_id", sa.Text),
    )
    op.create_index("agent_state_log_by_time", "agent_state_log", ["site", "at"])
    op.create_index("agent_state_log_by_login", "agent_state_log", ["login", "at"])
