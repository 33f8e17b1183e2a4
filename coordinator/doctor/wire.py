"""Plain HTTP, as a browser or a stranger would send it: no SDK, nothing added, nothing followed.

Answers are read up to a limit and errors are named by their kind alone, since the texts of HTTP libraries hold URLs.
"""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

__all__ = ["Answer", "Unanswered", "Wire", "on_this_machine", "open_wire"]

MOST_READ: Final = 64 * 1024

_CODE: Final = re.compile(rb"<Code>([A-Za-z][A-Za-z0-9.]{1,63})</Code>")

_KINDS: Final = (
    (aiohttp.ClientConnectorDNSError, "the host name is not known"),
    (aiohttp.ClientConnectorCertificateError, "the TLS certificate is not valid for this host"),
    (aiohttp.ClientSSLError, "no TLS connection could be made; is the scheme right?"),
    (aiohttp.ClientConnectorError, "no connection could be made"),
    (TimeoutError, "no answer in time"),
)


class Unanswered(Exception):
    """No answer came. The text says of what kind the trouble is, and nothing of the URL."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """Names in lower case; of a repeated one, all values with commas between."""
    body: bytes

    @property
    def accepted(self) -> bool:
        return 200 <= self.status < 300

    @property
    def said(self) -> str:
        """`403 AccessDenied`, or the status alone."""
        found = _CODE.search(self.body)
        return f"{self.status} {found[1].decode()}" if found else str(self.status)

    def listed(self, header: str) -> frozenset[str]:
        """The header's comma-separated values, in lower case."""
        return frozenset(value.strip().lower() for value in self.headers.get(header, "").split(","))


class Wire:
    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http = http

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | AsyncIterator[bytes] | None = None,
    ) -> Answer:
        """Raises Unanswered."""
        try:
            async with self._http.request(
                method, URL(url, encoded=True), headers=headers, data=body, allow_redirects=False
            ) as answer:
                return Answer(answer.status, _headers(answer), await answer.content.read(MOST_READ))
        except (aiohttp.ClientError, OSError, ValueError) as broken:
            raise Unanswered(_kind(broken)) from None


@asynccontextmanager
async def open_wire(endpoint_url: str, *, patience: float) -> AsyncIterator[Wire]:
    """For requests to one endpoint. `patience` in seconds, for each request as a whole.

    The network's own HTTP proxies are used, except for a store on this very machine.
    """
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=patience),
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers={"Content-Type", "Accept-Encoding"},
        trust_env=not on_this_machine(endpoint_url),
    ) as http:
        yield Wire(http)


def on_this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _headers(answer: aiohttp.ClientResponse) -> dict[str, str]:
    names = {name.lower() for name in answer.headers}
    return {name: ", ".join(answer.headers.getall(name)) for name in names}


def _kind(broken: Exception) -> str:
    for kind, words in _KINDS:
        if isinstance(broken, kind):
            return words
    return f"the connection broke ({type(broken).__name__})"
