"""`coordinator serve`: the service on a given database and store."""

from collections.abc import Mapping

from coordinator.app import create_app
from coordinator.cli.server import run, serve
from coordinator.errors import ConfigurationError
from coordinator.logs import configure_logs
from coordinator.settings import load_settings

__all__ = ["run_serve"]


def run_serve(flags: Mapping[str, object]) -> None:
    """Raises ConfigurationError."""
    settings = load_settings(flags)
    if settings.anonymous:
        raise ConfigurationError("anonymous", "only `coordinator dev` lets requests in without credentials")
    configure_logs(settings)
    run(serve(create_app(settings), settings, ready=lambda: None))
