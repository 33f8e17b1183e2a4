"""The address of the database, in every usual spelling."""

import pytest

from coordinator.database.engine import normalise_url
from coordinator.errors import ConfigurationError


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ("postgresql://ada:pw@db:5432/x", "postgresql://ada:pw@db:5432/x"),
        ("postgres://ada:pw@db/x", "postgresql://ada:pw@db/x"),
        ("postgresql+asyncpg://ada:p%40w@db/x", "postgresql://ada:p%40w@db/x"),
        ("postgres://db/x?sslmode=require", "postgresql://db/x?sslmode=require"),
        ("postgresql+asyncpg://db/x?ssl=verify-full", "postgresql://db/x?sslmode=verify-full"),
        ("postgresql:///x?host=/run/postgresql", "postgresql:///x?host=%2Frun%2Fpostgresql"),
        ("postgresql://[::1]:5433/x", "postgresql://[::1]:5433/x"),
    ],
)
def test_every_usual_spelling_is_understood(given: str, understood: str) -> None:
    assert normalise_url(given) == understood


@pytest.mark.parametrize("given", ["mysql://ada:hunter2@db/x", "db/x hunter2", "sqlite:///hunter2"])
def test_anything_else_is_refused_without_repeating_it(given: str) -> None:
    with pytest.raises(ConfigurationError, match="must begin with postgresql://") as refused:
        normalise_url(given)
    assert "hunter2" not in str(refused.value)


def test_what_the_driver_cannot_do_is_refused_and_never_dropped() -> None:
    with pytest.raises(ConfigurationError, match="channel_binding is not supported"):
        normalise_url("postgresql://db/x?sslmode=require&channel_binding=require")
