"""How a migration runs: one replica at a time, each revision in its own transaction, never waiting long for a lock.

A table that is busy is waited for 5 s; then the migration gives up and can be run again, because behind a waiting
ALTER TABLE every other statement would wait too.
"""

import time

from alembic import context
from sqlalchemy import text

from coordinator.database.tables import metadata

LOCK = 0x636F6F7264  # "coord"
PATIENCE = 600  # seconds another replica's migration is waited for


def take_turns(connection):
    """Asked for again and again, not waited for: a waiting statement would hold up CREATE INDEX CONCURRENTLY."""
    deadline = time.monotonic() + PATIENCE
    while not connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": LOCK}):
        connection.commit()
        if time.monotonic() > deadline:
            raise TimeoutError("another migration has been running for 10 minutes")
        time.sleep(0.1)
    connection.commit()


def migrate(connection):
    take_turns(connection)
    try:
        connection.execute(text("SET lock_timeout = '5s'"))
        connection.execute(text("SET statement_timeout = '10min'"))
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=metadata,
            transaction_per_migration=True,
            compare_server_default=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": LOCK})
        connection.commit()


migrate(context.config.attributes["connection"])
