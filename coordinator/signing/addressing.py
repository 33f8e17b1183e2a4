"""Where an object's URL points: endpoint, bucket, and whether the bucket stands in the path or in the host name.

Follows botocore's endpoint rules for a given endpoint URL, so that URLs signed here and calls made through the SDK
agree. A bucket that cannot be a host name falls back to the path, as there: a bucket with dots under https (no
wildcard certificate covers it), one with upper case or underscores, or an endpoint that is an IP address.
One deliberate difference: a bucket with dots and an IP address stays in the path, where botocore builds a host name
that cannot resolve (`my.bucket.127.0.0.1`).
"""

import re
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple
from urllib.parse import SplitResult, urlsplit

__all__ = ["Addressing", "Location", "locate"]

_BUCKET: Final = re.compile(r"[A-Za-z0-9._-]{1,255}")
_LABEL: Final = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")
_IPV4: Final = re.compile(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}")
_IPV6: Final = re.compile(r"\[[0-9A-Fa-f:.]+\]")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_OTHER_PROTOCOLS: Final = ("--x-s3", "--op-s3")
"""Directory buckets and Outposts aliases: they need another signature than SigV4 for service `s3`."""


@dataclass(frozen=True, slots=True)
class Addressing:
    """One bucket at one store.

    `endpoint_url` is `http(s)://host[:port]` without path, query or user; `region` and `bucket` as in S3.
    Raises ValueError for anything else, so that a wrong setting stops start-up and not the first upload.
    """

    endpoint_url: str
    region: str
    bucket: str
    style: Literal["path", "virtual"]

    def __post_init__(self) -> None:
        if self.style not in ("path", "virtual"):
            raise ValueError('addressing style must be "path" or "virtual"')
        if not _LABEL.fullmatch(self.region):
            raise ValueError("region must be letters, digits and hyphens, such as eu-west-1 or auto")
        if not _BUCKET.fullmatch(self.bucket) or self.bucket in (".", ".."):
            raise ValueError("bucket must be 1 to 255 letters, digits, dots, hyphens or underscores")
        if self.bucket.endswith(_OTHER_PROTOCOLS):
            raise ValueError("directory buckets and Outposts are not supported: they sign in another way")
        _endpoint(self.endpoint_url)


class Location(NamedTuple):
    """The unchanging part of every URL of a bucket: `origin` + `path_prefix` + encoded key."""

    origin: str
    host: str
    """The Host header as browsers send it: lower case, without the scheme's default port."""
    path_prefix: str


def locate(addressing: Addressing) -> Location:
    endpoint = _endpoint(addressing.endpoint_url)
    if addressing.style == "virtual" and _fits_host_name(addressing.bucket, endpoint):
        netloc = f"{addressing.bucket}.{endpoint.netloc}"
        path_prefix = "/"
    else:
        netloc = endpoint.netloc
        path_prefix = f"/{addressing.bucket}/"
    return Location(f"{endpoint.scheme}://{netloc}", _host_header(endpoint.scheme, netloc), path_prefix)


def _endpoint(endpoint_url: str) -> SplitResult:
    parts = urlsplit(endpoint_url)
    if parts.scheme not in _DEFAULT_PORTS:
        raise ValueError("endpoint must start with http:// or https://")
    if parts.path not in ("", "/") or "?" in endpoint_url or "#" in endpoint_url or "@" in parts.netloc:
        raise ValueError("endpoint must be scheme, host and port alone: no path, query, fragment or user")
    host = _without_port(parts.netloc)
    if not _IPV6.fullmatch(host) and not all(map(_LABEL.fullmatch, host.split("."))):
        raise ValueError("endpoint must name a host: letters, digits, hyphens and dots, or [IPv6]")
    if parts.netloc != host and not parts.port:  # reading `port` raises ValueError above 65535
        raise ValueError("endpoint has a colon but no port")
    return parts


def _without_port(netloc: str) -> str:
    return re.sub(r":[0-9]*\Z", "", netloc) if not netloc.endswith("]") else netloc


def _fits_host_name(bucket: str, endpoint: SplitResult) -> bool:
    host = _without_port(endpoint.netloc)
    if _IPV4.fullmatch(host) or _IPV6.fullmatch(host):
        return False
    if len(bucket) < 3 or bucket != bucket.lower() or _IPV4.fullmatch(bucket):
        return False
    labels = bucket.split(".") if endpoint.scheme == "http" else [bucket]
    return all(map(_LABEL.fullmatch, labels))


def _host_header(scheme: str, netloc: str) -> str:
    return netloc.removesuffix(f":{_DEFAULT_PORTS[scheme]}").lower()
