"""The way of one part through this process: from the request's headers to the claim in the ledger."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from coordinator.errors import Problem, RelayOff, TooSlow, Unavailable
from coordinator.metrics import Metrics, RelayOutcome
from coordinator.relay.announced import announced_part
from coordinator.relay.body import PartBody
from coordinator.relay.pace import Pace
from coordinator.relay.slots import Slots
from coordinator.uploads.model import Claim, Identity, UploadId
from coordinator.uploads.service import UploadService

__all__ = ["Relay", "RelayLimits"]


@dataclass(frozen=True, slots=True)
class RelayLimits:
    at_once: int = 32
    """Parts under way in this process; 0: none, the relay is off."""
    min_rate: int = 16 * 1024
    """Bytes per second that a sender must keep up, averaged over `patience`."""
    patience: float = 30.0
    """Seconds."""


class Relay:
    def __init__(
        self, service: UploadService, limits: RelayLimits, metrics: Metrics, monotonic: Callable[[], float]
    ) -> None:
        self._service = service
        self._limits = limits
        self._slots = Slots(limits.at_once)
        self._metrics = metrics
        self._monotonic = monotonic

    async def part(
        self,
        upload_id: UploadId,
        identity: Identity,
        part_number: str,
        headers: Headers,
        receive: Receive,
        *,
        sender: Hashable,
    ) -> Claim:
        """What is now recorded. `sender`: whose slot it takes. Raises RelayOff, RelayBusy, and what `announced_part`, `PartBody` and the service do."""
        if not self._limits.at_once:
            raise RelayOff("Parts do not go through this server: send them to their signed URLs.")
        wanted, size = announced_part(part_number, headers)
        with self._slots.one(sender):
            pace = Pace(min_rate=self._limits.min_rate, patience=self._limits.patience)
            body = PartBody(
                receive, wanted, size, pace=pace, count=self._metrics.relayed_bytes, monotonic=self._monotonic
            )
            try:
                claim = await self._service.relay(upload_id, identity, wanted, body)
            except Exception as ended:
                self._metrics.relayed_part(_outcome(ended))
                raise
        self._metrics.relayed_part("stored")
        return claim


def _outcome(ended: Exception) -> RelayOutcome:
    match ended:
        case ClientDisconnect():
            return "client_gone"
        case TooSlow():
            return "too_slow"
        case Unavailable():
            return "unavailable"
        case Problem():
            return "refused"
        case _:
            return "failed"
