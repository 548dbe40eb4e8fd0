"""How a database gets the tables of schema.py: Alembic's numbered steps in versions/, all in one transaction.

A process killed midway leaves the database as it was, because both SQLite and PostgreSQL roll table changes back.
"""

from pathlib import Path

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from core.errors import BadConfiguration

_HERE = Path(__file__).parent
# Any constant will do, as long as every node uses the same: two nodes started together take turns.
_TURN = 0x6D657269


def bring_up_to_date(connection: Connection) -> None:
    """Apply the steps that are missing, in the caller's transaction."""
    if connection.dialect.name == "postgresql":
        # A step may take long on a big database, and so may we between two statements: the caller's own deadline is the limit.
        for limit in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            connection.exec_driver_sql(f"SET LOCAL {limit} = 0")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_TURN})")
    steps = ScriptDirectory(str(_HERE))
    present = MigrationContext.configure(connection).get_current_heads()
    _refuse_newer(present, steps)

    def missing(revision: object, _context: MigrationContext) -> list[RevisionStep]:
        return steps._upgrade_revs("head", revision)  # type: ignore[arg-type]  # as alembic.command.upgrade does

    with EnvironmentContext(Config(), steps, fn=missing) as environment:
        environment.configure(connection=connection, transactional_ddl=True)
        environment.run_migrations()


def _refuse_newer(present: tuple[str, ...], steps: ScriptDirectory) -> None:
    known = {step.revision for step in steps.walk_revisions()}
    if unknown := [revision for revision in present if revision not in known]:
        raise BadConfiguration(
            f"The database was made by a newer Meridian (its tables are at {', '.join(unknown)}, this program knows up to "
            f"{steps.get_current_head()}): start that newer version, or restore the backup made before the upgrade."
        )
