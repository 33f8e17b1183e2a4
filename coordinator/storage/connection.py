"""The SDK's client, set up so that it does what it is told and nothing else.

One attempt on every call, signature v4, no checksums but those asked for, no bucket followed into another region, no
endpoint from the environment, no answer past `answers.MAX_ANSWER`; the network's own HTTP proxies are used except for a
store on this very machine.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple, Protocol

import aioboto3
from aiobotocore.config import AioConfig
from aiobotocore.credentials import AioCredentials
from aiobotocore.session import AioSession
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import BotoCoreError

from coordinator.signing.credentials import CredentialSource
from coordinator.storage.answers import CappedSession
from coordinator.storage.clock_skew import ClockSkew
from coordinator.storage.direct import direct
from coordinator.storage.looking import Looker, open_looker
from coordinator.storage.options import S3Options, on_this_machine
from coordinator.storage.sending import PartSender, open_sender
from coordinator.uploads.store import StoreMisconfigured

__all__ = ["Client", "Clients", "connect"]


class Client(Protocol):
    """The few calls of the SDK's client that are used here."""

    async def create_multipart_upload(self, **arguments: Any) -> Mapping[str, Any]: ...
    async def list_multipart_uploads(self, **arguments: Any) -> Mapping[str, Any]: ...
    async def list_objects_v2(self, **arguments: Any) -> Mapping[str, Any]: ...
    async def list_parts(self, **arguments: Any) -> Mapping[str, Any]: ...
    async def complete_multipart_upload(self, **arguments: Any) -> Mapping[str, Any]: ...
    async def abort_multipart_upload(self, **arguments: Any) -> Mapping[str, Any]: ...
    async def upload_part(self, **arguments: Any) -> Mapping[str, Any]: ...
    async def put_object(self, **arguments: Any) -> Mapping[str, Any]: ...
    async def delete_object(self, **arguments: Any) -> Mapping[str, Any]: ...


class Clients(NamedTuple):
    usual: Client
    completing: Client
    """Waits longer between two bytes, and has its own connections."""
    parts: PartSender
    looker: Looker
    skew: ClockSkew


@asynccontextmanager
async def connect(options: S3Options) -> AsyncIterator[Clients]:
    """The clients, whose connections end with the context. Nothing is sent yet.

    Raises StoreMisconfigured when no client can be made of these options.
    """
    # the SDK's own search for credentials is replaced: what signs URLs signs calls, and ends with them
    asking = AioSession()
    asking.register_component("credential_provider", _Ours(options.credentials))
    skew = ClockSkew()
    session = aioboto3.Session(region_name=options.region, botocore_session=asking)
    async with AsyncExitStack() as clients:
        try:
            usual = await clients.enter_async_context(_client(session, options, options.read_timeout, skew))
            completing = await clients.enter_async_context(
                _client(session, options, options.complete_read_timeout, skew)
            )
            ca_bundle = asking.get_config_variable("ca_bundle")
            way = direct(options, ca_bundle)
            parts = await clients.enter_async_context(open_sender(options, way))
            looker = await clients.enter_async_context(open_looker(options, way, skew))
        except OSError as unreadable:
            raise StoreMisconfigured(
                "connect", type(unreadable).__name__, "AWS_CA_BUNDLE names no file of certificates"
            ) from None
        except (BotoCoreError, ValueError) as refused:
            raise StoreMisconfigured(
                "connect",
                type(refused).__name__,
                "store.endpoint_url, store.region or store.bucket cannot be used",
            ) from None
        yield Clients(usual, completing, parts, looker, skew)


@asynccontextmanager
async def _client(
    session: Any, options: S3Options, read_timeout: float, skew: ClockSkew
) -> AsyncIterator[Any]:
    config = AioConfig(
        http_session_cls=CappedSession,
        signature_version="s3v4",
        retries={"total_max_attempts": 1},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        parameter_validation=False,
        ignore_configured_endpoint_urls=True,
        connect_timeout=options.connect_timeout,
        read_timeout=read_timeout,
        max_pool_connections=options.max_connections,
        proxies={} if on_this_machine(options.endpoint_url) else None,
        s3={"addressing_style": options.addressing_style, "us_east_1_regional_endpoint": "regional"},
    )
    async with session.client("s3", endpoint_url=options.endpoint_url, config=config) as client:
        client.meta.events.register("before-call.s3", _stay_in_region)
        client.meta.events.register("before-sign.s3", _expect_nothing)
        client.meta.events.register(
            "after-call.s3", lambda http_response, **_: skew.note(http_response.headers)
        )
        yield client


class _Ours(AioCredentials):  # type: ignore[misc]  # the SDK ships no types
    """Credentials that are asked for at every call. It is also where the SDK looks for what would search for them."""

    def __init__(self, source: CredentialSource) -> None:
        super().__init__("asked", "at every call")
        self._source = source

    async def load_credentials(self) -> "_Ours":
        return self

    async def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Raises CredentialsError, which leaves the call unsent."""
        now = self._source.current()
        return ReadOnlyCredentials(now.access_key_id, now.secret_access_key, now.session_token)


def _expect_nothing(request: Any, **_: object) -> None:
    """The SDK would ask before it sends a body; ours are a few bytes, and a proxy that does not answer holds a start up."""
    if "Expect" in request.headers:
        del request.headers["Expect"]


def _stay_in_region(context: dict[str, Any], **_: object) -> None:
    """The SDK would send a call again to the region a redirect names; but URLs are signed for the one configured."""
    context.setdefault("s3_redirect", {})["redirected"] = True
