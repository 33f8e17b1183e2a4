"""What the store is asked without the SDK: by presigned URLs of our own, and with its certificates and its proxy."""

import os
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from botocore.httpsession import get_cert_path
from botocore.utils import get_environ_proxies

from coordinator.signing.addressing import Addressing
from coordinator.signing.presigner import Presigner
from coordinator.storage.options import S3Options, on_this_machine

__all__ = ["Direct", "direct"]


@dataclass(frozen=True, slots=True)
class Direct:
    presigner: Presigner
    proxy: str | None
    """That of the environment, as for the SDK's calls; none for a store on this machine."""
    trusted: ssl.SSLContext | bool
    """The certificates that the SDK trusts: those it is told to, or its own."""


def direct(options: S3Options, ca_bundle: str | None) -> Direct:
    """`ca_bundle`: a file of certificates that the SDK was told to trust.

    Raises ValueError when no URL can be signed for these options, OSError when there is no such file.
    """
    endpoint_url = options.endpoint_url or f"https://s3.{options.region}.amazonaws.com"
    addressing = Addressing(endpoint_url, options.region, options.bucket, options.addressing_style)
    presigner = Presigner(
        addressing=addressing, credentials=options.credentials, clock=lambda: datetime.now(UTC)
    )
    return Direct(presigner, _proxy(endpoint_url), _trusted(endpoint_url, ca_bundle))


def _trusted(endpoint_url: str, ca_bundle: str | None) -> ssl.SSLContext | bool:
    if urlsplit(endpoint_url).scheme != "https":
        return True
    told = ca_bundle or os.environ.get("REQUESTS_CA_BUNDLE")
    return ssl.create_default_context(cafile=told or get_cert_path(verify=True))


def _proxy(endpoint_url: str) -> str | None:
    if on_this_machine(endpoint_url):
        return None
    proxies: dict[str, str] = get_environ_proxies(endpoint_url)
    return proxies.get(urlsplit(endpoint_url).scheme)
