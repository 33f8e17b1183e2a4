"""The client, made from what is in force."""

from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from coordinator.cli.client_settings import ClientSettings
from coordinator.cli.interruption import run_heeding
from coordinator.client import AsyncClient

__all__ = ["asked", "connected"]

T = TypeVar("T")


@asynccontextmanager
async def connected(settings: ClientSettings) -> AsyncIterator[AsyncClient]:
    """Raises ConfigurationError when no coordinator is named."""
    async with AsyncClient(
        settings.address,
        token=settings.credential,
        policy=settings["policy"],
        connections=settings["concurrency"],
        limit=settings["limit_rate"],
    ) as client:
        yield client


def asked(question: Coroutine[Any, Any, T]) -> T:
    """The answer to a question that leaves nothing behind when it is interrupted. Raises Interrupted."""
    return run_heeding(question)
