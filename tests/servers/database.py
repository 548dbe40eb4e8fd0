"""A database for tests of what is stored in it."""

from runtime.database import Database


def patient(url: str) -> Database:
    """With a deadline that outlasts the stalls of a shared machine's disk. Tests of deadlines make their own."""
    return Database(url, readers=2, deadline_s=30)
