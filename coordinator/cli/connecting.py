"""The client, made from what is in force."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

from coordinator.cli.client_settings import ClientSettings
from coordinator.cli.credential import not_let_in
from coordinator.client import AsyncClient, ServerRefused, Unauthorized

__all__ = ["connected", "where_uploads_are"]


@asynccontextmanager
async def connected(settings: ClientSettings) -> AsyncIterator[AsyncClient]:
    """Raises ConfigurationError when no coordinator is named, and Failure when it does not take the credential."""
    try:
        async with AsyncClient(
            settings.address,
            token=settings.credential,
            policy=settings["policy"],
            connections=settings["concurrency"],
            limit=settings["limit_rate"],
        ) as client:
            yield client
    except Unauthorized as refused:
        raise not_let_in(settings, refused) from None


@asynccontextmanager
async def where_uploads_are(client: AsyncClient) -> AsyncIterator[None]:
    """For what asks after one upload: it may be missing, or the address may be that of a page, which has none.

    Raises WrongServer, and what is raised inside.
    """
    try:
        yield
    except ServerRefused as refused:
        if refused.status in {404, 405}:
            async with aclosing(client.uploads()) as uploads:
                await anext(uploads, None)
        raise
