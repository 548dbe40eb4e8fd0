"""What operators are doing, and what they did."""

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    pass
