"""What clients are known by in the files that they were imported from, and numbers whose earlier cards wait to be linked."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "client_origins",
        sa.Column("site", sa.Text, primary_key=True),
        sa.Column("origin", sa.Text, primary_key=True),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("digest", sa.BigInteger, nullable=False),
    )
    op.create_index("client_origins_by_client", "client_origins", ["client_id"])
    op.create_table(
        "numbers_to_link",
        sa.Column("site", sa.Text, primary_key=True),
        sa.Column("number", sa.Text, primary_key=True),
    )
