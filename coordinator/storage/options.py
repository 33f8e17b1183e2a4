"""What it takes to reach a bucket."""

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

from coordinator.signing.credentials import CredentialSource

__all__ = ["S3Options", "on_this_machine"]


@dataclass(frozen=True, slots=True)
class S3Options:
    """Where the bucket is, with what rights it is seen, and how long to wait for it. All times in seconds."""

    endpoint_url: str | None
    """None: AWS, whose address follows from the region."""
    region: str
    bucket: str
    credentials: CredentialSource = field(repr=False)
    """Asked anew for every call, so that keys which rotate are picked up."""
    addressing_style: Literal["path", "virtual"] = "path"
    connect_timeout: float = 3.0
    read_timeout: float = 20.0
    """Between two bytes of an answer."""
    complete_read_timeout: float = 60.0
    """The same for Complete: S3 may take minutes, during which it sends white space (API Reference)."""
    part_patience: float = 60.0
    """For the store to take the next piece of a part that is sent through here, and after the last one to answer."""
    max_connections: int = 50
    """Of each of the two kinds, so that waiting Completes never hold up the rest."""


def on_this_machine(endpoint_url: str | None) -> bool:
    host = urlsplit(endpoint_url or "").hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
