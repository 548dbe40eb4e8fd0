"""Organisations, numbers of several, addresses, what changed about a client, and who was checked."""

import sqlalchemy as sa
from alembic import op

from runtime.schema import Instant, Json

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    _describe_clients()
    _share_numbers()
    _history_by_number()
    op.create_table(
        "client_emails",
        sa.Column("site", sa.Text, primary_key=True),
        sa.Column("email", sa.Text, primary_key=True),
        sa.Column(
            "client_id",
            sa.Text,
            sa.ForeignKey("clients.client_id", ondelete="CASCADE"),
            primary_key=True,
            nullable=False,
        ),
        sa.Column("added_at", Instant, nullable=False),
    )
    op.create_index("client_emails_by_client", "client_emails", ["client_id"])
    op.create_table(
        "client_changes",
        sa.Column("change_id", sa.Text, primary_key=True),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("field", sa.Text, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
    )
    op.create_index("client_changes_by_client", "client_changes", ["client_id", "at"])
    op.create_table(
        "merged_clients",
        sa.Column("client_id", sa.Text, primary_key=True),
        sa.Column("into_client_id", sa.Text, nullable=False),
    )
    op.create_index("merged_clients_by_survivor", "merged_clients", ["into_client_id"])
    op.create_table(
        "card_checks",
        sa.Column("card_id", sa.Text, primary_key=True),
        sa.Column("client_id", sa.Text),
        sa.Column("answers", Json, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", Instant, nullable=False),
    )


def _describe_clients() -> None:
    columns = (
        sa.Column("kind", sa.Text, nullable=False, server_default="person"),
        sa.Column("vip", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("warning", sa.Text, nullable=False, server_default=""),
        sa.Column("language", sa.Text),
        sa.Column("timezone", sa.Text),
        sa.Column("owner", sa.Text),
        sa.Column("fields", Json, nullable=False, server_default="{}"),
        sa.Column("asks_check", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("made_by", sa.Text),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        sa.Column("organisation_id", sa.Text),
    )
    for column in columns:
        op.add_column("clients", column)
    # Until now nobody wrote down who made a client. What bears a name or a note may be a person's work.
    op.execute("UPDATE clients SET made_by = '' WHERE name <> '' OR note <> ''")
    op.create_index("clients_of_organisation", "clients", ["organisation_id", "folded_name"])


def _share_numbers() -> None:
    """A number may belong to several: its owner becomes part of the key."""
    if op.get_context().dialect.name == "postgresql":
        op.drop_constraint("client_numbers_pkey", "client_numbers", type_="primary")
        op.create_primary_key("client_numbers_pkey", "client_numbers", ["site", "number", "client_id"])
        return
    op.rename_table("client_numbers", "client_numbers_before")
    op.drop_index("client_numbers_by_client", "client_numbers_before")
    op.create_table(
        "client_numbers",
        sa.Column("site", sa.Text, primary_key=True),
        sa.Column("number", sa.Text, primary_key=True),
        sa.Column(
            "client_id",
            sa.Text,
            sa.ForeignKey("clients.client_id", ondelete="CASCADE"),
            primary_key=True,
            nullable=False,
        ),
        sa.Column("added_at", Instant, nullable=False),
    )
    op.execute(
        "INSERT INTO client_numbers (site, number, client_id, added_at)"
        " SELECT site, number, client_id, added_at FROM client_numbers_before ORDER BY site, number"
    )
    op.drop_table("client_numbers_before")
    op.create_index("client_numbers_by_client", "client_numbers", ["client_id"])


def _history_by_number() -> None:
    """Where several share a number the pop shows what was spoken from it, whoever it was."""
    known = sa.text("client_key IS NOT NULL")
    op.create_index(
        "interactions_of_number",
        "interactions",
        ["site", "client_key", sa.text("started_at DESC")],
        sqlite_where=known,
        postgresql_where=known,
    )
    op.drop_index("interactions_without_client", "interactions")
