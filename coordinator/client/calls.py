"""JSON calls to the coordinator. A call repeats itself by the class of its failure (retry.py), and asks for
another token after a 401. Only calls that are safe to repeat may be made.
"""

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from ssl import SSLCertVerificationError
from typing import Final, TypeVar
from urllib.parse import SplitResult, urlsplit

import msgspec

from coordinator.client.bandwidth import Bandwidth
from coordinator.client.bodies import Body, BytesBody
from coordinator.client.connection import Answer, Request, UnsafeHeader
from coordinator.client.connections import Connections
from coordinator.client.credential import Credential, Token
from coordinator.client.errors import (
    ClientError,
    ServerRefused,
    ServerUnreachable,
    WrongAddress,
    WrongServer,
    WrongUse,
    refusal,
)
from coordinator.client.retry import (
    BRIEF_TRIES,
    BUSY,
    PATIENT_TRIES,
    AfterCall,
    Reason,
    TransferFailed,
    backoff,
    parse_retry_after,
    step_after_call,
)
from coordinator.protocol import FieldProblem

__all__ = ["Calls", "Reply", "encoded"]

_PATIENCE: Final = 30.0
_MOST_RENEWALS: Final = 5

_OF_PROXIES: Final = {401, 403, 408, 413, 425, 429, 500, 502, 503, 504}
"""Statuses that something between us and a coordinator may answer with, and no problem document."""

_NO_CODE: Final = "http_"
"""How the code begins that we give to what came without one, before its status."""

_REASONS: Final[Mapping[Reason, str]] = {
    "refused": "the connection is refused",
    "dns": "its name is not known",
    "timeout": "there is no answer in time",
    "tls": "no TLS connection can be made",
    "proxy": "the proxy of this environment does not let it through",
    "lost": "the connection breaks",
}

T = TypeVar("T")


class _Problem(msgspec.Struct):
    """A problem document, as far as it is used; all members may be missing where a proxy answers."""

    code: str = ""
    detail: str = ""
    title: str = ""
    request_id: str = ""
    errors: list[FieldProblem] = []
    part_numbers: list[int] = []


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes
    retry_after: float | None
    """Seconds."""
    replayed: bool
    """Whether an earlier request with the same Idempotency-Key had been answered already."""

    def read(self, kind: type[T]) -> T:
        """Raises WrongServer when the body is not a `kind`."""
        try:
            return msgspec.json.decode(self.body, type=kind)
        except (msgspec.DecodeError, msgspec.ValidationError):
            raise wrong_server() from None


class Calls:
    def __init__(self, url: str, connections: Connections, token: Token | None) -> None:
        """Raises WrongAddress."""
        self._base = _address(url)
        self._connections = connections
        self._credential = Credential(token)
        self._skew = 0.0
        self._reached = False

    @property
    def url(self) -> str:
        return self._base.geturl()

    def now(self) -> float:
        """The coordinator's clock as far as its Date header tells, else our own. Seconds since 1970."""
        return time.time() + self._skew

    async def call(
        self,
        method: str,
        route: str,
        *,
        body: msgspec.Struct | None = None,
        headers: Mapping[str, str] | None = None,
        tries: int = PATIENT_TRIES,
        patience: float = _PATIENCE,
    ) -> Reply:
        """Raises ServerRefused, ServerUnreachable, WrongServer, WrongUse."""
        content = BytesBody(b"" if body is None else encoded(body))
        typed = {"Accept": "application/json"} | (
            {} if body is None else {"Content-Type": "application/json"}
        )
        request = Request(method, self._url(route), typed | dict(headers or {}), content, patience)
        return await self._patiently(request, tries)

    async def send(
        self,
        route: str,
        body: Body,
        headers: Mapping[str, str],
        *,
        patience: float,
        on_sent: Callable[[int], None],
        bandwidth: Bandwidth | None,
    ) -> Reply:
        """PUT bytes as they are. Raises the same, and what the body raises."""
        typed = {"Accept": "application/json", "Content-Type": "application/octet-stream"} | dict(headers)
        request = Request(
            "PUT", self._url(route), typed, body, patience, on_sent=on_sent, bandwidth=bandwidth
        )
        return await self._patiently(request, PATIENT_TRIES)

    async def _patiently(self, request: Request, tries: int) -> Reply:
        failures = busy = 0
        while True:
            try:
                return await self._authorized(request)
            except (ServerRefused, ServerUnreachable) as error:
                if step_after_call(error.status, error.code) is not AfterCall.WAIT:
                    raise
                failures += 1
                busy += error.code == BUSY
                # before a first answer it is rather the address that is wrong than the network that is down
                if failures - busy >= (tries if self._reached else min(tries, BRIEF_TRIES)):
                    raise
                await asyncio.sleep(
                    backoff(failures, random.random(), error.retry_after)  # noqa: S311 - jitter
                )

    def _url(self, route: str) -> SplitResult:
        path, _, query = route.partition("?")
        return self._base._replace(path=self._base.path + path, query=query)

    async def _authorized(self, request: Request) -> Reply:
        for _ in range(_MOST_RENEWALS):
            token = await self._credential.current()
            try:
                return await self._once(request, token)
            except ServerRefused as refused:
                if step_after_call(refused.status, refused.code) is not AfterCall.RENEW:
                    raise
                if not await self._credential.renew(token):
                    raise
        return await self._once(request, await self._credential.current())

    async def _once(self, request: Request, token: str | None) -> Reply:
        headers = dict(request.headers)
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        try:
            answer = await self._connections.send(replace(request, headers=headers))
        except TransferFailed as failure:
            through = f", through the proxy {failure.via}" if failure.via else ""
            raise ServerUnreachable(
                f"The upload service at {self.url} does not answer ({_REASONS[failure.reason]}{through}). Check the address, the "
                "connection, and that the service runs.",
                failure.reason,
            ) from None
        except SSLCertVerificationError as wrong:
            raise WrongServer(
                f"The certificate of {self.url} is not trusted ({wrong.verify_message}). Check the address, or name its authority's certificate in SSL_CERT_FILE."
            ) from None
        except UnsafeHeader:
            raise WrongAddress("The token or a header holds characters that HTTP does not allow.") from None
        return self._read(answer)

    def _read(self, answer: Answer) -> Reply:
        self._learn_time(answer.headers.get("date", ""))
        retry_after = parse_retry_after(answer.headers.get("retry-after"), self.now())
        if 200 <= answer.status <= 299:
            self._reached = True
            replayed = answer.headers.get("idempotency-replayed") == "true"
            return Reply(answer.status, answer.body, retry_after, replayed)
        raise self._refused(answer, retry_after)

    def _refused(self, answer: Answer, retry_after: float | None) -> ClientError:
        refused = self.refused(answer.status, answer.body, retry_after)
        problem = not refused.code.startswith(_NO_CODE)
        if not problem and (answer.status not in _OF_PROXIES or _is_xml(answer)):
            return wrong_server()
        self._reached = self._reached or problem
        return refused

    def refused(self, status: int, document: bytes, retry_after: float | None) -> ServerRefused:
        """What a problem document says, or what else came with that status."""
        try:
            problem = msgspec.json.decode(document, type=_Problem)
        except (msgspec.DecodeError, msgspec.ValidationError):
            problem = _Problem()
        return refusal(status)(
            status,
            problem.code or f"{_NO_CODE}{status}",
            problem.detail or problem.title or f"The upload service at {self.url} answered {status}.",
            errors=problem.errors,
            part_numbers=problem.part_numbers,
            retry_after=retry_after,
            request_id=problem.request_id,
        )

    def _learn_time(self, date: str) -> None:
        try:
            self._skew = parsedate_to_datetime(date).timestamp() - time.time()
        except ValueError:
            return


def _is_xml(answer: Answer) -> bool:
    """A store speaks XML; neither a coordinator nor a proxy does."""
    return answer.headers.get("content-type", "").partition(";")[0].strip() in {"application/xml", "text/xml"}


def encoded(body: msgspec.Struct) -> bytes:
    """Raises WrongUse."""
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:
        raise WrongUse(
            "The filename, or another text of this upload, holds bytes that are not UTF-8. Give it another filename."
        ) from None


def wrong_server() -> WrongServer:
    return WrongServer(
        "What answers at this address is not a coordinator, or one of another version. Check the address."
    )


def _address(url: str) -> SplitResult:
    try:
        parts = urlsplit(url.strip())
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
        url.encode("ascii")
    except ValueError:
        valid = False
    if not valid or parts.query or parts.fragment or parts.username is not None:
        raise WrongAddress(
            "The address of the upload service must look like https://uploads.example.com, without user, query or fragment."
        )
    return parts._replace(path=parts.path.rstrip("/"))
