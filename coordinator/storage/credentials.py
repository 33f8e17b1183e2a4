"""Credentials that the machine hands out: found by the SDK's own search, and found anew long before they end.

The search knows web identities, profiles, containers (ECS, EKS) and instances (EC2). It is made anew each time, so that
whatever was rotated is seen. The SDK could refresh by itself, but it would ask while a call waits, and would refuse, ten
minutes before their end, credentials that are still good when new ones cannot be had; here they serve to their end.

Source: AWS SDKs and Tools Reference Guide, "Standardized credential providers".
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any, Final

import aiohttp
import structlog
from aiobotocore.credentials import AioInstanceMetadataProvider, AioRefreshableCredentials
from aiobotocore.session import AioSession
from aiobotocore.utils import AioInstanceMetadataFetcher
from botocore.exceptions import BotoCoreError, ClientError
from botocore.utils import resolve_imds_endpoint_mode

from coordinator.signing.credentials import (
    Credentials,
    CredentialsError,
    CredentialsUnavailable,
    RefreshingCredentials,
)

__all__ = ["find_credentials", "kept_fresh"]

log = structlog.stdlib.get_logger()

SOONEST: Final = 5.0
LATEST: Final = 3600.0
WITHOUT_END: Final = 300.0
"""Seconds between two searches. Credentials without an end may be replaced all the same, in a file for one."""

_FAILURES: Final = (
    BotoCoreError,
    ClientError,
    aiohttp.ClientError,
    OSError,
    RuntimeError,
    ValueError,
    LookupError,
)


async def find_credentials() -> Credentials:
    """What the process's environment, files, container or instance offer now, in this order.

    Raises CredentialsUnavailable, whose words repeat nothing of what was read.
    """
    try:
        session = AioSession()
        _tell_true_ends(session)
        found = await session.get_credentials()
        if found is None:
            raise CredentialsUnavailable(
                "none were found: AWS_ACCESS_KEY_ID is not set, and there is no profile, web identity, container or instance role"
            )
        frozen = await found.get_frozen_credentials()
        return Credentials(frozen.access_key, frozen.secret_key, frozen.token or None, _end_of(found))
    except _FAILURES as failed:
        raise CredentialsUnavailable(f"the search for credentials failed ({type(failed).__name__})") from None


@asynccontextmanager
async def kept_fresh(
    source: RefreshingCredentials,
    *,
    clock: Callable[[], datetime],
    find: Callable[[], Awaitable[Credentials]] = find_credentials,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> AsyncIterator[None]:
    """Fill the source, and renew it until the end of the context. Raises CredentialsError when there is nothing to begin with."""
    latest = await find()
    source.renew(latest)
    renewing = asyncio.create_task(_renew(source, latest, clock, find, sleep), name="credentials")
    try:
        yield
    finally:
        renewing.cancel()
        with suppress(asyncio.CancelledError):
            await renewing


async def _renew(
    source: RefreshingCredentials,
    latest: Credentials,
    clock: Callable[[], datetime],
    find: Callable[[], Awaitable[Credentials]],
    sleep: Callable[[float], Awaitable[object]],
) -> None:
    while True:
        await sleep(_pause(latest, clock()))
        try:
            latest = await find()
        except CredentialsError as failed:
            log.warning("credentials.not_renewed", error=str(failed), ends_at=latest.expires_at)
        else:
            source.renew(latest)


def _pause(latest: Credentials, now: datetime) -> float:
    """Half of what is left: often enough for credentials that live for minutes, seldom for those that live for hours."""
    if latest.expires_at is None:
        return WITHOUT_END
    return min(max((latest.expires_at - now).total_seconds() / 2, SOONEST), LATEST)


def _end_of(found: Any) -> datetime | None:
    # the SDK tells nobody when its credentials end
    return found._expiry_time if isinstance(found, AioRefreshableCredentials) else None  # noqa: SLF001 - see above


class _TrueEnds(AioInstanceMetadataFetcher):  # type: ignore[misc]  # the SDK ships no types
    def _evaluate_expiration(self, credentials: dict[str, Any]) -> None:
        """The SDK pretends a later end in the last 25 minutes, to go on with them should renewing fail; but URLs must not."""


def _tell_true_ends(session: AioSession) -> None:
    setting = session.get_config_variable
    fetcher = _TrueEnds(
        timeout=setting("metadata_service_timeout"),
        num_attempts=setting("metadata_service_num_attempts"),
        user_agent=session.user_agent(),
        config={
            "ec2_metadata_service_endpoint": setting("ec2_metadata_service_endpoint"),
            "ec2_metadata_service_endpoint_mode": resolve_imds_endpoint_mode(session),
            "ec2_metadata_v1_disabled": setting("ec2_metadata_v1_disabled"),
        },
    )
    search = session.get_component("credential_provider")
    search.insert_before("iam-role", AioInstanceMetadataProvider(iam_role_fetcher=fetcher))
