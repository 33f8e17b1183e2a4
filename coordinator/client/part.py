"""One part, until it is at the store or there is no more hope for it.

The steps are those of retry.py: a 403 is signed again at once, and twice more after a wait, no answer at all is signed again once and
then retried with patience, 429 and 5xx wait, 404 asks the coordinator, anything else gets a few more chances.
"""

import asyncio
import random
from contextlib import suppress
from typing import Final, Protocol

from coordinator.client.errors import PartFailed, StoreRefused, StoreUnreachable
from coordinator.client.retry import FEW, PATIENT_TRIES, AfterPart, TransferFailed, backoff, step_after_part
from coordinator.protocol import SignedPartAnswer

__all__ = ["NoRelay", "PartPorts", "send_part"]

_KEPT: Final = "what was sent is kept, unless it was compressed on the way"


class PartPorts(Protocol):
    """What one part needs of the upload it belongs to."""

    async def signed(self) -> SignedPartAnswer: ...

    def is_fresh(self, signed: SignedPartAnswer) -> bool: ...

    async def put(self, signed: SignedPartAnswer) -> str | None:
        """The ETag. Raises TransferFailed."""

    def on_waiting(self, failure: TransferFailed) -> None: ...

    async def check_content(self) -> None:
        """Raises where the file is not what it was."""

    async def check_upload(self) -> None:
        """Raises where the upload has ended."""

    def may_relay(self, unreached: int) -> bool:
        """Whether, after so many tries without an answer, the way to the store counts as blocked."""

    async def relay(self) -> str | None:
        """The same part through the coordinator. Raises NoRelay."""


class NoRelay(Exception):
    """The coordinator takes no parts itself."""


class _Tries:
    def __init__(self, ports: PartPorts) -> None:
        self._ports = ports
        self._refused = 0
        self._odd = 0
        self._waits = 0
        self.unreached = 0

    async def after(self, failure: TransferFailed) -> bool:
        """Does what the failure asks for. Whether the part needs a fresh signature for its next try."""
        match step_after_part(failure):
            case AfterPart.SIGN:
                self._refused += 1
                if self._refused > FEW:
                    raise _refused()
                if self._refused > 1:
                    # a new key, or the end of an old one, may not be known everywhere yet
                    await _rest(2 * self._refused, failure)
                return True
            case AfterPart.REACH:
                self.unreached += 1
                if self.unreached > 1:
                    await self._wait(failure)
                return self.unreached == 1
            case AfterPart.WAIT:
                await self._wait(failure)
                return False
            case AfterPart.ASK:
                await self._ports.check_upload()
        self._odd += 1
        if self._odd > FEW:
            raise _hopeless(failure)
        await self._wait(failure)
        return True

    async def _wait(self, failure: TransferFailed) -> None:
        self._waits += 1
        if self._waits >= PATIENT_TRIES:
            raise _hopeless(failure) if failure.status else _unreachable(failure)
        await _rest(self._waits, failure)


async def _rest(failures: int, failure: TransferFailed) -> None:
    await asyncio.sleep(backoff(failures, random.random(), failure.retry_after))  # noqa: S311 - jitter


async def send_part(ports: PartPorts) -> str | None:
    """The ETag, None where the store did not say it. Raises StoreRefused, StoreUnreachable, PartFailed, and what the checks raise."""
    tries = _Tries(ports)
    signed = await ports.signed()
    while True:
        try:
            if ports.may_relay(tries.unreached):
                with suppress(NoRelay):
                    return await ports.relay()
            return await ports.put(signed)
        except TransferFailed as failure:
            if step_after_part(failure) is AfterPart.STORED:
                return None
            ports.on_waiting(failure)
            await ports.check_content()
            if await tries.after(failure) or not ports.is_fresh(signed):
                signed = await ports.signed()


def _refused() -> StoreRefused:
    return StoreRefused(
        "The store refuses this upload, although it was allowed again and again. Its clock, its keys or its rules may be "
        "wrong: tell the service's operator, then try again."
    )


def _unreachable(failure: TransferFailed) -> StoreUnreachable:
    through = f" through the proxy {failure.via}" if failure.via else ""
    return StoreUnreachable(
        f"The store cannot be reached from here{through}. Check the connection, or whether a firewall stands in the way, then try "
        f"again: {_KEPT}."
    )


def _hopeless(failure: TransferFailed) -> PartFailed:
    return PartFailed(f"The store keeps failing (it answered {failure.status}). Try again later: {_KEPT}.")
