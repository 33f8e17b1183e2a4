"""`coordinator migrate`: the database to the newest schema. Safe to run from several places at once."""

from coordinator.database.migrations import current, head, upgrade
from coordinator.errors import ConfigurationError
from coordinator.settings import load_settings

__all__ = ["run_migrate"]


def run_migrate() -> None:
    """Raises ConfigurationError, DatabaseUnavailable."""
    database_url = load_settings().database_url.get_secret_value()
    if not database_url:
        raise ConfigurationError("DATABASE_URL", "it is not set: postgresql://user:password@host:port/name")
    before = current(database_url)
    upgrade(database_url)
    print(
        f"the database is at {head()}"
        + (" already" if before == head() else f", it was at {before or 'nothing'}")
    )
