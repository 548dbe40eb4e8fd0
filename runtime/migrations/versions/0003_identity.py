"""Organisations, numbers of several, addresses, and what changed about a client."""

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    pass
