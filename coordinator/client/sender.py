"""Sends the parts of one upload, several at once, as the shared places allow; each part that is at the store is reported.

Stopping leaves everything in order: finished parts stay finished.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ssl import SSLCertVerificationError
from typing import Final
from urllib.parse import urlsplit

from coordinator.client.api import Coordinator
from coordinator.client.bandwidth import Bandwidth
from coordinator.client.connection import Answer, Request
from coordinator.client.connections import Connections
from coordinator.client.errors import ServerRefused, StoreUnreachable, WrongServer
from coordinator.client.part import NoRelay, send_part
from coordinator.client.places import Places
from coordinator.client.progress import Meter
from coordinator.client.report import Reporter
from coordinator.client.retry import TransferFailed, parse_retry_after
from coordinator.client.supply import Outgoing, Supply
from coordinator.client.window import SigningWindow, window_size
from coordinator.protocol import ClaimBody, SignedPartAnswer

__all__ = ["Sender", "Way"]

_UNREACHED_AT_FIRST: Final = 2
_UNREACHED_LATER: Final = 7
"""Tries of one part that got no answer; with their waits some 15 seconds."""

_PASSES: Final = 1024 * 1024
"""Bytes of a part that have left when it is seen to get through; fewer may wait in this machine."""

_NO_RELAY: Final = {"relay_off", "method_not_allowed", "not_found"}

_ANSWER: Final = 120.0
"""Seconds for the store to answer once all bytes have left; it may take its time to write them down."""


@dataclass(frozen=True, slots=True)
class Way:
    """What all uploads of a client send through."""

    coordinator: Coordinator
    connections: Connections
    places: Places
    bandwidth: Bandwidth | None


class Reach:
    """What is known of the way to the store. A blocked one is gone round, through the coordinator, part by part.

    Only fresh URLs that get no answer, while the coordinator does answer, count as blocked; sooner where nothing gets
    through, and nothing ever arrived, than where something does: a store may take no more connections than it has.
    """

    def __init__(self) -> None:
        self.arrived = False
        self.passing: set[object] = set()
        """Parts of which bytes are seen to leave."""
        self.relayed = False
        self.no_relay = False

    def blocked(self, unreached: int) -> bool:
        if self.no_relay:
            return False
        open_way = self.arrived or self.passing
        return self.relayed or unreached >= (_UNREACHED_LATER if open_way else _UNREACHED_AT_FIRST)


@dataclass(frozen=True, slots=True)
class Checks:
    content: Callable[[], None]
    """Raises FileChanged."""
    upload: Callable[[], Awaitable[None]]
    """Raises UploadEnded."""


class Sender:
    def __init__(
        self,
        way: Way,
        upload_id: str,
        *,
        supply: Supply,
        meter: Meter,
        reporter: Reporter | None,
        checks: Checks,
    ) -> None:
        """`reporter` None: nothing is told; completing an upload of one part looks for itself."""
        self.way = way
        self.meter = meter
        self.checks = checks
        self.reach = Reach()
        self.upload_id = upload_id
        self._supply = supply
        self._reporter = reporter
        self.window = SigningWindow(
            lambda parts: way.coordinator.sign(upload_id, parts),
            upcoming=supply.upcoming,
            size=lambda: window_size(way.places.count),
            now=way.coordinator.now,
        )

    async def send(self) -> None:
        """Returns when every part of the supply is at the store. Raises the first error, after all flights have stopped."""
        try:
            async with asyncio.TaskGroup() as flights:
                while (outgoing := await self._supply.next()) is not None:
                    release = await self.way.places.acquire(self)
                    flight = flights.create_task(self._fly(outgoing))
                    flight.add_done_callback(lambda _, release=release: release())  # type: ignore[misc]
        except BaseExceptionGroup as failed:
            raise _first(failed) from None
        finally:
            self.meter.rest()
            self._supply.close()
            await self.window.close()

    async def _fly(self, outgoing: Outgoing) -> None:
        number, to_sign = outgoing.number, outgoing.to_sign
        began = asyncio.get_running_loop().time()
        flight = _Flight(self, outgoing)
        try:
            etag = await send_part(flight)
            self.meter.arrived(number, outgoing.size)
            self.way.places.arrived(outgoing.size, asyncio.get_running_loop().time() - began)
            if self._reporter is not None:
                claim = ClaimBody(
                    part_number=number,
                    etag=etag,
                    size=outgoing.size,
                    md5=to_sign.md5,
                    sha256=to_sign.sha256,
                )
                self._reporter.add(claim)
        finally:
            self.meter.dropped(number)
            self.reach.passing.discard(flight)
            self._supply.settle(outgoing)


class _Flight:
    """One part under way, as part.py sees it."""

    def __init__(self, sender: Sender, outgoing: Outgoing) -> None:
        self._sender = sender
        self._outgoing = outgoing
        self._sent = 0

    async def signed(self) -> SignedPartAnswer:
        return await self._sender.window.take(self._outgoing.to_sign)

    def is_fresh(self, signed: SignedPartAnswer) -> bool:
        return self._sender.window.is_fresh(signed)

    async def put(self, signed: SignedPartAnswer) -> str | None:
        if signed.size != self._outgoing.size:
            raise WrongServer(
                f"Part {signed.part_number} was signed for another size. The service may be of another version."
            )
        answer = await self._send(signed)
        self._sender.reach.arrived = True
        if 200 <= answer.status <= 299:
            return answer.headers.get("etag")
        now = self._sender.way.coordinator.now()
        raise TransferFailed(
            answer.status, retry_after=parse_retry_after(answer.headers.get("retry-after"), now)
        )

    async def _send(self, signed: SignedPartAnswer) -> Answer:
        way = self._sender.way
        request = Request(
            signed.method,
            urlsplit(signed.url),
            signed.headers,
            self._outgoing.body,
            _ANSWER,
            on_sent=self._on_sent,
            bandwidth=way.bandwidth,
        )
        try:
            return await way.connections.send(request)
        except SSLCertVerificationError as wrong:
            raise StoreUnreachable(
                f"The store's certificate is not trusted ({wrong.verify_message}). Name its authority's certificate in SSL_CERT_FILE."
            ) from None

    def may_relay(self, unreached: int) -> bool:
        return self._sender.reach.blocked(unreached)

    async def relay(self) -> str | None:
        sender = self._sender
        try:
            etag = await sender.way.coordinator.relay(
                sender.upload_id,
                self._outgoing.to_sign,
                self._outgoing.body,
                on_sent=self._on_sent,
                bandwidth=sender.way.bandwidth,
            )
        except ServerRefused as refused:
            if refused.code not in _NO_RELAY:
                raise
            sender.reach.no_relay = True
            raise NoRelay from None
        sender.reach.relayed = True
        return etag

    def _on_sent(self, sent: int) -> None:
        self._sender.meter.sent(self._outgoing.number, sent)
        self._sender.way.places.moved(max(0, sent - self._sent), self._outgoing.size)
        self._sent = sent
        if sent >= _PASSES:
            self._sender.reach.passing.add(self)

    def on_waiting(self, failure: TransferFailed) -> None:
        self._sender.meter.dropped(self._outgoing.number)
        passing, unsent = self._sender.reach.passing, not self._sent
        passing.discard(self)
        self._sent = 0
        too_many = failure.status == 0 and unsent and passing
        if failure.stalled or too_many or failure.status == 429 or failure.status >= 500:
            self._sender.way.places.strained()

    async def check_content(self) -> None:
        self._sender.checks.content()

    async def check_upload(self) -> None:
        await self._sender.checks.upload()


def _first(failed: BaseExceptionGroup[BaseException]) -> BaseException:
    first = failed.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first
